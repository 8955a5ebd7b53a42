/* SPDX-License-Identifier: MIT */
#include "core/engine/health.h"
#include "core/base/err.h"

#include <stdio.h>

/* What the breaker does: three failures, 60 s. */
#define MAX_FAILURES 3
#define REST_MS 60000
#define RATE_WAIT_MS 5000

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

void health_failed(struct health *h, int err_code, const char *why, uint64_t retry_after_ms, uint64_t now_ms)
{
    bool was_probe = h->probing;

    h->probing = false;
    if (err_code == ERR_CANCELLED)
        return;
    h->failed++;
    snprintf(h->problem, sizeof h->problem, "%s", why);
    if (err_code == ERR_RATE || retry_after_ms) {
        h->wait_until_ms = now_ms + (retry_after_ms ? retry_after_ms : RATE_WAIT_MS);
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
