/* SPDX-License-Identifier: MIT */
/* An exchange with a service: the plugin describes it (request.h), core/io/http.h does it, the plugin reads the answer.
 *
 * Surprising: an answer that HTTP calls whole is a failure until the plugin has seen its protocol's own end. */
#include "core/engine/request.h"
#include "core/engine/retry.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

static struct sy_str reply_header(void *ctx, const char *name)
{
    struct exchange *x = ctx;
    struct str v = x->req ? http_header(x->req, name) : STR_NULL;

    return (struct sy_str){v.p, v.n};
}

static int sink_emit(void *ctx, const struct sy_event *ev)
{
    return exchange_event(ctx, ev);
}

static void retire(struct exchange *x)
{
    if (x->retired)
        return;
    x->retired = true;
    x->p->plugin->api.end(x->x);
}

static struct sy_reply reply_of(struct exchange *x)
{
    return (struct sy_reply){.size = sizeof(struct sy_reply), .status = x->report.http_status, .ctx = x,
                             .header = reply_header};
}

static void on_head(void *ctx, struct http_req *r, int status)
{
    struct exchange *x = ctx;

    x->req = r;
    x->report.http_status = status;
}

/* feed() or finish() returned `code`. An error that the plugin has reported as an event says more. */
static void plugin_failed(struct exchange *x, int code, const char *what)
{
    if (x->error.code)
        return;
    x->report.provider_error = code;
    provider_take_failure(x->p, code, what, &x->error);
}

static bool on_body(void *ctx, struct http_req *r, struct str bytes)
{
    struct exchange *x = ctx;
    struct sy_reply reply = reply_of(x);
    struct sy_sink sink = {.size = sizeof sink, .ctx = x, .emit = sink_emit};
    int code;

    (void)r;
    err_clear(&x->p->failure);
    code = x->p->plugin->api.feed(x->x, &reply, bytes.p, bytes.n, &sink);
    if (code < 0 && !x->enough)
        plugin_failed(x, code, "read the answer");
    return !x->enough && !x->error.code;
}

/* The body is whole: what the plugin still holds back, and whether it saw the answer's end. */
static void finish_body(struct exchange *x)
{
    const struct sy_provider *api = &x->p->plugin->api;
    struct sy_sink sink = {.size = sizeof sink, .ctx = x, .emit = sink_emit};
    struct sy_reply reply = reply_of(x);
    int code;

    err_clear(&x->p->failure);
    code = api->finish ? api->finish(x->x, &reply, &sink) : SY_OK;
    if (code < 0 && !x->enough)
        plugin_failed(x, code, "read the end of the answer");
    if (x->ended || x->enough || x->error.code)
        return;
    x->report.provider_error = SY_ETRUNCATED;
    err_set(&x->error, ERR_PROTO, "'%s' broke off its answer (status %d)", x->p->cfg->name, x->report.http_status);
}

static void on_done(void *ctx, struct http_req *r, const struct err *e, const struct http_timing *t)
{
    struct exchange *x = ctx;
    struct err transport = {0};

    (void)t;
    x->req = r;
    if (!x->enough && !x->error.code) {
        if (!e->code)
            finish_body(x);
        else if (!x->ended)
            err_set(&transport, e->code, "'%s': %s", x->p->cfg->name, e->text);
    }
    if (x->error.code && !x->report.retry_after_ms && r)
        x->report.retry_after_ms = retry_after_ms(http_header(r, "retry-after-ms"), http_header(r, "retry-after"),
                                                  http_header(r, "date"), clock_wall_ms());
    retire(x);
    x->req = NULL;
    exchange_finish(x, &transport);
}

static const struct http_handler HANDLER = {on_head, on_body, on_done};

int exchange_http_start(struct exchange *x, const struct sy_request *req, struct err *e)
{
    struct err local = {0}, *why = e ? e : &local;
    struct request b;
    int r = request_build(&b, x->p, req, why);

    if (r == 0) {
        struct http_spec spec = {.method = str_c(b.method), .url = buf_str(&b.url), .headers = b.headers,
                                 .nheaders = b.nheaders, .body = buf_str(&b.body), .first_byte_timeout_ms = req->timeout_ms};

        x->x = b.x;
        x->report.request_bytes = b.body.n;
        x->req = http_start(x->p->http, &spec, &HANDLER, x, why);
        if (!x->req) {
            r = why->code ? why->code : ERR_IO;
            retire(x);
        }
    }
    request_fini(&b);
    return r;
}

void exchange_http_cancel(struct exchange *x)
{
    if (x->req)
        http_cancel(x->req);
    retire(x);
    x->p->busy--;
    x->magic = 0;
    free(x);
}
