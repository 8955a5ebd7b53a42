/* SPDX-License-Identifier: MIT */
#include "score.h"

#include <math.h>

static const float gap_max = 5;

int score_place(const struct query *q)
{
    return q->whole ? SCORE_LINE : q->npartial > 0 ? SCORE_WORD : SCORE_TOKEN;
}

void score_inputs(const struct query *q, const struct guess *g, float ret[SCORE_INPUTS])
{
    ret[0] = 1;
    ret[1] = g->logp;
    ret[2] = g->min;
    ret[3] = g->first;
    ret[4] = logf((float)g->ntok);
    ret[5] = g->gap > gap_max ? 1 : g->gap / gap_max;
    ret[6] = q->npartial > 0 ? logf((float)q->npartial) : 0;
    ret[7] = q->nnear == 0;
    ret[8] = q->nbelow == 0;
    ret[9] = logf(1 + (float)g->exact);
    ret[10] = logf(1 + (float)g->aligned);
    ret[11] = g->escape;
    ret[12] = expf(g->logp);
    ret[13] = logf((float)g->n);
}

float score_guess(const struct query *q, const struct guess *g)
{
    const float *w = score_weight[g->kind][score_place(q)];
    float x[SCORE_INPUTS], z = 0;
    int i;

    score_inputs(q, g, x);
    for (i = 0; i < SCORE_INPUTS; i++)
        z += x[i] * w[i];
    return 1 / (1 + expf(-z));
}

void score_cut(struct guess *g, unsigned n)
{
    const struct guess_step *s = &g->step[n - 1];

    g->gap += s->logp - g->logp;
    g->n = s->n;
    g->ntok = g->nstep = n;
    g->logp = s->logp;
    g->min = s->min;
}
