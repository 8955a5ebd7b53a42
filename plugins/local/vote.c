/* SPDX-License-Identifier: MIT */
#include "vote.h"

#include <math.h>
#include <string.h>

enum { MAX_RECENT = 24 };

static uint8_t exact_class(unsigned n)
{
    static const uint8_t of[] = { 0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 10 };

    return n < sizeof of ? of[n] : n < MATCH_MAX ? 10 : 11;
}

static uint8_t align_class(unsigned n)
{
    return n < 3 ? (uint8_t)n : n < 5 ? 3 : n < 9 ? 4 : n < 17 ? 5 : 6;
}

static uint8_t cover_class(const struct hyp *h, unsigned n)
{
    if (n < h->n - h->line_tok)
        return 0;
    return n < h->n - h->prev_line_tok ? 1 : 2;
}

static uint8_t token_class(const struct query *q, const struct vocab_entry *e, uint32_t id, const struct cursor *c,
                           bool mapped)
{
    int recent;

    switch (e->kind) {
    case TK_LINE: return 0;
    case TK_PUNCT: return 1;
    case TK_CLOSE: return 2;
    case TK_KEY: return 3;
    case TK_NUM: return 4;
    default:
        recent = query_recent(q, id);
        return (uint8_t)(5 + recent + (mapped ? 0 : c->nmap == 0 ? 3 : 6));
    }
}

/* How far a match is from the longest one matters more than how long it is. */
static uint8_t rank_of(unsigned n, unsigned max)
{
    unsigned d = max - n, row = max < 2 ? 0 : max < 4 ? 1 : max < 8 ? 2 : max < 16 ? 3 : 4;

    return (uint8_t)(row * 4 + (d == 0 ? 0 : d < 3 ? 1 : d < 8 ? 2 : 3));
}

static uint8_t kind_class(uint8_t kind)
{
    static const uint8_t of[] = { [TK_LINE] = 0, [TK_PUNCT] = 1, [TK_CLOSE] = 1, [TK_KEY] = 2, [TK_NUM] = 3, [TK_WORD] = 4 };

    return kind < sizeof of ? of[kind] : 4;
}

/* Before any token was made, a token must go on from what is typed, and a line that has nothing yet does not end. */
static bool fits(const struct query *q, const struct hyp *h, const struct vocab_entry *e)
{
    if (e->kind == TK_WALL)
        return false;
    if (h->n > h->base)
        return true;
    if (q->npartial > 0)
        return e->kind != TK_LINE && e->len >= q->npartial && memcmp(e->text, q->partial, q->npartial) == 0;
    return e->kind != TK_LINE || !q->whole;
}

bool vote_features(const struct query *q, const struct hyp *h, const struct cursor *c, uint32_t *ret_id,
                   uint8_t *ret_space, uint8_t ret_f[VOTE_GROUPS])
{
    const struct vocab_entry *e;
    bool mapped;

    *ret_id = cursor_token(c, ret_space, &mapped);
    e = &q->store->vocab.entry[*ret_id];
    if (!fits(q, h, e))
        return false;
    ret_f[0] = (uint8_t)(F_EXACT + exact_class(c->exact));
    ret_f[1] = (uint8_t)(F_ALIGN + align_class(c->aligned - c->exact));
    ret_f[2] = (uint8_t)(F_SRC + c->src);
    ret_f[3] = (uint8_t)(F_TOKEN + token_class(q, e, *ret_id, c, mapped));
    ret_f[4] = (uint8_t)(F_COVER + cover_class(h, c->exact) * 3 + cover_class(h, c->aligned));
    ret_f[5] = (uint8_t)(F_INDENT + c->same_indent);
    ret_f[6] = (uint8_t)(F_BELOW + c->below);
    ret_f[7] = (uint8_t)(F_CROSS + (c->exact < 3 ? c->exact : 3) * 5 + kind_class(e->kind));
    ret_f[8] = (uint8_t)(F_AGE + (c->age == 0 ? 0 : c->age < 3 ? 1 : 2));
    ret_f[9] = (uint8_t)(F_RANK + rank_of(c->exact, h->max_exact));
    ret_f[10] = (uint8_t)(F_ARANK + rank_of(c->aligned, h->max_aligned));
    ret_f[11] = (uint8_t)(F_AGREE + (c->agree < 2 ? c->agree : c->agree < 4 ? 2 : 3));
    return true;
}

void vote_escape_features(const struct query *q, const struct hyp *h, const struct dist *d, uint8_t ret_f[ESCAPE_GROUPS])
{
    bool start = h->n == h->base;
    size_t typed = start ? q->npartial : 0;

    ret_f[0] = (uint8_t)(E_EXACT + exact_class(d->exact));
    ret_f[1] = (uint8_t)(E_TOKENS + (d->n < 2 ? 0 : d->n < 4 ? 1 : d->n < 10 ? 2 : 3));
    ret_f[2] = (uint8_t)(E_PARTIAL + (typed < 3 ? typed : typed < 5 ? 3 : 4));
    ret_f[3] = (uint8_t)(E_WHOLE + (q->whole && start));
}

unsigned vote_recent(const struct query *q, const struct hyp *h, uint32_t *ret_id, uint8_t *ret_f, unsigned max)
{
    unsigned n = 0, i;

    if (h->n > h->base || q->npartial == 0)
        return 0;
    for (i = 0; i < q->recent.n && n < max; i++) {
        uint32_t id = q->recent.word[i];

        if (!fits(q, h, &q->store->vocab.entry[id]))
            continue;
        ret_id[n] = id;
        ret_f[n++] = (uint8_t)(F_RECENT + (i >= q->recent.nnear));
    }
    return n;
}

static void add_share(struct dist *d, uint32_t id, float w, uint8_t space, uint8_t cursor)
{
    unsigned i;

    for (i = 0; i < d->n && d->share[i].id != id; i++)
        ;
    if (i == DIST_MAX)
        return;
    if (i == d->n)
        d->share[d->n++] = (struct share){ .id = id };
    d->share[i].p += w;
    if (w > d->share[i].best) {
        d->share[i].best = w;
        d->share[i].space = space;
        d->share[i].cursor = cursor;
    }
}

static void sort_shares(struct dist *d)
{
    unsigned i, j;

    for (i = 1; i < d->n; i++) {
        struct share s = d->share[i];

        for (j = i; j > 0 && d->share[j - 1].p < s.p; j--)
            d->share[j] = d->share[j - 1];
        d->share[j] = s;
    }
}

void vote_dist(const struct query *q, const struct hyp *h, struct dist *ret)
{
    uint8_t f[VOTE_GROUPS], space, recent_f[MAX_RECENT];
    uint32_t id, recent[MAX_RECENT];
    float w, z = 0;
    unsigned i, k, n;

    ret->n = 0;
    ret->exact = 0;
    ret->line = 0;
    for (i = 0; i < h->ncursor; i++) {
        if (!vote_features(q, h, &h->cursor[i], &id, &space, f))
            continue;
        for (w = 0, k = 0; k < VOTE_GROUPS; k++)
            w += vote_weight[f[k]];
        if (h->cursor[i].exact > ret->exact)
            ret->exact = h->cursor[i].exact;
        add_share(ret, id, expf(w), space, (uint8_t)i);
    }
    n = vote_recent(q, h, recent, recent_f, MAX_RECENT);
    for (i = 0; i < n; i++)
        add_share(ret, recent[i], expf(vote_weight[recent_f[i]]), 0, 255);
    vote_escape_features(q, h, ret, f);
    for (w = 0, k = 0; k < ESCAPE_GROUPS; k++)
        w += vote_weight[f[k]];
    ret->escape = expf(w);
    for (i = 0; i < ret->n; i++)
        z += ret->share[i].p;
    z += ret->escape;
    for (i = 0; i < ret->n; i++) {
        ret->share[i].p /= z;
        if (id_is_line(ret->share[i].id))
            ret->line += ret->share[i].p;
    }
    ret->escape /= z;
    sort_shares(ret);
}
