/* SPDX-License-Identifier: MIT */
/* An exchange with a service: the plugin describes it, core/io/http.h does it, the plugin reads the answer.
 *
 * The key is added here and wiped here; the plugin never sees it. */
#include "core/engine/provider_priv.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/io/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_HEADERS 32

/* The builder behind struct sy_http. Header text lives in `text`, which never moves (reserved whole). */
struct request_builder {
    struct provider *p;
    struct err *e;
    struct buf url, text, body;
    char method[16];
    struct http_header headers[MAX_HEADERS];
    size_t nheaders;
};

static bool has_control(struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static int build_line(void *ctx, const char *method, struct sy_str url)
{
    struct request_builder *b = ctx;

    if (strlen(method) >= sizeof b->method || has_control(url) || b->url.n > 0)
        return SY_EINTERNAL;
    snprintf(b->method, sizeof b->method, "%s", method);
    return buf_add(&b->url, url.p, url.n) ? SY_OK : SY_ETOOBIG;
}

static struct str keep(struct request_builder *b, const char *prefix, struct sy_str s)
{
    size_t from = b->text.n;

    if (!buf_adds(&b->text, prefix) || !buf_add(&b->text, s.p, s.n))
        return STR_NULL;
    return (struct str){b->text.p + from, b->text.n - from};
}

static int build_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    struct request_builder *b = ctx;
    struct http_header *h = &b->headers[b->nheaders];

    (void)flags; /* nothing logs or records headers */
    if (b->nheaders == MAX_HEADERS || name.n == 0 || has_control(name) || has_control(value))
        return SY_EINTERNAL;
    h->name = keep(b, "", name);
    h->value = keep(b, "", value);
    if (b->text.overflow)
        return SY_ETOOBIG;
    b->nheaders++;
    return SY_OK;
}

static int no_key(const struct config_provider *cfg, struct err *e)
{
    if (cfg->key_source == KEY_NONE)
        return err_set(e, ERR_AUTH, "'%s': no key configured, set providers.%s.key to {\"env\": NAME} or {\"file\": PATH}",
                       cfg->name, cfg->name);
    return err_set(e, ERR_AUTH, "'%s': no key, set %s%s", cfg->name, cfg->key_source == KEY_ENV ? "" : "the file ",
                   cfg->key_ref);
}

static void add_key(struct request_builder *b, const char *name, struct str key)
{
    struct http_header *h = &b->headers[b->nheaders++];

    h->name = name ? keep(b, "", (struct sy_str){name, strlen(name)}) : STR("Authorization");
    h->value = keep(b, name ? "" : "Bearer ", (struct sy_str){key.p, key.n});
}

static int build_auth(void *ctx, int scheme, const char *name, int optional)
{
    struct request_builder *b = ctx;
    struct buf key;
    bool found;
    int r;

    if (scheme == SY_AUTH_NONE)
        return SY_OK;
    name = scheme == SY_AUTH_HEADER ? name : NULL;
    if (b->nheaders == MAX_HEADERS || (scheme == SY_AUTH_HEADER && !name) ||
        (name && has_control((struct sy_str){name, strlen(name)})))
        return SY_EINTERNAL;
    buf_init(&key, MAX_KEY_BYTES);
    r = config_key(b->p->cfg, &key, &found, b->e);
    if (r >= 0 && found)
        add_key(b, name, buf_str(&key));
    else if (r >= 0 && !optional)
        r = no_key(b->p->cfg, b->e);
    if (key.p)
        mem_wipe(key.p, key.cap);
    buf_fini(&key);
    if (r < 0)
        return SY_EAUTH;
    return b->text.overflow ? SY_ETOOBIG : SY_OK;
}

static int build_body(void *ctx, const void *p, size_t n)
{
    struct request_builder *b = ctx;

    return buf_add(&b->body, p, n) ? SY_OK : SY_ETOOBIG;
}

/* ---- the answer ---- */

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

static bool on_body(void *ctx, struct http_req *r, struct str bytes)
{
    struct exchange *x = ctx;
    struct sy_reply reply = reply_of(x);
    struct sy_sink sink = {.size = sizeof sink, .ctx = x, .emit = sink_emit};
    int code;

    (void)r;
    code = x->p->plugin->api.feed(x->x, &reply, bytes.p, bytes.n, &sink);
    if (code < 0 && !x->enough)
        provider_take_failure(x->p, code, "read the answer", &x->error);
    return !x->enough && !x->error.code;
}

/* Retry-After in its forms: milliseconds, seconds (HTTP dates are rare here and count as absent). */
static uint64_t retry_after_ms(struct http_req *r)
{
    struct str ms = http_header(r, "retry-after-ms"), s = http_header(r, "retry-after");
    char text[24];
    double v;

    snprintf(text, sizeof text, STR_FMT, STR_ARG(str_sub(ms.n ? ms : s, 0, sizeof text - 1)));
    v = strtod(text, NULL);
    if (v <= 0 || v > 86400e3)
        return 0;
    return (uint64_t)(ms.n ? v : v * 1000);
}

/* The body is whole: what the plugin still holds back, and whether it saw the answer's end. */
static void finish_body(struct exchange *x)
{
    const struct sy_provider *api = &x->p->plugin->api;
    struct sy_sink sink = {.size = sizeof sink, .ctx = x, .emit = sink_emit};
    struct sy_reply reply = reply_of(x);

    if (api->finish && api->finish(x->x, &reply, &sink) < 0)
        provider_take_failure(x->p, SY_EPROTO, "read the end of the answer", &x->error);
    if (!x->ended && !x->enough && !x->error.code)
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
        x->report.retry_after_ms = retry_after_ms(r);
    retire(x);
    x->req = NULL;
    exchange_finish(x, &transport);
}

static const struct http_handler HANDLER = {on_head, on_body, on_done};

static int start_built(struct exchange *x, struct request_builder *b, const struct sy_request *req, struct err *e)
{
    struct http_spec spec = {.method = str_c(b->method), .url = buf_str(&b->url), .headers = b->headers,
                             .nheaders = b->nheaders, .body = buf_str(&b->body), .first_byte_timeout_ms = req->timeout_ms};

    x->report.request_bytes = b->body.n;
    if (b->url.n == 0)
        return err_set(e, ERR_PLUGIN, "'%s': the plugin named no URL", x->p->cfg->name);
    x->req = http_start(x->p->http, &spec, &HANDLER, x, e);
    if (!x->req)
        return e && e->code ? e->code : ERR_IO;
    return 0;
}

int exchange_http_start(struct exchange *x, const struct sy_request *req, struct err *e)
{
    struct err local = {0};
    struct request_builder b = {.p = x->p, .e = e ? e : &local};
    struct sy_http http = {.size = sizeof http, .ctx = &b, .line = build_line, .header = build_header, .auth = build_auth,
                           .body = build_body};
    int r;

    buf_init(&b.url, 8u << 10);
    buf_init(&b.text, 16u << 10);
    buf_reserve(&b.text, b.text.max); /* header strings point into it */
    buf_init(&b.body, MAX_HTTP_REQUEST_BYTES);
    err_clear(&x->p->failure);
    r = x->p->plugin->api.begin(x->p->self, req, &http, &x->x);
    if (r != SY_OK) {
        r = b.e->code ? b.e->code : provider_take_failure(x->p, r, "make a request", b.e);
    } else {
        r = start_built(x, &b, req, b.e);
        if (r < 0)
            retire(x);
    }
    if (b.text.p)
        mem_wipe(b.text.p, b.text.n);
    buf_fini(&b.url);
    buf_fini(&b.text);
    buf_fini(&b.body);
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
