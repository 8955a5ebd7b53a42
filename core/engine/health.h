/* SPDX-License-Identifier: MIT */
/* What experience says about a target: breaker, rate limit, time to the first token.
 *
 * Three failures in a row open the breaker for 60 s; then one request is let through as a probe, and its outcome closes
 * or opens it again. Cancelled requests and wrong requests say nothing about a target. Who names a time is left alone for
 * it; a rate limit without one means 5 s, a service that is still loading 2 s, an account without money or quota 2 h. */
#ifndef CORE_ENGINE_HEALTH_H
#define CORE_ENGINE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct health {
    unsigned failures;        /* in a row */
    uint64_t open_until_ms;   /* 0: closed */
    bool probing;             /* half open, one request under way */
    uint64_t wait_until_ms;   /* rate limit, loading, quota */
    double ttft_ms;           /* decayed mean, 0 unknown */
    uint64_t served, failed;  /* totals */
    char problem[200];        /* last failure's sentence, or "" */
};

bool health_resting(const struct health *h, uint64_t now_ms);
void health_started(struct health *h, uint64_t now_ms);
void health_ok(struct health *h, uint64_t ttft_us);
/* err_code is ours (enum err_code); retry_after_ms 0 if not told. */
void health_failed(struct health *h, int err_code, const char *why, uint64_t retry_after_ms, uint64_t now_ms);
void health_abandoned(struct health *h); /* we cancelled: no verdict */

#endif
