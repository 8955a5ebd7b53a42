/* SPDX-License-Identifier: MIT */
#include "core/engine/health.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <stdio.h>

/* What the breaker does: three failures, 60 s. */
#define MAX_FAILURES 3
#define REST_MS 60000
#define RATE_WAIT_MS 5000
#define LOADING_WAIT_MS 2000
#define QUOTA_WAIT_MS (2 * 3600 * 1000)
#define MAX_WAIT_MS 3600000 /* whoever says more is asked again after an hour all the same */

bool health_resting(const struct health *h, uint64_t now_ms)
{
    return h->open_until_ms && (now_ms < h->open_until_ms || h->probing);
}

void health_started(struct health *h, uint64_t now_ms)
{
    if (h->open_until_ms && now_ms >= h->open_until_ms)
        h->probing = true;
}

void health_ok(struct health *h, uint64_t ttft_us)
{
    double ms = (double)ttft_us / 1000;

    h->failures = 0;
    h->open_until_ms = 0;
    h->probing = false;
    h->served++;
    h->problem[0] = '\0';
    h->ttft_ms = h->ttft_ms > 0 ? h->ttft_ms * 0.8 + ms * 0.2 : ms;
}

/* How long to leave it alone at once, whatever happened before; 0: the breaker counts it. */
static uint64_t rest_ms(int err_code, uint64_t retry_after_ms)
{
    switch (err_code) {
    case ERR_QUOTA: /* a service that names seconds here names those of its rate limit */
        return QUOTA_WAIT_MS;
    case ERR_LOADING:
        return retry_after_ms ? MIN(retry_after_ms, (uint64_t)MAX_WAIT_MS) : LOADING_WAIT_MS;
    case ERR_RATE:
        return retry_after_ms ? MIN(retry_after_ms, (uint64_t)MAX_WAIT_MS) : RATE_WAIT_MS;
    default:
        return MIN(retry_after_ms, (uint64_t)MAX_WAIT_MS);
    }
}

void health_failed(struct health *h, int err_code, const char *why, uint64_t retry_after_ms, uint64_t now_ms)
{
    bool was_probe = h->probing;
    uint64_t rest = rest_ms(err_code, retry_after_ms);

    h->probing = false;
    if (err_code == ERR_CANCELLED)
        return;
    h->failed++;
    snprintf(h->problem, sizeof h->problem, "%s", why);
    if (rest) {
        h->wait_until_ms = now_ms + rest;
        return;
    }
    if (err_code == ERR_INVALID || err_code == ERR_TOO_BIG)
        return; /* the request was at fault */
    if (++h->failures >= MAX_FAILURES || was_probe)
        h->open_until_ms = now_ms + REST_MS;
}

void health_abandoned(struct health *h)
{
    h->probing = false;
}
