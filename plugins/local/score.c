/* SPDX-License-Identifier: MIT */
#include "score.h"

#include <math.h>

void score_inputs(const struct query *q, const struct guess *g, float ret[SCORE_INPUTS])
{
    ret[0] = 1;
    ret[1] = g->logp;
    ret[2] = g->min;
    ret[3] = g->first;
    ret[4] = logf((float)g->ntok);
    ret[5] = g->gap > 5 ? 1 : g->gap / 5;
    ret[6] = q->npartial > 0;
    ret[7] = q->nnear == 0;
    ret[8] = q->nbelow == 0;
}

float score_guess(const struct query *q, const struct guess *g)
{
    float x[SCORE_INPUTS], z = 0;
    int i;

    score_inputs(q, g, x);
    for (i = 0; i < SCORE_INPUTS; i++)
        z += x[i] * score_weight[g->kind][i];
    return 1 / (1 + expf(-z));
}
