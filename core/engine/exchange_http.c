/* SPDX-License-Identifier: MIT */
/* An exchange with a service: the plugin describes it (request.h), core/io/http.h does it, the plugin reads the answer.
 *
 * Surprising: an answer that HTTP calls whole is a failure until the plugin has seen its protocol's own end. */
#include "core/engine/host_auth.h"
#include "core/engine/retry.h"
#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#define AT_ONCE_MS 10 /* a plugin that has changed the request asks for this little */

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

static void copy_free(struct exchange *x);
static bool ask_again(struct exchange *x, struct err *why);

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
    if (ask_again(x, &transport))
        return;
    copy_free(x);
    exchange_finish(x, &transport);
}

static const struct http_handler HANDLER = {on_head, on_body, on_done};

/* One request, made and sent. 0, REQUEST_LATER, or a code with why set. */
static int send_request(struct exchange *x, const struct sy_request *req, struct err *why)
{
    struct request b;
    int r = request_build(&b, x->p, req, why);

    if (r == 0) {
        struct http_spec spec = {.method = str_c(b.method), .url = buf_str(&b.url), .headers = b.headers,
                                 .nheaders = b.nheaders, .body = buf_str(&b.body), .first_byte_timeout_ms = req->timeout_ms};

        x->x = b.x;
        x->retired = false;
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

/* ---- the request's copy: for credentials that are waited for, and for asking again ---- */

struct exchange_copy {
    struct arena arena;
    struct sy_request req;
};

static void keep(struct arena *a, struct sy_str *s)
{
    struct str copy = arena_str(a, (struct str){s->p ? s->p : "", s->n});

    *s = (struct sy_str){copy.p, copy.n};
}

static struct exchange_copy *copy_request(const struct sy_request *req)
{
    struct exchange_copy *c = mem_zalloc(sizeof *c);
    struct sy_msg *msg;
    struct sy_file *extra;
    struct sy_str *stop;

    arena_init(&c->arena, 8 * (size_t)MAX_HTTP_REQUEST_BYTES);
    c->req = *req;
    msg = arena_alloc(&c->arena, (req->nmsg + 1) * sizeof *msg);
    extra = arena_alloc(&c->arena, (req->nextra + 1) * sizeof *extra);
    stop = arena_alloc(&c->arena, (req->nstop + 1) * sizeof *stop);
    for (size_t i = 0; i < req->nmsg; i++) {
        msg[i] = *(const struct sy_msg *)(const void *)((const char *)req->msg + i * req->msg_stride);
        keep(&c->arena, &msg[i].text);
    }
    for (size_t i = 0; i < req->nextra; i++) {
        extra[i] = *(const struct sy_file *)(const void *)((const char *)req->extra + i * req->extra_stride);
        keep(&c->arena, &extra[i].path);
        keep(&c->arena, &extra[i].text);
    }
    for (size_t i = 0; i < req->nstop; i++) {
        stop[i] = req->stop[i];
        keep(&c->arena, &stop[i]);
    }
    struct sy_str *texts[] = {&c->req.model,  &c->req.prefix, &c->req.suffix,     &c->req.path,
                              &c->req.language, &c->req.system, &c->req.fim_format, &c->req.params};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        keep(&c->arena, texts[i]);
    c->req.msg = msg;
    c->req.extra = extra;
    c->req.stop = stop;
    c->req.msg_stride = sizeof *msg;
    c->req.extra_stride = sizeof *extra;
    return c;
}

static void copy_free(struct exchange *x)
{
    if (!x->copy)
        return;
    arena_fini(&x->copy->arena);
    free(x->copy);
    x->copy = NULL;
}

static void wait_for_credentials(struct exchange *x)
{
    x->retired = true; /* the plugin has nothing of it yet */
    host_auth_wait(x);
}

static bool is_at_once(uint64_t retry_after_ms)
{
    return retry_after_ms > 0 && retry_after_ms <= AT_ONCE_MS;
}

/* The service refused a part of the request by name and the plugin has learnt to leave it out: the same request once
 * more, unless anything was delivered. True if it is under way. */
static bool ask_again(struct exchange *x, struct err *why)
{
    struct err not_now = {0};
    int r;

    if (x->report.provider_error != SY_EAGAIN || !is_at_once(x->report.retry_after_ms) || x->report.first_us || x->again ||
        x->enough || !x->copy)
        return false;
    x->again = true;
    r = send_request(x, &x->copy->req, &not_now);
    if (r < 0) {
        *why = not_now;
        return false;
    }
    err_clear(&x->error);
    x->ended = false;
    x->report = (struct exchange_report){.request_bytes = x->report.request_bytes};
    if (r == REQUEST_LATER)
        wait_for_credentials(x);
    return true;
}

int exchange_http_start(struct exchange *x, const struct sy_request *req, struct err *e)
{
    struct err local = {0}, *why = e ? e : &local;
    int r = send_request(x, req, why);

    if (r < 0)
        return r;
    x->copy = copy_request(req);
    if (r == REQUEST_LATER) {
        err_clear(why);
        wait_for_credentials(x);
    }
    return 0;
}

void exchange_http_resume(struct exchange *x)
{
    struct err why = {0};

    if (send_request(x, &x->copy->req, &why) == 0)
        return;
    copy_free(x);
    exchange_finish(x, &why);
}

void exchange_http_cancel(struct exchange *x)
{
    host_auth_forget(x);
    copy_free(x);
    if (x->req)
        http_cancel(x->req);
    retire(x);
    x->p->busy--;
    x->magic = 0;
    free(x);
}
