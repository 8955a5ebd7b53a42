/* SPDX-License-Identifier: MIT */
/* Retrieval: places in the document and in near files whose continuation may be ours, and following them.
 *
 * A cursor is such a place. It carries how long its context equals ours, exactly and with identifiers replaced, and which
 * identifier stands for which. As a hypothesis grows, cursors that predicted right move on, and new ones are found for
 * the grown context. It knows nothing of probabilities. */
#ifndef LOCAL_MATCH_H
#define LOCAL_MATCH_H

#include "query.h"

enum {
    HYP_TOKENS = 128,  /* generated at most */
    HYP_CURSORS = 160,
    CURSOR_MAPS = 4,
    MATCH_MAX = 32     /* match lengths saturate here */
};

/* Where a cursor comes from: the document before and after the caret by distance in lines, near files by rank. */
enum { SRC_BEFORE, SRC_AFTER = 5, SRC_NEAR = 9, SRC_COUNT = 13 };
/* How the line below a cursor's line compares with the line below the caret. */
enum { BELOW_NONE, BELOW_EXACT, BELOW_SKELETON, BELOW_OTHER };

struct cursor {
    const struct file *f;
    uint32_t seg;
    uint16_t i;              /* the token predicted */
    uint8_t exact, aligned;  /* tokens that equal ours before it; `aligned` counts replaced identifiers too */
    uint8_t nmap, agree;     /* replaced identifiers, and words that were equal */
    uint8_t src, below, age; /* age: how many tokens it predicted */
    bool same_indent;
    uint32_t from[CURSOR_MAPS], to[CURSOR_MAPS];
};

struct hyp { /* a hypothesis: the context and what was generated */
    uint32_t tok[SEG_LEAD + QUERY_CONTEXT + HYP_TOKENS];
    uint8_t skel[SEG_LEAD + QUERY_CONTEXT + HYP_TOKENS], space[SEG_LEAD + QUERY_CONTEXT + HYP_TOKENS];
    uint32_t n, base;        /* tokens behind SEG_LEAD; the first `base` are the query's */
    uint32_t line_tok, prev_line_tok;
    uint32_t ncursor;
    uint8_t max_exact, max_aligned; /* of the cursors, when match_find() was called last */
    struct cursor cursor[HYP_CURSORS];
    int depth;               /* brackets opened in what was generated */
    float logp, min, first;
    float lp[HYP_TOKENS]; /* of each generated token */
};

struct match; /* working space */

struct match *match_new(void);
void match_free(struct match *m);

void hyp_init(struct hyp *h, const struct query *q);

/* Finds cursors for the context of a hypothesis. `deep`: the first and thorough time. */
void match_find(struct match *m, const struct query *q, struct hyp *h, bool deep);

/* The token that a cursor predicts, with identifiers replaced; ID_WALL if it has none. */
uint32_t cursor_token(const struct cursor *c, uint8_t *ret_space, bool *ret_mapped);

/* Appends a token to the hypothesis and moves its cursors on; those that predicted another kind of token are dropped. */
void hyp_push(struct hyp *h, const struct query *q, uint32_t id, uint8_t space);

#endif
