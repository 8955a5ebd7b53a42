/* SPDX-License-Identifier: MIT */
/* The filters, the score and the order. Read route() from the bottom. */
#include "core/engine/router.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <string.h>

/* Starting values: a tenth of a cent weighs as much as 100 ms. An unknown price is assumed to be a high one, so that
 * leaving it out never makes a target look cheap. */
const struct route_weights ROUTE_DEFAULT_WEIGHTS = {.cost = 1, .latency = 1, .unknown_price = 15, .unknown_ttft_ms = 400};

static const char *const DROP_TEXT[ROUTE_DROPS] = {
    [ROUTE_KEPT] = "can serve",
    [ROUTE_NO_PROVIDER] = "its provider could not be opened",
    [ROUTE_NO_CAPABILITY] = "cannot do this kind of task",
    [ROUTE_NO_FORMAT] = "no prompt format for it",
    [ROUTE_NO_CONTEXT] = "the prompt does not fit its context",
    [ROUTE_NO_KEY] = "has no key",
    [ROUTE_BREAKER] = "resting after repeated failures",
    [ROUTE_RATE] = "asked us to wait",
};

const char *route_drop_text(enum route_drop d)
{
    return d < ROUTE_DROPS ? DROP_TEXT[d] : "";
}

static enum route_drop filter(const struct route_request *req, const struct route_target *t)
{
    if (t->caps == 0)
        return ROUTE_NO_PROVIDER;
    if (!(t->caps & req->need))
        return ROUTE_NO_CAPABILITY;
    if (!t->has_format)
        return ROUTE_NO_FORMAT;
    if (t->context_tokens && t->context_tokens < (uint64_t)req->prompt_tokens + req->answer_tokens)
        return ROUTE_NO_CONTEXT;
    if (t->resting)
        return ROUTE_BREAKER;
    if (t->wait_until_ms > req->now_ms)
        return ROUTE_RATE;
    return ROUTE_KEPT;
}

static void score(const struct route_request *req, const struct route_target *t, const struct route_weights *w,
                  struct route_candidate *c)
{
    double in = t->price_in < 0 ? w->unknown_price : t->price_in;
    double out = t->price_out < 0 ? w->unknown_price : t->price_out;
    double money = (in * req->prompt_tokens + out * req->answer_tokens) / 1e6;

    c->cost = w->cost * money / 0.001;
    c->latency = w->latency * (t->ttft_ms ? t->ttft_ms : w->unknown_ttft_ms) / 100;
    c->score = c->cost + c->latency;
}

/* The tie-break looks at the place in the route and never at a name: for a random seed each of several equal targets
 * is first equally often. */
static uint64_t tie(const struct route_request *req, size_t place)
{
    return hash_mix(req->seed + hash_mix(place + 1));
}

static bool before(const struct route_candidate *a, const struct route_candidate *b, const struct route_target *table)
{
    if ((a->drop == ROUTE_KEPT) != (b->drop == ROUTE_KEPT))
        return a->drop == ROUTE_KEPT;
    if (a->drop != ROUTE_KEPT)
        return false;
    if (table[a->target].tier != table[b->target].tier)
        return table[a->target].tier < table[b->target].tier;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score;
    return a->tie < b->tie;
}

void route(const struct route_request *req, const struct route_target *table, const unsigned *route_targets, size_t n,
           const struct route_weights *w, struct route_choice *out)
{
    memset(out, 0, sizeof *out);
    n = MIN(n, ARRAY_LEN(out->c));
    for (size_t i = 0; i < n; i++) {
        const struct route_target *t = &table[route_targets[i]];
        struct route_candidate c = {.target = route_targets[i], .drop = filter(req, t), .tie = tie(req, i)};
        size_t at = out->n++;

        if (c.drop != ROUTE_NO_PROVIDER)
            score(req, t, w, &c);
        for (; at > 0 && before(&c, &out->c[at - 1], table); at--)
            out->c[at] = out->c[at - 1];
        out->c[at] = c;
        out->nkept += c.drop == ROUTE_KEPT;
    }
}
