/* SPDX-License-Identifier: MIT */
/* Oracle's generative AI service: its OpenAI-compatible face, or its own chat in the generic and the Cohere formats, with
 * an API key or with requests signed by the user's own key. This file reads the options; sign.c signs, request.c writes,
 * decode.c reads. It knows no model by name. */
#include "oracle.h"
#include "../ext/credentials.h"
#include "../ext/sign.h"

#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"temperature", "stop", "max_tokens", "stream_options", NULL};
static const char *const tails[] = {"/actions/chat", "/chat/completions", "/20231130", "/openai/v1", NULL};

/* The real host is named after the region, which is known with the request. */
static const struct service_kind kind = {
    .base = "https://inference.generativeai",
    .tails = tails,
    .base_is = "the part before /openai/v1 or /20231130",
    .members = members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

static void oracle_close(void *self)
{
    struct oracle *p = self;

    if (p)
        service_fini(&p->s);
    free(p);
}

static int set_api(struct oracle *p, const struct sy_host *host)
{
    static const char *const names[] = {"openai", "generic", "cohere", "coherev2"};
    struct sy_str api = service_option(host, "api");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (api.n == 0 || text_eq(api, names[i])) {
            p->api = (enum oracle_api)i;
            return SY_OK;
        }
    return host->fail(host->ctx, SY_EREQUEST, "api must be openai, generic, cohere or coherev2");
}

static int read_options(struct oracle *p, const struct sy_host *host)
{
    int r = service_init(&p->s, host, &kind);

    p->has_base = service_option(host, "base_url").n > 0;
    p->region = service_option(host, "region");
    p->profile = service_option(host, "profile");
    p->config_file = service_option(host, "config_file");
    p->max_tokens_field = service_option(host, "max_tokens_field");
    if (r >= 0)
        r = set_api(p, host);
    if (r >= 0)
        r = service_header_option(host, "compartment", &p->compartment);
    if (r >= 0)
        r = service_header_option(host, "project", &p->project);
    if (r >= 0 && p->max_tokens_field.n > 0 && !text_eq(p->max_tokens_field, "maxTokens") &&
        !text_eq(p->max_tokens_field, "maxCompletionTokens"))
        r = host->fail(host->ctx, SY_EREQUEST, "max_tokens_field must be maxTokens or maxCompletionTokens");
    return r;
}

static int oracle_open(const struct sy_host *host, void **self)
{
    struct oracle *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    p->from = host->extension(host->ctx, SY_EXT_CREDENTIALS);
    r = read_options(p, host);
    if (r < 0) {
        oracle_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

static const void *oracle_extension(const char *id)
{
    static const struct sy_sign sign = {.size = sizeof sign, .sign = oracle_sign};

    return strcmp(id, SY_EXT_SIGN) == 0 ? &sign : NULL;
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "oracle",
    .version = "1.0.0",
    .summary = "Oracle OCI Generative AI: its OpenAI-compatible face, or its own chat",
    .options = "api region profile config_file compartment project base_url accepts fim_format max_tokens_field",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM,
    .open = oracle_open,
    .close = oracle_close,
    .extension = oracle_extension,
    .begin = oracle_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
};

SY_PROVIDER_ENTRY(oracle)
{
    return &provider;
}
