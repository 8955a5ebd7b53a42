/* SPDX-License-Identifier: MIT */
/* The vocabulary: token texts as small numbers, counted by reference so that a word is forgotten with its last use.
 *
 * It knows no files. Numbers are handed out in the order of arrival and reused, so nothing that reaches an answer may
 * depend on their order or value: compare for equality only. */
#ifndef LOCAL_VOCAB_H
#define LOCAL_VOCAB_H

#include "lex.h"

/* The line token comes in six variants: change of indentation, and whether a blank line is before it. */
enum {
    ID_NONE = 0,
    ID_LINE = 1, /* + LINE_SAME, LINE_IN, LINE_OUT, + LINE_BLANK */
    ID_LINE_END = 7,
    ID_WALL = 7,
    ID_FIRST = 8
};
enum { LINE_SAME = 0, LINE_IN = 1, LINE_OUT = 2, LINE_BLANK = 3 };

/* Skeleton codes: a word by its shape, any number, and 16.. for punctuation and keywords (by hash). */
enum { SKEL_LOWER = 1, SKEL_UPPER, SKEL_CAPS, SKEL_NUM, SKEL_WALL, SKEL_LINE /* six of them */, SKEL_FIRST = 16 };

struct vocab_entry {
    char *text;
    uint32_t hash, refs, next; /* next: the chain of its hash slot, or of free entries */
    uint8_t len, kind, skel;
};

struct vocab {
    struct vocab_entry *entry;
    uint32_t n, cap, free;
    uint32_t *slot, nslot; /* nslot is a power of two */
    uint32_t live;
    size_t bytes;
};

void vocab_init(struct vocab *v);
void vocab_fini(struct vocab *v);

/* The number of a text, with one reference more. */
uint32_t vocab_ref(struct vocab *v, const char *p, size_t n, uint8_t kind);
void vocab_unref(struct vocab *v, uint32_t id);

/* The number of a text, or ID_NONE. */
uint32_t vocab_find(const struct vocab *v, const char *p, size_t n, uint8_t kind);

static inline bool id_is_line(uint32_t id)
{
    return id >= ID_LINE && id < ID_LINE_END;
}

static inline bool skel_is_word(uint8_t skel)
{
    return skel >= SKEL_LOWER && skel <= SKEL_CAPS;
}

#endif
