/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "mem.h"

#include <string.h>

static const float lines_worth = 0.6f; /* several lines come first when they are this likely, against one line */

struct model *model_new(size_t max_bytes, float min_confidence)
{
    struct model *m = mem_resize(NULL, sizeof *m);

    store_init(&m->store, max_bytes);
    m->beam = beam_new();
    m->min_confidence = min_confidence;
    return m;
}

void model_free(struct model *m)
{
    if (m) {
        beam_free(m->beam);
        store_fini(&m->store);
    }
    free(m);
}

/* Sorts by probability, except that likely longer text comes before its own first line. */
static void insert(struct completion *c, unsigned n, const struct guess *g, float p)
{
    float rank = g->kind == BEAM_LINES ? p / lines_worth : p;
    unsigned i;

    for (i = n; i > 0; i--) {
        float other = c[i - 1].guess.kind == BEAM_LINES ? c[i - 1].p / lines_worth : c[i - 1].p;

        if (other >= rank)
            break;
        c[i] = c[i - 1];
    }
    c[i].guess = *g;
    c[i].p = p;
}

/* Shortens a beginning until it is likely enough; returns its probability, 0 when nothing of it is. */
static float fit_cut(const struct query *q, struct guess *g, float min)
{
    float p;

    for (; guess_is_useful(g); score_cut(g, g->nstep - 1)) {
        p = score_guess(q, g);
        if (p >= min)
            return p;
        if (g->nstep == 1)
            break;
    }
    return 0;
}

unsigned model_choose(const struct query *q, struct guess *guess, unsigned found, bool many, float min,
                      struct completion ret[BEAM_RESULTS + 2])
{
    unsigned n = 0, i;
    float p;

    for (i = 0; i < found; i++) {
        if (guess[i].kind == BEAM_CUT && n > 0)
            continue; /* the beginning of a line is for when no whole one is likely */
        if (!many && i > 0 && n > 0 && guess[i].kind < BEAM_CUT)
            continue;
        p = guess[i].kind == BEAM_CUT ? fit_cut(q, &guess[i], min) : score_guess(q, &guess[i]);
        if (p >= min && p > 0)
            insert(ret, n++, &guess[i], p);
    }
    return n;
}

unsigned model_complete(struct model *m, const struct query_request *r, const struct beam_limits *lim,
                        struct completion ret[BEAM_RESULTS + 2])
{
    struct guess guess[BEAM_RESULTS + 2];
    unsigned n = 0;

    if (query_init(&m->query, &m->store, r))
        n = model_choose(&m->query, guess, beam_run(m->beam, &m->query, lim, guess), lim->many, m->min_confidence, ret);
    query_fini(&m->query);
    return n;
}
