/* SPDX-License-Identifier: MIT */
/* "sy.corpus/1": a provider that learns from the workspace.
 *
 * The host tells it of files and of every change to open documents, in order, on the same worker strand as
 * sy.compute/1: before run() is called for a document, all edits up to the request's state have been told. What the
 * user's policy keeps away from this provider is never told. Text is borrowed for the call. */
#ifndef SWITCHYARD_EXT_CORPUS_H
#define SWITCHYARD_EXT_CORPUS_H

#include "../provider.h"

#define SY_EXT_CORPUS "sy.corpus/1"

enum { SY_CORPUS_OPEN = 1 }; /* an open document: edits will follow */

struct sy_corpus {
    uint32_t size;
    /* [open, worker thread] A file's whole text; replaces what was known of `path`. `language` is an LSP language id. */
    int (*put)(void *self, struct sy_str path, struct sy_str language, struct sy_str text, uint32_t flags);
    /* [open, worker thread] In an open document bytes [start, old_end) became `text`. */
    int (*edit)(void *self, struct sy_str path, uint64_t start, uint64_t old_end, struct sy_str text);
    /* [open, worker thread] Forget this file exactly: no answer may depend on it afterwards. */
    int (*drop)(void *self, struct sy_str path);
};

#endif
