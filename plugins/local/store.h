/* SPDX-License-Identifier: MIT */
/* What the model has been told: files as lists of segments, and the text of open documents.
 *
 * Files are kept in the order in which they were last put; that order and the texts are all that an answer depends on.
 * The store never refuses a file for lack of memory: it forgets the oldest ones that are not open. */
#ifndef LOCAL_STORE_H
#define LOCAL_STORE_H

#include "seg.h"

enum {
    STORE_MAX_FILE = 1 << 20,     /* larger files are not indexed */
    STORE_MAX_TEXT = 8 << 20,     /* a larger open document is not even kept */
    STORE_SEG_OPEN = 3 << 9,      /* bytes a segment: small ones make edits cheap, */
    STORE_SEG_CLOSED = 48 << 10   /* large ones make lookups cheap */
};

enum { INDENT_UNKNOWN, INDENT_TABS, INDENT_SPACES };

struct file {
    char *path;
    size_t npath, ndir; /* ndir: up to and with the last slash */
    const struct lex_lang *lang;
    uint32_t group;
    bool open;
    uint8_t indent;       /* INDENT_*: how most lines are indented */
    char *text;           /* open documents only */
    size_t ntext, captext;
    struct seg *seg;
    uint32_t nseg, capseg;
    uint32_t nsketch, sketch[SEG_SKETCH]; /* of all segments; stale when !ready */
    bool ready;           /* indexes and sketch are built */
    size_t bytes;         /* memory, text included */
};

struct store {
    struct vocab vocab;
    struct file **file; /* oldest first */
    uint32_t n, cap;
    size_t bytes, max_bytes;
};

void store_init(struct store *s, size_t max_bytes);
void store_fini(struct store *s);

void store_put(struct store *s, const char *path, size_t npath, const char *lang, size_t nlang, const char *text, size_t n,
               bool open);
/* Returns false when the range is not inside the document. An edit of an unknown file is ignored. */
bool store_edit(struct store *s, const char *path, size_t npath, uint64_t start, uint64_t old_end, const char *text,
                size_t n);
void store_drop(struct store *s, const char *path, size_t npath);
struct file *store_find(const struct store *s, const char *path, size_t npath);

/* A file that is not in the store, for a request whose document was never put. */
struct file *file_new(struct vocab *v, const char *path, size_t npath, const char *lang, size_t nlang, const char *text,
                      size_t n, bool open);
void file_free(struct file *f, struct vocab *v);

/* Brings indexes and sketch up to date; needed before segments are searched. */
void file_prepare(struct file *f);

#endif
