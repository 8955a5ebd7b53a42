/* SPDX-License-Identifier: MIT */
/* The next token: every cursor votes with a weight that is a sum over its features, votes for one token are added up, and
 * an escape stands for "none of these". The weights were fitted by train/train.c; this file knows only how to add. */
#ifndef LOCAL_VOTE_H
#define LOCAL_VOTE_H

#include "match.h"

/* Feature groups; each vote has one feature of each of the first VOTE_GROUPS groups. */
enum {
    F_EXACT = 0,   /* length of the exact match: 12 classes */
    F_ALIGN = 12,  /* further tokens that match with identifiers replaced: 7 */
    F_SRC = 19,    /* where from: SRC_COUNT */
    F_TOKEN = 32,  /* kind of the token voted for; of a word: replaced or not, and near or not: 16 */
    F_COVER = 48,  /* does the match cover the line so far, or the line before too: 3 exact x 3 aligned */
    F_INDENT = 57, /* same indentation: 2 */
    F_BELOW = 59,  /* BELOW_*: 4 */
    F_CROSS = 63,  /* short exact match x kind of token: 4 x 5 */
    F_AGE = 83,    /* how often it was right before: 3 */
    F_RANK = 86,   /* exact match against the longest one of all: 4 x length of that: 5 */
    F_ARANK = 106, /* the same with identifiers replaced: 4 x 5 */
    F_AGREE = 126, /* words that are equal: 4 */
    F_RECENT = 130, /* a word that starts as the typed one, near or far; such votes have no other feature: 2 */
    E_EXACT = 132,  /* the escape: longest exact match of any vote: 12 */
    E_TOKENS = 144, /* number of different tokens voted for: 4 */
    E_PARTIAL = 148, /* characters typed of the word: 5 */
    E_WHOLE = 153,  /* inside the line, at its start: 2 */
    VOTE_WEIGHTS = 155,
    VOTE_GROUPS = 12,
    ESCAPE_GROUPS = 4,
    DIST_MAX = 48
};

struct share {
    uint32_t id;
    uint8_t space;
    uint8_t cursor; /* index of the strongest vote; 255: none */
    float p, best;
};

struct dist { /* what the next token is */
    struct share share[DIST_MAX];
    unsigned n;
    float line;   /* probability that the line ends: all line tokens together */
    float escape;
    uint8_t exact; /* longest exact match */
};

/* Features of a cursor's vote; false if it has no vote here. `whole` etc. come from the query. */
bool vote_features(const struct query *q, const struct hyp *h, const struct cursor *c, uint32_t *ret_id,
                   uint8_t *ret_space, uint8_t ret_f[VOTE_GROUPS]);
void vote_escape_features(const struct query *q, const struct hyp *h, const struct dist *d, uint8_t ret_f[ESCAPE_GROUPS]);

/* Words around the caret that start as the typed one; returns how many. Only for a hypothesis without new tokens. */
unsigned vote_recent(const struct query *q, const struct hyp *h, uint32_t *ret_id, uint8_t *ret_f, unsigned max);

/* The distribution, shares in order of probability. */
void vote_dist(const struct query *q, const struct hyp *h, struct dist *ret);

extern const float vote_weight[VOTE_WEIGHTS];

#endif
