/* SPDX-License-Identifier: MIT */
/* Chat completions, text completions and raw fill-in-the-middle prompts in OpenAI's shape, which most services and local
 * servers speak. This file reads the options; request.c writes, decode.c reads. It knows no model by name. */
#include "openai.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_BASE "https://api.openai.com/v1"

/* Members of a request body that a service may not take, for the option accepts. */
static const char *const optional_members[] = {"temperature", "stop", "stream_options", "max_tokens", "suffix"};

static struct sy_str option(const struct sy_host *host, const char *key)
{
    return text_trim(host->option(host->ctx, key));
}

/* The part of a URL between "://" and the first of "/?#". */
static struct sy_str host_of(struct sy_str url)
{
    const char *from = memmem(url.p, url.n, "://", 3);
    struct sy_str s;

    if (!from)
        return (struct sy_str){url.p, 0};
    s = (struct sy_str){from + 3, 0};
    while (s.p + s.n < url.p + url.n && !strchr("/?#", s.p[s.n]))
        s.n++;
    return s;
}

static int has_prefix(struct sy_str s, const char *prefix)
{
    return s.n >= strlen(prefix) && memcmp(s.p, prefix, strlen(prefix)) == 0;
}

static int has_suffix(struct sy_str s, const char *suffix)
{
    size_t n = strlen(suffix);

    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

/* Why a URL cannot be used, or NULL. */
static const char *base_problem(struct sy_str url)
{
    struct sy_str host = host_of(url);

    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
            return "has a blank or a control character in it";
    if (!has_prefix(url, "http://") && !has_prefix(url, "https://"))
        return "must begin with http:// or https://";
    if (host.n == 0 || *host.p == ':')
        return "names no host";
    if (memchr(host.p, '@', host.n))
        return "must not contain a user or a password; keys have a setting of their own";
    if (memchr(url.p, '#', url.n))
        return "must not contain a fragment (#)";
    return NULL;
}

static int is_loopback(struct sy_str host)
{
    return has_prefix(host, "127.") || has_prefix(host, "localhost") || has_prefix(host, "[::1]");
}

static int refuse_base(const struct sy_host *host, struct sy_str url, const char *problem)
{
    /* What stands before an @ may be a password, and the sentence will be shown and logged. */
    if (memchr(url.p, '@', url.n))
        return host->fail(host->ctx, SY_EREQUEST, "base_url %s", problem);
    return host->fail(host->ctx, SY_EREQUEST, "base_url '%.*s' %s", (int)(url.n > 100 ? 100 : url.n), url.p, problem);
}

/* Cuts a URL into the part before its query, without slashes at the end, and the query with its mark. */
static void split_query(struct sy_str url, struct sy_str *where, struct sy_str *query)
{
    const char *mark = memchr(url.p, '?', url.n);

    *where = url;
    if (mark)
        where->n = (size_t)(mark - url.p);
    *query = (struct sy_str){url.p + where->n, url.n - where->n};
    while (where->n > 0 && where->p[where->n - 1] == '/')
        where->n--;
}

static int set_base(struct openai *p, const struct sy_host *host)
{
    struct sy_str url = option(host, "base_url"), where, query;
    const char *problem;

    if (url.n == 0)
        url = text_c(DEFAULT_BASE);
    problem = base_problem(url);
    split_query(url, &where, &query);
    if (!problem && (has_suffix(where, "/completions") || has_suffix(where, "/models")))
        problem = "must be the part before /chat/completions, usually ending in /v1";
    if (problem)
        return refuse_base(host, url, problem);
    p->base = strndup(where.p, where.n);
    p->query = strndup(query.p, query.n);
    if (!p->base || !p->query)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    p->official = text_eq_nocase(host_of(url), "api.openai.com");
    if (has_prefix(url, "http://") && !is_loopback(host_of(url)))
        host->log(host->ctx, SY_LOG_WARN, "base_url is http to another machine: texts and key travel unencrypted");
    return SY_OK;
}

/* A value that will stand in a header line. */
static int header_option(const struct sy_host *host, const char *key, struct sy_str *ret)
{
    *ret = option(host, key);
    for (size_t i = 0; i < ret->n; i++)
        if ((unsigned char)ret->p[i] < ' ' || ret->p[i] == 0x7f)
            return host->fail(host->ctx, SY_EREQUEST, "%s has a control character in it", key);
    return SY_OK;
}

static int check_accepts(const struct openai *p)
{
    struct sy_str rest = p->accepts;

    for (struct sy_str word = text_word(&rest); word.n > 0; word = text_word(&rest)) {
        size_t known = 0;

        for (size_t i = 0; i < sizeof optional_members / sizeof optional_members[0]; i++)
            known += text_eq(word, optional_members[i]);
        if (!known)
            return p->host->fail(p->host->ctx, SY_EREQUEST,
                                 "accepts has an unknown word '%.*s'; it knows temperature, stop, stream_options, "
                                 "max_tokens and suffix",
                                 (int)(word.n > 40 ? 40 : word.n), word.p);
    }
    return SY_OK;
}

static int read_options(struct openai *p, const struct sy_host *host)
{
    struct sy_str stop = option(host, "max_stop");
    uint64_t max_stop = 0;
    int r = set_base(p, host);

    if (r == SY_OK)
        r = header_option(host, "organization", &p->organization);
    if (r == SY_OK)
        r = header_option(host, "project", &p->project);
    if (r == SY_OK)
        r = header_option(host, "auth_header", &p->auth_header);
    if (r < 0)
        return r;
    p->accepts = option(host, "accepts");
    p->fim_format = option(host, "fim_format");
    p->max_tokens_field = option(host, "max_tokens_field");
    if (p->max_tokens_field.n > 0 && !text_eq(p->max_tokens_field, "max_tokens") &&
        !text_eq(p->max_tokens_field, "max_completion_tokens"))
        return host->fail(host->ctx, SY_EREQUEST, "max_tokens_field must be max_tokens or max_completion_tokens");
    if (stop.n > 0 && (!text_u64(stop, &max_stop) || max_stop > 64))
        return host->fail(host->ctx, SY_EREQUEST, "max_stop must be a number up to 64");
    p->max_stop = (size_t)max_stop;
    return check_accepts(p);
}

static void openai_close(void *self)
{
    struct openai *p = self;

    if (!p)
        return;
    free(p->base);
    free(p->query);
    free(p);
}

static int openai_open(const struct sy_host *host, void **self)
{
    struct openai *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    p->host = host;
    r = read_options(p, host);
    if (r < 0) {
        openai_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "openai",
    .version = "1.0.0",
    .summary = "OpenAI and every service or local server that speaks its chat or text completions",
    .options = "base_url organization project auth_header accepts fim_format max_tokens_field max_stop",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_PROMPT_CACHE,
    .open = openai_open,
    .close = openai_close,
    .begin = openai_begin,
    .feed = openai_feed,
    .finish = openai_finish,
    .end = openai_end,
    .models = openai_models,
};

SY_PROVIDER_ENTRY(openai)
{
    return &provider;
}
