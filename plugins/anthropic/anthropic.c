/* SPDX-License-Identifier: MIT */
/* Anthropic's Messages, at Anthropic itself or at a server that speaks it (llama-server does). This file reads the options;
 * request.c writes, decode.c reads. It knows no model by name: newer versions of the interface refuse a temperature for
 * all of them, so which version is spoken decides whether one is sent. */
#include "anthropic.h"

#include <stdlib.h>
#include <string.h>

static const char *const optional_members[] = {"temperature", "stop_sequences", "thinking", "cache_control", NULL};
static const char *const wrong_tails[] = {"/messages", "/models", NULL};

static const struct service_kind kind = {
    .base = "https://api.anthropic.com/v1",
    .tails = wrong_tails,
    .base_is = "the part before /messages, usually ending in /v1",
    .members = optional_members,
    .auth = SY_AUTH_HEADER,
    .key_header = "x-api-key",
    .key_optional = 1,
};

static int read_words(struct anthropic *p, const struct sy_host *host)
{
    struct sy_str auth = service_option(host, "auth_header"), cache = service_option(host, "cache");

    if (p->version.n == 0)
        p->version = TEXT("2026-10-21");
    p->sampling = text_eq(p->version, "2023-06-01");
    if (!p->sampling && !text_eq(p->version, "2026-10-21"))
        return service_fail(&p->service, SY_EREQUEST, "version must be 2026-10-21 or 2023-06-01");
    if (text_eq_nocase(auth, "bearer") || text_eq_nocase(auth, "authorization"))
        p->service.auth = SY_AUTH_BEARER;
    else if (auth.n > 0 && !text_eq_nocase(auth, "x-api-key"))
        return service_fail(&p->service, SY_EREQUEST, "auth_header must be x-api-key or bearer");
    p->cache_ttl = text_eq(cache, "1h") ? "1h" : text_eq(cache, "off") ? NULL : "5m";
    if (cache.n > 0 && !text_eq(cache, "5m") && !text_eq(cache, "1h") && !text_eq(cache, "off"))
        return service_fail(&p->service, SY_EREQUEST, "cache must be 5m, 1h or off");
    return SY_OK;
}

static int read_options(struct anthropic *p, const struct sy_host *host)
{
    int r = service_init(&p->service, host, &kind);

    if (r == SY_OK)
        r = service_header_option(host, "version", &p->version);
    if (r == SY_OK)
        r = service_header_option(host, "beta", &p->beta);
    if (r == SY_OK)
        p->service.key_optional = !service_is_at(&p->service, "api.anthropic.com");
    return r < 0 ? r : read_words(p, host);
}

static void anthropic_close(void *self)
{
    struct anthropic *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int anthropic_open(const struct sy_host *host, void **self)
{
    struct anthropic *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = read_options(p, host);
    if (r < 0) {
        anthropic_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "anthropic",
    .version = "1.0.0",
    .summary = "Anthropic's Messages, and servers that speak them",
    .options = "base_url version beta auth_header accepts cache fim_format",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_JSON | SY_CAP_PROMPT_CACHE,
    .open = anthropic_open,
    .close = anthropic_close,
    .begin = anthropic_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = anthropic_models,
};

SY_PROVIDER_ENTRY(anthropic)
{
    return &provider;
}
