/* SPDX-License-Identifier: MIT */
/* What a completion request sees of the document: windows before and after the caret, and the few facts about the
 * caret's line that gates and post-processing need.
 *
 * Invariant: the same text and caret give the same bytes. The window's start moves in steps of 32 lines, so that two
 * requests in a row share their prompt's beginning and prefix caches hit. Nothing here grows with the document. */
#ifndef CORE_ENGINE_CONTEXT_H
#define CORE_ENGINE_CONTEXT_H

#include "core/doc/rope.h"

struct context {
    struct buf prefix, suffix;  /* valid UTF-8; suffix ends at a line end where it can */
    struct str line_before;     /* the caret's line up to the caret; within prefix */
    struct str line_after;      /* the rest of it, without the line end; within suffix */
    struct str below;           /* the text after that line; within suffix */
    bool crlf;                  /* the document's line ends */
    bool cut_line;              /* the caret's line is longer than a window */
};

void context_init(struct context *c, const struct rope *text, size_t caret, size_t prefix_bytes, size_t suffix_bytes);
void context_fini(struct context *c);

#endif
