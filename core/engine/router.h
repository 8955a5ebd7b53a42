/* SPDX-License-Identifier: MIT */
/* Which target for which request: a pure function with its reasons written down.
 *
 * No I/O, no clock, no state, and no vendor's name: targets are told apart only by what is in struct route_target.
 * Steps: drop what cannot (capability, format, context, data policy) and what should not now (breaker, rate limit);
 * order the rest by tier, which is the route's policy, and by score within a tier; break ties by a keyed hash of the
 * request, so that equal targets share the work evenly. The same inputs always give the same decision.
 *
 * Invariant: renaming or permuting targets that are equal in all numbers changes no distribution of choices.
 * Invariant: an unknown price is never treated as free. */
#ifndef CORE_ENGINE_ROUTER_H
#define CORE_ENGINE_ROUTER_H

#include "core/engine/config.h"

enum route_drop {
    ROUTE_KEPT,
    ROUTE_NO_PROVIDER,   /* its provider could not be opened */
    ROUTE_NO_CAPABILITY, /* cannot do this kind of request */
    ROUTE_NO_FORMAT,     /* raw fill-in-the-middle without a known template */
    ROUTE_NO_CONTEXT,    /* the prompt does not fit */
    ROUTE_NO_KEY,        /* no key where one is needed */
    ROUTE_BREAKER,       /* failed repeatedly, resting */
    ROUTE_RATE,          /* told us to wait */
    ROUTE_DROPS
};

struct route_target {
    uint64_t caps;            /* SY_CAP_*; 0: no provider */
    enum tier tier;
    bool has_format;          /* a request of the needed kind can be written for it */
    uint32_t context_tokens;
    double price_in, price_out; /* per million tokens; < 0 unknown */
    uint32_t ttft_ms;         /* measured, decayed; 0 unknown */
    bool resting;             /* breaker open */
    uint64_t wait_until_ms;   /* rate limit; 0 none */
};

struct route_request {
    enum task_kind task;
    uint64_t need;            /* SY_CAP_* that a target must have, any one of them */
    uint32_t prompt_tokens, answer_tokens;
    uint64_t seed;            /* of the tie-break: a hash of the request */
    uint64_t now_ms;
};

struct route_weights { /* printed by `switchyard explain --policy` */
    double cost;          /* points per 0.001 of currency expected */
    double latency;       /* points per 100 ms of expected time to the first token */
    double unknown_price; /* per million tokens, assumed where none is configured */
    double unknown_ttft_ms;
};
extern const struct route_weights ROUTE_DEFAULT_WEIGHTS;

struct route_candidate {
    unsigned target;          /* index into the table given to route() */
    enum route_drop drop;
    double cost, latency, score; /* lower is better */
    uint64_t tie;
};

struct route_choice {
    struct route_candidate c[16]; /* MAX_ROUTE_TARGETS */
    size_t n, nkept; /* the kept ones come first, in the order in which to try them */
};

void route(const struct route_request *req, const struct route_target *table, const unsigned *route_targets, size_t n,
           const struct route_weights *w, struct route_choice *out);

const char *route_drop_text(enum route_drop d); /* "resting after failures"; static */

#endif
