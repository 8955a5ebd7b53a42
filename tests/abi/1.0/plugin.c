/* SPDX-License-Identifier: MIT */
/* A plugin built against the header of ABI 1.0 as it was released. It uses every slot, every service of the host and
 * every field, and writes down what it saw, so that a host that moved something gives itself away. Never change it. */
#include "provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct self {
    const struct sy_host *host;
};

struct exchange {
    struct self *self;
    size_t bytes, feeds;
    int stopped;
};

static struct sy_str text(const char *s)
{
    return (struct sy_str){s, strlen(s)};
}

static int self_open(const struct sy_host *host, void **self)
{
    struct self *s;
    struct sy_str word = host->option(host->ctx, "word");

    if (host->option(host->ctx, "no such option").p)
        return host->fail(host->ctx, SY_EINTERNAL, "an option that is not set is not NULL");
    if (host->extension(host->ctx, "test.none/1"))
        return host->fail(host->ctx, SY_EINTERNAL, "an extension that nobody has");
    if (word.n == 4 && memcmp(word.p, "fail", 4) == 0)
        return host->fail(host->ctx, SY_EREQUEST, "word is '%s', %d", "fail", 7);
    host->log(host->ctx, SY_LOG_DEBUG, "opened");
    s = calloc(1, sizeof *s);
    s->host = host;
    *self = s;
    return SY_OK;
}

static void self_close(void *self)
{
    free(self);
}

struct writer {
    const struct sy_http *http;
    int r;
};

static void field(struct writer *w, const char *name, struct sy_str value)
{
    char head[100];
    int n = snprintf(head, sizeof head, "%s\"%s\":\"", strcmp(name, "model") ? "," : "{", name);

    if (w->r >= 0)
        w->r = w->http->body(w->http->ctx, head, (size_t)n);
    if (w->r >= 0 && value.n > 0)
        w->r = w->http->body(w->http->ctx, value.p, value.n);
    if (w->r >= 0)
        w->r = w->http->body(w->http->ctx, "\"", 1);
}

static void number(struct writer *w, const char *name, long long value)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%lld", value);
    field(w, name, text(digits));
}

static void lists(struct writer *w, const struct sy_request *req)
{
    char name[32];

    for (size_t i = 0; i < req->nmsg; i++) {
        const struct sy_msg *m = (const void *)((const char *)req->msg + i * req->msg_stride);

        snprintf(name, sizeof name, "msg %zu role %d", i, m->role);
        field(w, name, m->text);
    }
    for (size_t i = 0; i < req->nextra; i++) {
        const struct sy_file *f = (const void *)((const char *)req->extra + i * req->extra_stride);

        snprintf(name, sizeof name, "extra %zu path", i);
        field(w, name, f->path);
        snprintf(name, sizeof name, "extra %zu text", i);
        field(w, name, f->text);
    }
    for (size_t i = 0; i < req->nstop; i++) {
        snprintf(name, sizeof name, "stop %zu", i);
        field(w, name, req->stop[i]);
    }
}

static int make_exchange(struct self *s, const struct sy_http *http, void **x)
{
    struct exchange *e = calloc(1, sizeof *e);

    (void)http;
    e->self = s;
    *x = e;
    return SY_OK;
}

static int self_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    struct self *s = self;
    struct writer w = {http, SY_OK};

    if (req->size < sizeof *req || !SY_HAS(req, flags))
        return s->host->fail(s->host->ctx, SY_EINTERNAL, "the request is smaller than 1.0 has it");
    w.r = http->line(http->ctx, "POST", text("http://127.0.0.1/abi"));
    if (w.r >= 0)
        w.r = http->header(http->ctx, text("X-Plain"), text("1"), 0);
    if (w.r >= 0)
        w.r = http->header(http->ctx, text("X-Secret"), text("2"), SY_SECRET);
    if (w.r >= 0)
        w.r = http->auth(http->ctx, SY_AUTH_HEADER, "x-key", 1);
    field(&w, "model", req->model);
    number(&w, "kind", req->kind);
    field(&w, "prefix", req->prefix);
    field(&w, "suffix", req->suffix);
    field(&w, "path", req->path);
    field(&w, "language", req->language);
    number(&w, "caret", (long long)req->caret);
    field(&w, "system", req->system);
    field(&w, "fim_format", req->fim_format);
    number(&w, "params length", (long long)req->params.n);
    number(&w, "temperature_milli", req->temperature_milli);
    number(&w, "max_tokens", req->max_tokens);
    number(&w, "timeout_ms", req->timeout_ms);
    number(&w, "flags", req->flags);
    lists(&w, req);
    field(&w, "word", s->host->option(s->host->ctx, "word"));
    if (w.r >= 0)
        w.r = http->body(http->ctx, "}", 1);
    return w.r < 0 ? w.r : make_exchange(s, http, x);
}

static int self_models(void *self, const struct sy_http *http, void **x)
{
    int r = http->line(http->ctx, "GET", text("http://127.0.0.1/models"));

    if (r >= 0)
        r = http->auth(http->ctx, SY_AUTH_BEARER, NULL, 0);
    return r < 0 ? r : make_exchange(self, http, x);
}

static int emit(struct exchange *e, const struct sy_sink *sink, int kind, struct sy_str words, uint64_t n0)
{
    struct sy_event ev = {.size = sizeof ev, .kind = kind, .text = words, .n = {n0, 2, 3, 4, 5, kind == SY_EV_USAGE}};
    int r = sink->emit(sink->ctx, &ev);

    if (r < 0 || kind == SY_EV_STOP || kind == SY_EV_ERROR)
        e->stopped = 1;
    return r;
}

/* Each letter of the body is an event. */
static int self_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink)
{
    struct exchange *e = x;
    const char *at = p;

    for (size_t i = 0; i < n && !e->stopped; i++, e->bytes++) {
        switch (at[i]) {
        case 't': emit(e, sink, SY_EV_TEXT, text("piece"), 0); break;
        case 'c': emit(e, sink, SY_EV_CANDIDATE, text("whole"), 500000); break;
        case 'u': emit(e, sink, SY_EV_USAGE, (struct sy_str){NULL, 0}, 1); break;
        case 'm': emit(e, sink, SY_EV_MODEL, text("m-1"), 4096); break;
        case 'i': emit(e, sink, SY_EV_REQUEST_ID, reply->header(reply->ctx, "X-ID"), 0); break;
        case 's': emit(e, sink, SY_EV_STOP, text("done"), SY_STOP_SEQUENCE); break;
        case 'e': emit(e, sink, SY_EV_ERROR, text("broken"), -SY_EQUOTA); break;
        default: break;
        }
    }
    return SY_OK;
}

static int self_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct exchange *e = x;

    if (!e->stopped && reply->status != 200)
        emit(e, sink, SY_EV_ERROR, text("finish saw the status"), -SY_ERATE);
    return SY_OK;
}

static void self_end(void *x)
{
    free(x);
}

static const void *self_extension(const char *id)
{
    return strcmp(id, "test.here/1") == 0 ? "here" : NULL;
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "abi10",
    .version = "1.0.0",
    .summary = "uses all of ABI 1.0",
    .options = "word",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_JSON | SY_CAP_PROMPT_CACHE | (uint64_t)1 << 60,
    .open = self_open,
    .close = self_close,
    .extension = self_extension,
    .begin = self_begin,
    .feed = self_feed,
    .finish = self_finish,
    .end = self_end,
    .models = self_models,
};

SY_PROVIDER_ENTRY(abi10)
{
    return &provider;
}
