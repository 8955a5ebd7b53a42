/* SPDX-License-Identifier: MIT */
/* Amazon Bedrock: Converse for every model that chats, InvokeModel for models that take a raw prompt. This file reads the
 * options; credentials.c signs, request.c writes, decode.c reads. It knows no model by name. */
#include "bedrock.h"
#include "../ext/credentials.h"
#include "../ext/sign.h"

#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"temperature", "stop", "max_tokens", NULL};
static const char *const tails[] = {"/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream", NULL};

/* The real host is named after the region, which is known with the request. */
static const struct service_kind kind = {
    .base = "https://bedrock-runtime",
    .tails = tails,
    .base_is = "the part before /model/",
    .members = members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

static void bedrock_close(void *self)
{
    struct bedrock *p = self;

    if (p)
        service_fini(&p->s);
    free(p);
}

static int check_word(const struct sy_host *host, const char *key, struct sy_str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (!((value.p[i] >= 'a' && value.p[i] <= 'z') || (value.p[i] >= '0' && value.p[i] <= '9') || strchr("-_", value.p[i])))
            return host->fail(host->ctx, SY_EREQUEST, "%s '%.*s' is none: lower case letters, digits and dashes", key,
                              (int)(value.n > 40 ? 40 : value.n), value.p);
    return SY_OK;
}

static int read_options(struct bedrock *p, const struct sy_host *host)
{
    int r = service_init(&p->s, host, &kind);

    p->has_base = service_option(host, "base_url").n > 0;
    p->region = service_option(host, "region");
    p->profile = service_option(host, "profile");
    p->process = service_option(host, "credential_process");
    p->max_tokens_field = service_option(host, "max_tokens_field");
    p->cache = service_option(host, "cache");
    if (r >= 0)
        r = check_word(host, "region", p->region);
    if (r >= 0)
        r = check_word(host, "max_tokens_field", p->max_tokens_field);
    if (r >= 0 && p->cache.n > 0 && !text_eq(p->cache, "5m") && !text_eq(p->cache, "1h"))
        r = host->fail(host->ctx, SY_EREQUEST, "cache must be 5m or 1h");
    return r;
}

static int bedrock_open(const struct sy_host *host, void **self)
{
    struct bedrock *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    p->from = host->extension(host->ctx, SY_EXT_CREDENTIALS);
    r = read_options(p, host);
    if (r < 0) {
        bedrock_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

static const void *bedrock_extension(const char *id)
{
    static const struct sy_sign sign = {.size = sizeof sign, .sign = bedrock_sign};

    return strcmp(id, SY_EXT_SIGN) == 0 ? &sign : NULL;
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "bedrock",
    .version = "1.0.0",
    .summary = "Amazon Bedrock: Converse, and InvokeModel for raw prompts",
    .options = "region profile credential_process base_url accepts fim_format max_tokens_field cache",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_PROMPT_CACHE,
    .open = bedrock_open,
    .close = bedrock_close,
    .extension = bedrock_extension,
    .begin = bedrock_begin,
    .feed = reader_feed,
    .finish = bedrock_finish,
    .end = reader_close,
};

SY_PROVIDER_ENTRY(bedrock)
{
    return &provider;
}
