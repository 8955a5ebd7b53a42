/* SPDX-License-Identifier: MIT */
/* From one token to a line: a small beam search to the line's end, and on over more lines while that is likely.
 *
 * Probabilities here are the model's own; score.h turns them into what a user can rely on. It knows no thresholds of
 * display. */
#ifndef LOCAL_BEAM_H
#define LOCAL_BEAM_H

#include "vote.h"

enum { BEAM_TEXT = 2048, BEAM_RESULTS = 6 };

enum beam_kind {
    BEAM_WHOLE, /* a whole line */
    BEAM_REST,  /* the rest of a line */
    BEAM_CUT,   /* the beginning of one; every beginning of it may be given instead, see `step` */
    BEAM_LINES, /* several lines */
    BEAM_KINDS
};

struct guess {
    enum beam_kind kind;
    char text[BEAM_TEXT]; /* what is inserted at the caret */
    size_t n;
    unsigned ntok;
    float logp, min, first; /* of all tokens, of the least likely one, of the first */
    float gap;              /* to the next best line; of a beginning: to the best line */
    float escape;           /* at the caret: none of the tokens known there */
    unsigned exact, aligned; /* at the caret: the longest contexts found */
    unsigned nstep;
    struct guess_step {     /* BEAM_CUT only: after each token */
        uint16_t n;         /* bytes of text */
        float logp, min;
    } step[HYP_TOKENS];
};

struct beam_limits {
    bool many;  /* alternatives are wanted */
    bool lines; /* several lines are allowed */
    bool tiny;  /* what is not useful too; for measuring */
    bool (*is_cancelled)(void *ctx);
    void *ctx;
};

struct beam;

struct beam *beam_new(void);
void beam_free(struct beam *b);

/* Is this worth showing: more than white space and one character? */
bool guess_is_useful(const struct guess *g);

/* Fills ret[] with different lines, the likeliest first, then, if there are, one BEAM_CUT and one BEAM_LINES. */
unsigned beam_run(struct beam *b, const struct query *q, const struct beam_limits *lim, struct guess ret[BEAM_RESULTS + 2]);

#endif
