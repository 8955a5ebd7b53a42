/* SPDX-License-Identifier: MIT */
/* A segment: some consecutive lines of a file as tokens, with the indexes that find a context in them.
 *
 * A segment is a pure function of its text and of the state at its start, and its indexes are one of its tokens and the
 * few tokens before it. So an edit replaces the segments it touched, and forgetting a file is freeing its segments: the
 * model keeps no statistics that outlive them. It knows no ranking and no probabilities. */
#ifndef LOCAL_SEG_H
#define LOCAL_SEG_H

#include "vocab.h"

/* Contexts of so many tokens, equal exactly or in their skeletons; the more telling ones first. */
enum { SEG_EXACT4, SEG_EXACT2, SEG_SKEL4, SEG_EXACT1, SEG_SKEL2, SEG_INDEXES };
enum {
    SEG_SKETCH = 32,
    SEG_LEAD = 4, /* tokens before a position that an index looks at */
    SEG_MAX_TOKENS = 60000
};

struct seg_state { /* what lexing a line depends on */
    uint16_t indent; /* of the last line with tokens */
    uint8_t mode;
    bool blank; /* a blank line came last */
};

struct seg_line { /* a line that has tokens */
    uint32_t off;  /* bytes from the segment's start */
    uint32_t line; /* lines from the segment's start */
    uint16_t tok;
    uint8_t tabs, spaces;
};

struct seg {
    struct seg_state in, out;
    uint32_t bytes, nlines; /* of text; nlines counts line ends */
    uint32_t ntok, nline, nsketch;
    uint32_t tabbed, spaced; /* lines indented with tabs, with spaces */
    uint32_t *tok;
    uint8_t *space, *skel;
    struct seg_line *line;
    uint16_t *head, *post; /* SEG_INDEXES tables of 1 << bits + 1 and of ntok entries; NULL: to be built */
    uint8_t bits;
    uint32_t sketch[SEG_SKETCH]; /* the smallest hashes of its words, ascending */
};

/* Makes a segment of whole lines. */
void seg_build(struct vocab *v, const struct lex_lang *l, const char *p, size_t n, struct seg_state in, struct seg *ret);
void seg_fini(struct seg *g, struct vocab *v);
size_t seg_bytes(const struct seg *g); /* memory it holds, indexes included */

/* Builds the indexes. `lead` are the tokens before the segment, in order, with their skeletons. */
void seg_index(struct seg *g, const uint32_t *lead, const uint8_t *lead_skel, unsigned nlead);

/* The positions that may follow a context, ascending: all with its hash, so the caller compares. */
const uint16_t *seg_find(const struct seg *g, int index, uint32_t hash, unsigned *ret_n);

/* The hash of a context for an index; `t` and `skel` point behind its last token and have SEG_LEAD before. */
uint32_t seg_hash(int index, const uint32_t *t, const uint8_t *skel);

/* The line of a token position of the segment. */
const struct seg_line *seg_line_at(const struct seg *g, unsigned i);

static inline uint16_t seg_indent(uint8_t tabs, uint8_t spaces)
{
    return (uint16_t)(tabs * 8 + spaces);
}

/* The line token of a line, from the state before it. */
static inline uint32_t seg_line_id(struct seg_state s, uint16_t indent)
{
    return ID_LINE + (uint32_t)(indent > s.indent ? LINE_IN : indent < s.indent ? LINE_OUT : LINE_SAME) +
           (s.blank ? LINE_BLANK : 0);
}

#endif
