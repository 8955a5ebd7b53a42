/* SPDX-License-Identifier: MIT */
/* How likely is it that a guess is right to the last character: a logistic over what the beam knows of it, fitted on files
 * that nothing else was fitted on, as somebody types them (train/train.c). It knows no tokens. */
#ifndef LOCAL_SCORE_H
#define LOCAL_SCORE_H

#include "beam.h"

enum { SCORE_INPUTS = 14 };
/* Where the caret is: each has weights of its own, because what is on offer differs as much as how often it is right. */
enum { SCORE_LINE, SCORE_TOKEN, SCORE_WORD, SCORE_PLACES };

extern const float score_weight[BEAM_KINDS][SCORE_PLACES][SCORE_INPUTS];

int score_place(const struct query *q);
void score_inputs(const struct query *q, const struct guess *g, float ret[SCORE_INPUTS]);
float score_guess(const struct query *q, const struct guess *g);

/* Shortens a beginning of a line to its first n tokens. */
void score_cut(struct guess *g, unsigned n);

#endif
