/* SPDX-License-Identifier: MIT */
/* Chat completions, text completions, raw fill-in-the-middle prompts and Responses in OpenAI's shape, which most services
 * and local servers speak. This file reads the options; request.c writes, common/choices.c and responses.c read. It knows
 * no model by name, and services only by what they do differently. */
#include "openai.h"

#include "../common/refusal.h"

#include <stdlib.h>
#include <string.h>

static const struct quirks quirks[] = {
    {"api.openai.com", 1, 0, "max_completion_tokens", 4, "/completions"},
    {"openai.azure.com", 1, 1, "max_completion_tokens", 4, "/completions"},
    {"services.ai.azure.com", 1, 1, "max_completion_tokens", 4, "/completions"},
    {"api.deepseek.com", 1, 0, "max_tokens", 16, "/beta/completions"},
    {"openrouter.ai", 1, 0, "max_tokens", 4, "/completions"},
    {NULL, 0, 0, "max_tokens", 4, "/completions"},
};

/* Members of a request body that a service may not take, for the option accepts. */
static const char *const optional_members[] = {"temperature", "stop", "stream_options", "max_tokens", "suffix", NULL};
static const char *const wrong_tails[] = {"/completions", "/models", "/responses", NULL};

static const struct service_kind kind = {
    .base = "https://api.openai.com/v1",
    .tails = wrong_tails,
    .base_is = "the part before /chat/completions, usually ending in /v1",
    .members = optional_members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

/* How the key travels: a bearer token, or bare in a header, as Azure wants it unless told otherwise. */
static int set_auth(struct openai *p, const struct sy_host *host)
{
    struct service *s = &p->service;
    struct sy_str name;
    int r = service_header_option(host, "auth_header", &name);

    if (r < 0)
        return r;
    s->key_optional = !p->quirks->key_needed;
    if (name.n == 0 && p->quirks->own_key_header)
        name = TEXT("api-key");
    if (name.n == 0 || text_eq_nocase(name, "bearer") || text_eq_nocase(name, "authorization"))
        return SY_OK;
    if (name.n >= sizeof s->key_header)
        return service_fail(s, SY_EREQUEST, "auth_header is too long");
    s->auth = SY_AUTH_HEADER;
    memcpy(s->key_header, name.p, name.n);
    s->key_header[name.n] = '\0';
    return SY_OK;
}

static int read_words(struct openai *p, const struct sy_host *host)
{
    struct sy_str stop = service_option(host, "max_stop"), api = service_option(host, "api");
    uint64_t max_stop = 0;

    p->max_tokens_field = service_option(host, "max_tokens_field");
    if (p->max_tokens_field.n > 0 && !text_eq(p->max_tokens_field, "max_tokens") &&
        !text_eq(p->max_tokens_field, "max_completion_tokens"))
        return service_fail(&p->service, SY_EREQUEST, "max_tokens_field must be max_tokens or max_completion_tokens");
    if (stop.n > 0 && (!text_u64(stop, &max_stop) || max_stop > 64))
        return service_fail(&p->service, SY_EREQUEST, "max_stop must be a number up to 64");
    p->max_stop = (size_t)max_stop;
    p->responses = text_eq(api, "responses");
    if (api.n > 0 && !p->responses && !text_eq(api, "chat"))
        return service_fail(&p->service, SY_EREQUEST, "api must be chat or responses");
    return SY_OK;
}

static int read_options(struct openai *p, const struct sy_host *host)
{
    struct {
        const char *key;
        struct sy_str *to;
    } headers[] = {{"organization", &p->organization}, {"project", &p->project}, {"referer", &p->referer}, {"title", &p->title}};
    int r = service_init(&p->service, host, &kind);

    if (r < 0)
        return r;
    p->quirks = quirks;
    while (p->quirks->domain && !service_is_at(&p->service, p->quirks->domain))
        p->quirks++;
    p->official = p->quirks == quirks;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && r == SY_OK; i++)
        r = service_header_option(host, headers[i].key, headers[i].to);
    if (r == SY_OK)
        r = set_auth(p, host);
    return r < 0 ? r : read_words(p, host);
}

static void openai_close(void *self)
{
    struct openai *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int openai_open(const struct sy_host *host, void **self)
{
    struct openai *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = read_options(p, host);
    if (r < 0) {
        openai_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

/* A field that the service does not take is left out of the next request. Two cannot be: the suffix, which has to be sent
 * in another way, and the limit, which has two names. */
void openai_refused(struct reader *r, struct oaierr *e)
{
    struct openai *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    if (e->code == SY_EUNSUPPORTED && e->status == 400 && strstr(e->text, "suffix")) {
        p->service.about->no_suffix = 1;
        if (p->service.fim_format.n > 0 && !text_eq(p->service.fim_format, "suffix"))
            refusal_remembered(e, "fim_format of the provider is used from now on");
    } else if (e->code == SY_EREQUEST && strcmp(e->param, "max_tokens") == 0 && strstr(e->text, "max_completion_tokens") &&
             p->max_tokens_field.n == 0 && !p->service.about->other_limit) {
        p->service.about->other_limit = 1;
        refusal_remembered(e, "max_completion_tokens is used from now on");
    } else {
        refusal_learn(e, &p->service);
    }
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "openai",
    .version = "1.0.0",
    .summary = "OpenAI and every service or local server that speaks its chat or text completions",
    .options = "base_url api organization project referer title auth_header accepts fim_format max_tokens_field max_stop",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_PROMPT_CACHE,
    .open = openai_open,
    .close = openai_close,
    .begin = openai_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = openai_models,
};

SY_PROVIDER_ENTRY(openai)
{
    return &provider;
}
