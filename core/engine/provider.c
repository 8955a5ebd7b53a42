/* SPDX-License-Identifier: MIT */
/* Opening of providers, host services, and what both kinds of exchange have in common. */
#include "core/engine/host_auth.h"
#include "plugins/ext/sign.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "provider"

/* ---- host services ---- */

static void host_log(void *ctx, int level, const char *msg)
{
    struct provider *p = ctx;

    /* Whatever a plugin says stays at debug: the front ends decide what people see. */
    (void)level;
    log_debug("%s: %.400s", p->cfg->name, msg);
}

/* The printed value of this key, if it was asked for before: key and value follow each other in the buffer. */
static const char *find_printed(const struct provider *p, const char *key)
{
    const char *at = p->scratch.p, *end = at + p->scratch.n;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (strcmp(at, key) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

static const char *print_value(struct provider *p, const char *key, const json_t *v)
{
    size_t from = p->scratch.n;

    if (buf_add(&p->scratch, key, strlen(key) + 1) && json_dump(v, &p->scratch) && buf_addc(&p->scratch, '\0'))
        return p->scratch.p + from + strlen(key) + 1;
    p->scratch.n = from;
    p->scratch.overflow = false;
    return NULL;
}

static struct sy_str host_option(void *ctx, const char *key)
{
    struct provider *p = ctx;
    const json_t *v = json_object_get(p->cfg->options, key);
    const char *text;

    if (!v || strcmp(key, "key") == 0)
        return (struct sy_str){NULL, 0};
    if (json_is_string(v))
        return (struct sy_str){json_string_value(v), json_string_length(v)};
    /* Values are handed out until close(): the buffer was given its whole size at open and never moves. */
    text = find_printed(p, key);
    if (!text)
        text = print_value(p, key, v);
    return (struct sy_str){text, text ? strlen(text) : 0};
}

__attribute__((format(printf, 3, 4))) static int host_fail(void *ctx, int code, const char *fmt, ...)
{
    struct provider *p = ctx;
    char text[200];
    AUTO_BUF struct buf clean;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_init(&clean, 4 * sizeof text);
    utf8_neutralise(str_c(text), &clean);
    err_clear(&p->failure);
    err_set(&p->failure, provider_err_code(code), "'%s': %s", p->cfg->name, clean.p ? clean.p : "");
    return code;
}

static const void *host_extension(void *ctx, const char *id)
{
    (void)ctx;
    return strcmp(id, HOST_CREDENTIALS) == 0 ? host_credentials() : NULL;
}

int provider_err_code(int sy_code)
{
    static const int map[] = {
        [0] = 0, [1] = ERR_OVERLOADED, [2] = ERR_AUTH, [3] = ERR_RATE, [4] = ERR_INVALID, [5] = ERR_PROTO,
        [6] = ERR_TOO_BIG, [7] = ERR_UNSUPPORTED, [8] = ERR_PLUGIN, [9] = ERR_OVERLOADED, [10] = ERR_LOADING,
        [11] = ERR_QUOTA, [12] = ERR_NOT_FOUND, [13] = ERR_INVALID, [14] = ERR_PROTO, [15] = ERR_TIMEOUT};
    int i = -sy_code;

    return i >= 0 && (size_t)i < ARRAY_LEN(map) ? map[i] : ERR_PLUGIN;
}

int provider_take_failure(struct provider *p, int code, const char *what, struct err *e)
{
    int r;

    if (p->failure.code)
        r = err_set(e, p->failure.code, "%s", p->failure.text);
    else
        r = err_set(e, provider_err_code(code), "'%s': the plugin could not %s (code %d)", p->cfg->name, what, code);
    err_clear(&p->failure);
    return r;
}

/* ---- life ---- */

/* Is it one of the words that blanks separate? */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word), len;

    for (; *list; list += len) {
        list += strspn(list, " ");
        len = strcspn(list, " ");
        if (n > 0 && len == n && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}

static int check_options(const struct provider *p, struct err *e)
{
    const char *known = p->plugin->api.options ? p->plugin->api.options : "";
    const char *key;
    json_t *v;

    json_object_foreach(p->cfg->options, key, v)
        if (!has_word("plugin key", key) && !has_word(known, key))
            return err_set(e, ERR_CONFIG, "providers.%s.%.*s: unknown key; plugin '%s' knows: %s", p->cfg->name,
                           (int)utf8_floor(str_c(key), 64), key, p->plugin->api.name, *known ? known : "none");
    return 0;
}

struct provider *provider_open(const struct config_provider *cfg, const struct plugin *plugin, struct http *http,
                               struct pool *pool, struct err *e)
{
    struct provider *p = mem_zalloc(sizeof *p);
    int r;

    p->cfg = cfg;
    p->plugin = plugin;
    p->http = http;
    p->pool = pool;
    p->host = (struct sy_host){.size = sizeof p->host, .major = SY_ABI_MAJOR, .minor = SY_ABI_MINOR, .ctx = p,
                               .log = host_log, .option = host_option, .fail = host_fail, .extension = host_extension};
    buf_init(&p->scratch, 64u << 10);
    buf_reserve(&p->scratch, 16u << 10);
    p->scratch.max = p->scratch.cap ? p->scratch.cap - 1 : 0; /* never moves again */
    if (check_options(p, e) < 0)
        goto fail;
    r = plugin->api.open(&p->host, &p->self);
    if (r != SY_OK) {
        provider_take_failure(p, r, "open", e);
        goto fail;
    }
    if (plugin->compute.size)
        p->strand = strand_new(pool);
    return p;
fail:
    buf_fini(&p->scratch);
    free(p);
    return NULL;
}

void provider_close(struct provider *p)
{
    if (!p)
        return;
    (void)BUG_ON(p->busy != 0);
    p->plugin->api.close(p->self);
    strand_free(p->strand);
    host_auth_close(p);
    buf_fini(&p->scratch);
    free(p);
}

const char *provider_name(const struct provider *p)
{
    return p->cfg->name;
}

uint64_t provider_caps(const struct provider *p)
{
    return p->plugin->api.caps;
}

/* A name that only begins like a loopback address is a name like any other. */
static bool is_loopback(struct str host)
{
    bool numeric = true;

    for (size_t i = 0; i < host.n; i++)
        numeric = numeric && strchr("0123456789.", host.p[i]);
    return (numeric && str_starts(host, STR("127."))) || str_eqc(host, "localhost") || str_eqc(host, "[::1]");
}

bool provider_is_local(const struct provider *p)
{
    const char *url = json_string_value(json_object_get(p->cfg->options, "base_url"));
    const char *host = url ? strstr(url, "://") : NULL;
    size_t n;

    if (p->plugin->api.caps & SY_CAP_LOCAL)
        return true;
    if (!host)
        return false;
    host += 3;
    n = strcspn(host, "/?#");
    if (memchr(host, '@', n))
        return false;
    n = *host == '[' ? strcspn(host, "]/?#") + 1 : strcspn(host, ":/?#");
    return is_loopback((struct str){host, MIN(n, strlen(host))});
}

bool provider_signs(const struct provider *p)
{
    return p->plugin->api.extension && p->plugin->api.extension(SY_EXT_SIGN);
}

bool provider_has_corpus(const struct provider *p)
{
    return p->plugin->corpus.size != 0 && p->strand;
}

size_t provider_busy(const struct provider *p)
{
    return p->busy;
}

const char *provider_corpus_problem(const struct provider *p)
{
    return p->corpus_problem[0] ? p->corpus_problem : NULL;
}

/* ---- exchanges, either kind ---- */

struct exchange *exchange_start(struct provider *p, const struct sy_request *req, const struct exchange_handler *handler,
                                void *ctx, struct err *e)
{
    struct exchange *x = mem_zalloc(sizeof *x);
    int r;

    x->magic = EXCHANGE_MAGIC;
    x->p = p;
    x->handler = handler;
    x->ctx = ctx;
    x->start_us = clock_us();
    r = p->plugin->compute.size ? exchange_compute_start(x, req, e) : exchange_http_start(x, req, e);
    if (r < 0) {
        free(x);
        return NULL;
    }
    p->busy++;
    return x;
}

void exchange_cancel(struct exchange *x)
{
    if (!x || BUG_ON(x->magic != EXCHANGE_MAGIC))
        return;
    if (x->job)
        exchange_compute_cancel(x);
    else
        exchange_http_cancel(x);
}

static void copy_text(char *to, size_t size, struct sy_str s)
{
    AUTO_BUF struct buf clean;

    buf_init(&clean, 4 * size);
    utf8_neutralise((struct str){s.p, MIN(s.n, size)}, &clean);
    snprintf(to, size, "%s", clean.p ? clean.p : "");
}

static void take_error(struct exchange *x, const struct sy_event *ev)
{
    int code = provider_err_code(-(int)MIN(ev->n[0], (uint64_t)1000));
    char words[160];

    copy_text(words, sizeof words, ev->text);
    x->ended = true;
    x->report.provider_error = -(int)MIN(ev->n[0], (uint64_t)1000);
    x->report.retry_after_ms = ev->n[2];
    if (ev->n[1])
        err_set(&x->error, code ? code : ERR_PROTO, "'%s' answered %d: %s", x->p->cfg->name, (int)ev->n[1], words);
    else
        err_set(&x->error, code ? code : ERR_PROTO, "'%s': %s", x->p->cfg->name, words);
}

int exchange_event(struct exchange *x, const struct sy_event *ev)
{
    struct exchange_report *r = &x->report;

    if (!SY_HAS(ev, n) || x->enough || x->ended)
        return x->enough ? -1 : 0;
    switch (ev->kind) {
    case SY_EV_TEXT:
    case SY_EV_CANDIDATE:
    case SY_EV_MODEL:
        if (!r->first_us && ev->kind != SY_EV_MODEL)
            r->first_us = clock_us() - x->start_us;
        if (ev->kind == SY_EV_MODEL)
            copy_text(r->model, sizeof r->model, ev->text);
        x->enough = !x->handler->event(x->ctx, ev);
        return x->enough ? -1 : 0;
    case SY_EV_USAGE:
        r->has_usage = true;
        memcpy(r->tokens, ev->n, sizeof r->tokens);
        return 0;
    case SY_EV_STOP:
        x->ended = true;
        r->stop = (int)ev->n[0];
        return 0;
    case SY_EV_ERROR:
        take_error(x, ev);
        return 0;
    case SY_EV_REQUEST_ID:
        copy_text(r->request_id, sizeof r->request_id, ev->text);
        return 0;
    default:
        return 0; /* newer than we are */
    }
}

void exchange_finish(struct exchange *x, const struct err *e)
{
    struct err none = {0}, told;

    x->report.total_us = clock_us() - x->start_us;
    if (x->enough)
        x->report.end = EXCHANGE_CUT;
    else if (x->error.code || (e && e->code))
        x->report.end = EXCHANGE_FAILED;
    else
        x->report.end = EXCHANGE_WHOLE;
    told = x->report.end != EXCHANGE_FAILED ? none : x->error.code ? x->error : *e;
    if (x->report.end == EXCHANGE_FAILED)
        provider_mend(x->p, &x->report, &told);
    x->p->busy--;
    x->handler->done(x->ctx, &x->report, &told);
    x->magic = 0;
    free(x);
}
