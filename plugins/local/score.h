/* SPDX-License-Identifier: MIT */
/* How likely is it that a guess is right to the last character: a logistic over what the beam knows of it, fitted on files
 * that nothing else was fitted on (train/train.c). It knows no tokens. */
#ifndef LOCAL_SCORE_H
#define LOCAL_SCORE_H

#include "beam.h"

enum { SCORE_INPUTS = 9 };

extern const float score_weight[BEAM_KINDS][SCORE_INPUTS];

void score_inputs(const struct query *q, const struct guess *g, float ret[SCORE_INPUTS]);
float score_guess(const struct query *q, const struct guess *g);

#endif
