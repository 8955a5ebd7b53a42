/* SPDX-License-Identifier: MIT */
/* A plugin on the bench: opened as a provider like any other, but with options from the command line, no network and, if
 * asked for, another clock. Its exchange and its events are printed instead of carried out. */
#include "core/engine/plugin_bench.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/engine/retry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COMMAND_WAIT_MS 60000
#define STAND_IN_KEY "KEY" /* where a key belongs and none was given */

/* ---- life ---- */

static int load_spec(struct bench *b, const struct bench_params *p, struct err *e)
{
    if (!p->request_path)
        return 0;
    b->spec = json_parse(p->request, p->request_path, e);
    if (!b->spec)
        return e->code;
    return json_is_object(b->spec) ? 0 : err_set(e, ERR_PARSE, "%s is no JSON object", p->request_path);
}

/* The file's options, then those of the command line; text, as the host hands options out. */
static int merge_options(struct bench *b, const struct bench_params *p, struct err *e)
{
    json_t *given = json_object_get(b->spec, "options");

    if (given && !json_is_object(given))
        return err_set(e, ERR_PARSE, "%s: 'options' is no object", p->request_path);
    b->options = given ? json_deep_copy(given) : json_object();
    for (size_t i = 0; i < p->noptions; i++) {
        const char *equals = strchr(p->options[i], '=');
        AUTO_FREE char *key = equals ? mem_strndup(p->options[i], (size_t)(equals - p->options[i])) : NULL;

        if (!key || !*key)
            return err_set(e, ERR_INVALID, "option '%.60s' is not KEY=VALUE", p->options[i]);
        json_object_set_new(b->options, key, json_str(str_c(equals + 1)));
    }
    return 0;
}

int bench_load(struct bench *b, const struct bench_params *p, bool chat_first, struct err *e)
{
    uint64_t caps;
    int r;

    *b = (struct bench){.loop = loop_new(e)};
    if (!b->loop)
        return e->code;
    b->pool = pool_new(b->loop, 1, e);
    if (!b->pool)
        return e->code;
    if (strpbrk(p->plugin, "/.")) { /* no name has these */
        b->file = plugin_load(p->plugin, e);
        b->plugin = b->file;
    } else {
        b->plugins = plugins_new();
        b->plugin = plugins_get(b->plugins, p->plugin, e);
    }
    if (!b->plugin)
        return e->code;
    r = load_spec(b, p, e);
    if (r >= 0)
        r = merge_options(b, p, e);
    if (r < 0)
        return r;
    caps = b->plugin->api.caps;
    b->request = bench_request_new(b->spec, chat_first && (caps & SY_CAP_CHAT) ? SY_CAP_CHAT : caps, e);
    return b->request ? 0 : e->code;
}

/* A key as in a configuration ({"env": NAME}), or as it is. */
static void set_key(struct bench *b)
{
    const json_t *key = json_object_get(b->options, "key");
    const char *env = json_get_cstr(key, "env", NULL), *file = json_get_cstr(key, "file", NULL);

    b->cfg.key_source = env ? KEY_ENV : file ? KEY_FILE : KEY_NONE;
    b->cfg.key_ref = env ? env : file ? file : "";
}

void bench_any_address(struct bench *b)
{
    AUTO_FREE char *known = mem_printf(" %s ", b->plugin->api.options ? b->plugin->api.options : "");

    if (strstr(known, " base_url ") && !json_object_get(b->options, "base_url"))
        json_object_set_new(b->options, "base_url", json_string("http://127.0.0.1:1"));
}

int bench_open(struct bench *b, const struct bench_params *p, struct err *e)
{
    b->cfg = (struct config_provider){.name = b->plugin->api.name, .plugin = b->plugin->api.name, .options = b->options};
    set_key(b);
    b->p = provider_open(&b->cfg, b->plugin, NULL, b->pool, e);
    if (!b->p)
        return e->code;
    b->p->bench_key = json_string_value(json_object_get(b->options, "key"));
    b->p->bench_stand_in = STAND_IN_KEY;
    b->p->bench_now_ms = p->now_ms;
    return 0;
}

void bench_fini(struct bench *b)
{
    if (b->pool)
        pool_free(b->pool); /* a credential command ends before its provider */
    provider_close(b->p);
    bench_request_free(b->request);
    json_decref(b->options);
    json_decref(b->spec);
    plugin_free(b->file);
    plugins_free(b->plugins);
    loop_free(b->loop);
}

int bench_build(struct bench *b, struct request *r, struct err *e)
{
    uint64_t end = clock_ms() + COMMAND_WAIT_MS;

    for (;;) {
        int code = request_build(r, b->p, bench_request_get(b->request), e);

        if (code != REQUEST_LATER)
            return code;
        while (provider_busy(b->p) && clock_ms() < end)
            if (loop_step(b->loop, 100, NULL) < 0)
                break;
        if (provider_busy(b->p) || clock_ms() >= end)
            return e->code;
        request_fini(r);
        err_clear(e);
    }
}

static int no_exchange(const struct bench *b, struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED, "plugin '%s' computes its answers itself, there is no exchange to show",
                   b->plugin->api.name);
}

/* ---- encode ---- */

static void print_exchange(const struct request *r, bool show_secrets, struct buf *out)
{
    buf_addf(out, "%s " STR_FMT "\n", r->method, STR_ARG(buf_str(&r->url)));
    for (size_t i = 0; i < r->nheaders; i++) {
        struct str value = r->secret[i] && !show_secrets ? STR("[secret]") : r->headers[i].value;

        buf_addf(out, STR_FMT ": " STR_FMT "\n", STR_ARG(r->headers[i].name), STR_ARG(value));
    }
    buf_addc(out, '\n');
    buf_addstr(out, buf_str(&r->body));
}

int bench_encode(const struct bench_params *p, struct buf *out, struct err *e)
{
    struct bench b;
    struct request r;
    int code = bench_load(&b, p, false, e);

    if (code >= 0 && b.plugin->compute.size)
        code = no_exchange(&b, e);
    if (code >= 0)
        code = bench_open(&b, p, e);
    if (code >= 0) {
        code = bench_build(&b, &r, e);
        if (code >= 0) {
            print_exchange(&r, p->show_secrets, out);
            b.plugin->api.end(r.x);
        }
        request_fini(&r);
    }
    bench_fini(&b);
    return code;
}

/* ---- decode ---- */

struct decoding {
    const struct bench_answer *a;
    struct buf *out;
    bool ended;
};

static struct str answer_header(const struct bench_answer *a, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < a->nheaders; i++)
        if (strncasecmp(a->headers[i], name, n) == 0 && a->headers[i][n] == ':')
            return str_trim(str_c(a->headers[i] + n + 1));
    return STR_NULL;
}

static struct sy_str reply_header(void *ctx, const char *name)
{
    const struct decoding *d = ctx;
    struct str v = answer_header(d->a, name);

    return (struct sy_str){v.p, v.n};
}

static const char *class_name(uint64_t code)
{
    static const char *const names[] = {"ok", "again", "auth", "rate", "request", "proto", "too big", "unsupported", "internal",
                                        "overloaded", "loading", "quota", "model", "refused", "truncated", "timeout"};

    return code < ARRAY_LEN(names) ? names[code] : "unknown";
}

static uint64_t told_wait_ms(const struct bench_answer *a)
{
    return retry_after_ms(answer_header(a, "retry-after-ms"), answer_header(a, "retry-after"), answer_header(a, "date"),
                          clock_wall_ms());
}

static void print_numbers(const struct decoding *d, const struct sy_event *ev)
{
    static const char *const stops[] = {"end", "length", "sequence", "tool"};
    const uint64_t *n = ev->n;

    switch (ev->kind) {
    case SY_EV_CANDIDATE:
        buf_addf(d->out, ",\"probability\":%.6f", (double)n[0] / 1e6);
        break;
    case SY_EV_USAGE:
        buf_addf(d->out, ",\"in\":%llu,\"cache_read\":%llu,\"cache_write\":%llu,\"out\":%llu,\"reasoning\":%llu,\"final\":%s",
                 (unsigned long long)n[0], (unsigned long long)n[1], (unsigned long long)n[2], (unsigned long long)n[3],
                 (unsigned long long)n[4], n[5] ? "true" : "false");
        break;
    case SY_EV_STOP:
        buf_addf(d->out, ",\"reason\":\"%s\"", n[0] < ARRAY_LEN(stops) ? stops[n[0]] : "unknown");
        break;
    case SY_EV_ERROR:
        buf_addf(d->out, ",\"class\":\"%s\",\"status\":%llu,\"retry_after\":%llu", class_name(n[0]), (unsigned long long)n[1],
                 (unsigned long long)(n[2] ? n[2] : told_wait_ms(d->a)));
        break;
    case SY_EV_MODEL:
        if (n[0] || n[1])
            buf_addf(d->out, ",\"context\":%llu,\"output\":%llu", (unsigned long long)n[0], (unsigned long long)n[1]);
        break;
    default:
        break;
    }
}

static int print_event(void *ctx, const struct sy_event *ev)
{
    static const char *const kinds[] = {"text", "candidate", "usage", "stop", "error", "model", "request id"};
    struct decoding *d = ctx;

    if (ev->kind < SY_EV_TEXT || ev->kind > SY_EV_REQUEST_ID)
        return 0; /* newer than we are */
    buf_addf(d->out, "{\"ev\":\"%s\"", kinds[ev->kind - SY_EV_TEXT]);
    print_numbers(d, ev);
    if (ev->text.n || ev->kind == SY_EV_TEXT || ev->kind == SY_EV_CANDIDATE) {
        buf_adds(d->out, ",\"text\":");
        json_quote((struct str){ev->text.p, ev->text.n}, d->out);
    }
    buf_adds(d->out, "}\n");
    d->ended = d->ended || ev->kind == SY_EV_STOP || ev->kind == SY_EV_ERROR;
    return 0;
}

/* What the host makes of a plugin that failed, or ended without saying so. */
static void print_verdict(struct decoding *d, struct provider *p, int code)
{
    struct err e = {0};

    if (code < 0)
        provider_take_failure(p, code, "read the answer", &e);
    else if (!d->ended)
        err_set(&e, ERR_PROTO, "'%s' broke off its answer (status %d)", provider_name(p), d->a->status ? d->a->status : 200);
    if (!e.code || d->ended)
        return;
    buf_addf(d->out, "{\"ev\":\"error\",\"class\":\"%s\",\"status\":0,\"retry_after\":%llu,\"text\":",
             class_name(code < 0 ? (uint64_t)-code : (uint64_t)-SY_ETRUNCATED), (unsigned long long)told_wait_ms(d->a));
    json_quote(str_c(e.text), d->out);
    buf_adds(d->out, "}\n");
}

static void feed(struct bench *b, void *x, const struct bench_answer *a, struct buf *out)
{
    const struct sy_provider *api = &b->plugin->api;
    struct decoding d = {.a = a, .out = out};
    struct sy_reply reply = {.size = sizeof reply, .status = a->status ? a->status : 200, .ctx = &d, .header = reply_header};
    struct sy_sink sink = {.size = sizeof sink, .ctx = &d, .emit = print_event};
    size_t step = a->split ? a->split : MAX(a->body.n, 1);
    int code = SY_OK;

    err_clear(&b->p->failure);
    for (size_t at = 0; at < a->body.n && code == SY_OK; at += step)
        code = api->feed(x, &reply, a->body.p + at, MIN(step, a->body.n - at), &sink);
    if (code == SY_OK && api->finish)
        code = api->finish(x, &reply, &sink);
    print_verdict(&d, b->p, code);
}

int bench_decode(const struct bench_params *p, const struct bench_answer *a, struct buf *out, struct err *e)
{
    struct bench b;
    struct request r;
    int code = bench_load(&b, p, true, e);

    if (code >= 0 && b.plugin->compute.size)
        code = no_exchange(&b, e);
    if (code >= 0) {
        bench_any_address(&b);
        code = bench_open(&b, p, e);
    }
    if (code >= 0) {
        code = bench_build(&b, &r, e);
        request_fini(&r);
        if (code >= 0) {
            feed(&b, r.x, a, out);
            b.plugin->api.end(r.x);
        }
    }
    bench_fini(&b);
    if (code >= 0 && out->overflow)
        return err_set(e, ERR_TOO_BIG, "the events take more than %zu bytes", out->max);
    return code;
}
