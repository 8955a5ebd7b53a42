/* SPDX-License-Identifier: MIT */
/* The configured targets as the router sees them, and what experience adds to them. */
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/engine/health.h"
#include "core/engine/session_priv.h"

#include <stdio.h>
#include <string.h>

struct provider *session_provider(struct session *s, unsigned i, struct err *e)
{
    const struct config_provider *cfg = &s->config->providers[i];
    struct err *why = &s->provider_errors[i];
    struct plugin *plugin;

    if (!s->providers[i] && !why->code) {
        plugin = plugins_get(s->plugins, cfg->plugin, why);
        s->providers[i] = plugin ? provider_open(cfg, plugin, s->http, s->pool, why) : NULL;
    }
    if (!s->providers[i])
        err_set(e, why->code ? why->code : ERR_PLUGIN, "%s", why->text);
    return s->providers[i];
}

static struct route_target describe(struct session *s, unsigned i, uint64_t need, uint64_t now_ms)
{
    const struct config_target *t = &s->config->targets[i];
    const struct health *h = &s->health[i];
    struct err e = {0};
    struct provider *p = session_provider(s, t->provider, &e);

    return (struct route_target){.caps = p ? provider_caps(p) : 0, .tier = t->tier, .context_tokens = t->context_tokens,
                                 .price_in = t->price_in, .price_out = t->price_out, .ttft_ms = (uint32_t)h->ttft_ms,
                                 .has_format = !(need & SY_CAP_FIM) || strcmp(t->fim_format, "none") != 0,
                                 .resting = health_resting(h, now_ms),
                                 .wait_until_ms = h->wait_until_ms};
}

void session_route(struct session *s, enum task_kind task, uint64_t need, uint32_t prompt_tokens, uint32_t answer_tokens,
                   uint64_t seed, struct decision *d)
{
    const struct config_route *r = &s->config->routes[task];
    struct route_target table[MAX_TARGETS];
    uint64_t now = clock_ms();

    for (size_t i = 0; i < r->ntargets; i++)
        table[r->targets[i]] = describe(s, r->targets[i], need, now);
    d->request = (struct route_request){.task = task, .need = need, .prompt_tokens = prompt_tokens,
                                        .answer_tokens = answer_tokens, .seed = seed, .now_ms = now};
    route(&d->request, table, r->targets, r->ntargets, &ROUTE_DEFAULT_WEIGHTS, &d->choice);
    for (size_t i = 0; i < d->choice.n; i++)
        d->names[i] = s->config->targets[d->choice.c[i].target].name;
}

void session_asking(struct session *s, unsigned target)
{
    health_started(&s->health[target], clock_ms());
}

void session_dropped(struct session *s, unsigned target)
{
    health_abandoned(&s->health[target]);
}

void session_health(struct session *s, unsigned target, const struct exchange_report *r, const struct err *e)
{
    struct health *h = &s->health[target];

    if (!e->code)
        health_ok(h, r->first_us ? r->first_us : r->total_us);
    else
        health_failed(h, e->code, e->text, r->retry_after_ms, clock_ms());
}
