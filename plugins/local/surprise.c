/* SPDX-License-Identifier: MIT */
#include "surprise.h"

#include <math.h>

/* What a token costs that nothing votes for: one of the known ones, or its letters. */
static const float bits_of_letter = 3, bits_of_unknown = 4;

static float cost_of(const struct query *q, const struct dist *d, uint32_t id, bool is_known_word, size_t len)
{
    float other = d->escape > 1e-6f ? -log2f(d->escape) : 20;
    unsigned i;

    for (i = 0; i < d->n; i++)
        if (d->share[i].id == id)
            return -log2f(d->share[i].p);
    if (is_known_word)
        return other + log2f((float)q->store->vocab.live + 1);
    return other + bits_of_unknown + bits_of_letter * (float)len;
}

/* Goes through the line's tokens; what is new to the vocabulary is held in ids[] for the caller to release. */
static void measure_tokens(struct model *m, struct hyp *h, const char *line, const struct lex_line *ln, uint32_t *ids,
                           struct surprise *s)
{
    const struct query *q = &m->query;
    struct match *match = match_new();
    struct dist d;
    size_t i;

    hyp_init(h, q);
    match_find(match, q, h, true);
    for (i = 0; i < ln->n && s->n < SURPRISE_TOKENS && ln->tok[i].kind != TK_WALL; i++) {
        const struct lex_token *t = &ln->tok[i];
        bool is_known_word = vocab_find(&m->store.vocab, line + t->off, t->len, t->kind) != ID_NONE;

        ids[s->n] = vocab_ref(&m->store.vocab, line + t->off, t->len, t->kind);
        vote_dist(q, h, &d);
        s->tok[s->n] = (struct surprise_token){ t->off, t->len, cost_of(q, &d, ids[s->n], is_known_word, t->len) };
        s->bits += s->tok[s->n].bits;
        hyp_push(h, q, ids[s->n++], t->space);
        match_find(match, q, h, false);
    }
    if (i == ln->n) {
        vote_dist(q, h, &d);
        s->bits += d.line > 1e-3f ? -log2f(d.line) : 10;
    }
    match_free(match);
}

bool surprise_measure(struct model *m, struct query_request r, const char *line, const struct lex_line *ln,
                      struct surprise *ret)
{
    static _Thread_local struct hyp h;
    uint32_t ids[SURPRISE_TOKENS];
    bool ok;
    unsigned i;

    r.fresh = true;
    ret->n = 0;
    ret->bits = 0;
    ok = query_init(&m->query, &m->store, &r) && m->query.whole;
    if (ok)
        measure_tokens(m, &h, line, ln, ids, ret);
    for (i = 0; i < ret->n; i++)
        vocab_unref(&m->store.vocab, ids[i]);
    query_fini(&m->query);
    return ok && ret->n > 0;
}
