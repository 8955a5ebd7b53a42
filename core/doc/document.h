/* SPDX-License-Identifier: MIT */
/* One open document: its text, version and language, and the table of those that are open.
 *
 * Only the loop thread touches a document. Workers get the rope (a reference) and never the document. Syntax belongs to
 * core/doc/syntax.h and hangs on here as one pointer: whoever opens the document makes it and keeps it in step through
 * document_change()'s `applied`; it is freed with the document. Documents are reference-counted so that a task may
 * outlive didClose; `closed` tells it so. */
#ifndef CORE_DOC_DOCUMENT_H
#define CORE_DOC_DOCUMENT_H

#include "core/base/err.h"
#include "core/doc/position.h"

struct lang;
struct syntax;

struct document {
    char *uri;
    char *path;              /* NULL unless it is a file: URI */
    const struct lang *lang; /* never NULL; the plain-text entry if unknown */
    int version;             /* the editor's */
    uint64_t revision;       /* ours: +1 for every change, never reused */
    struct rope *rope;       /* exchanged by every change: take a reference to keep a text */
    struct syntax *syntax;   /* NULL without a grammar */
    uint64_t changed_us;     /* clock_us() of the last change */
    size_t last_edit;        /* byte where the last edit ended; 0 after opening */
    bool watched;            /* somebody asked for the syntax since it was last brought up to date */
    bool closed;
    unsigned refs;
};

/* One change of didChange, already decoded. Without a range the text is the whole document. */
struct doc_change {
    bool has_range;
    struct pos start, end;
    struct str text;
};

/* A change in bytes as it was applied, for whoever mirrors the text. */
struct doc_edit {
    size_t start, old_end, new_end;
};

struct document *document_new(const char *uri, const struct lang *lang, int version, struct str text);
struct document *document_ref(struct document *d);
void document_unref(struct document *d);

typedef void document_applied_fn(void *ctx, struct document *d, const struct doc_edit *edit, struct str text);

/* Applies the changes in order, each to the result of the one before, and tells `applied` (may be NULL) of each one
 * right after it is in place. A range whose end is before its start is turned round. A change of the whole text is told
 * as the smallest edit that has its effect. ERR_TOO_BIG leaves text and version as they were before the offending
 * change. */
int document_change(struct document *d, enum pos_encoding enc, int version, const struct doc_change *c, size_t n,
    document_applied_fn *applied, void *ctx, struct err *e);

/* The open documents by URI. */
struct documents;
struct documents *documents_new(void);
void documents_free(struct documents *ds);
struct document *documents_get(struct documents *ds, const char *uri);  /* borrowed or NULL */

/* Takes the reference on success. ERR_INVALID if the URI is open already, ERR_TOO_BIG if MAX_DOCUMENTS are. */
int documents_put(struct documents *ds, struct document *d, struct err *e);
void documents_remove(struct documents *ds, const char *uri);           /* marks closed, drops the reference */
size_t documents_count(const struct documents *ds);
struct document *documents_at(struct documents *ds, size_t i);          /* borrowed; order is not stable */

#endif
