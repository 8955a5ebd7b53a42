/* SPDX-License-Identifier: MIT */
/* The client side that the HTTP tests share: an exchange that records what its handlers were told, and that can misbehave
 * inside them. Included by test_http.c and test_http_tls.c; no program of its own. */
#include "core/io/http_priv.h"
#include "tests/unit/http_server.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MAYBE_UNUSED __attribute__((unused))

static struct loop *loop;
static struct http *http;
static struct server server;
static struct err last_err; /* of get() */

enum doing { NOTHING, CANCEL_IN_HEAD, CANCEL_IN_BODY, REFUSE_BODY, CANCEL_OTHER, START_OTHER, START_AND_CANCEL };

struct exchange {
    struct http_req *req;
    enum doing doing;
    struct exchange *other; /* for CANCEL_OTHER and START_OTHER */
    struct buf body;
    int heads, status, bodies, dones;
    char retry_after[32], name[32];
    struct err err;
    struct http_timing timing;
};

static void start(struct exchange *x, const char *path);

static void act(struct exchange *x, bool in_head)
{
    switch (x->doing) {
    case CANCEL_IN_HEAD:
        if (in_head)
            http_cancel(x->req);
        break;
    case CANCEL_IN_BODY:
        if (!in_head)
            http_cancel(x->req);
        break;
    case CANCEL_OTHER:
        http_cancel(x->other->req);
        x->doing = NOTHING;
        break;
    case START_OTHER:
    case START_AND_CANCEL:
        start(x->other, "/ok");
        if (x->doing == START_AND_CANCEL)
            http_cancel(x->other->req);
        x->doing = NOTHING;
        break;
    default:
        break;
    }
}

static void copy(char to[32], struct str s)
{
    snprintf(to, 32, STR_FMT, STR_ARG(s));
}

static void on_head(void *ctx, struct http_req *r, int status)
{
    struct exchange *x = ctx;

    assert_ptr_equal(r, x->req);
    x->heads++;
    x->status = status;
    copy(x->retry_after, http_header(r, "retry-after"));
    assert_null(http_header(r, "no-such-header").p);
    act(x, true);
}

static bool on_bytes(void *ctx, struct http_req *r, struct str bytes)
{
    struct exchange *x = ctx;

    assert_ptr_equal(r, x->req);
    assert_int_equal(x->heads, 1);
    x->bodies++;
    (void)buf_addstr(&x->body, bytes);
    act(x, false);
    return x->doing != REFUSE_BODY;
}

static void on_done(void *ctx, struct http_req *r, const struct err *e, const struct http_timing *t)
{
    struct exchange *x = ctx;

    copy(x->name, http_header(r, "X-NAME"));
    assert_null(http_header(r, "x-t").p); /* a trailer is no header */
    x->dones++;
    x->err = *e;
    x->timing = *t;
    http_cancel(r); /* harmless */
}

static const struct http_handler handler = { on_head, on_bytes, on_done };

static void exchange_init(struct exchange *x, enum doing doing)
{
    *x = (struct exchange) { .doing = doing };
    buf_init(&x->body, 32 << 20);
}

static char *url_of(const char *path)
{
    return strncmp(path, "http", 4) == 0 ? mem_printf("%s", path) : mem_printf("http://127.0.0.1:%d%s", server.port, path);
}

static void start_spec(struct exchange *x, const char *path, struct http_spec spec)
{
    AUTO_FREE char *url = url_of(path);
    int dones = x->dones;

    spec.url = str_c(url);
    if (!spec.method.n)
        spec.method = STR("GET");
    last_err = (struct err) { 0 };
    x->req = http_start(http, &spec, &handler, x, &last_err);
    assert_int_equal(x->dones, dones);
}

static void start(struct exchange *x, const char *path)
{
    start_spec(x, path, (struct http_spec) { .timeout_ms = 10000 });
    assert_non_null(x->req);
}

static void finish(struct exchange *x)
{
    uint64_t end_ms = clock_ms() + 15000;

    while (!x->dones) {
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
        assert_true(clock_ms() < end_ms);
    }
    assert_int_equal(x->dones, 1);
}

static void run(struct exchange *x, const char *path)
{
    exchange_init(x, NOTHING);
    start(x, path);
    finish(x);
}

MAYBE_UNUSED static void steps(unsigned ms)
{
    uint64_t end_ms = clock_ms() + ms;

    while (clock_ms() < end_ms)
        assert_int_equal(loop_step(loop, 2, NULL), 0);
}

/* The sentence with PORT for the server's port. */
MAYBE_UNUSED static void expect_error(const struct err *e, int code, const char *sentence)
{
    AUTO_FREE char *port = mem_printf("%d", server.port);
    AUTO_BUF struct buf text;
    const char *hit = strstr(e->text, port);

    buf_init(&text, 1000);
    if (hit)
        (void)buf_addf(&text, "%.*sPORT%s", (int)(hit - e->text), e->text, hit + strlen(port));
    else
        (void)buf_adds(&text, e->text);
    assert_string_equal(buf_str(&text).p, sentence);
    assert_int_equal(e->code, code);
}

static int setup(void **state)
{
    (void)state;
    server_start(&server);
    loop = loop_new(NULL);
    http = http_new(loop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_free(http);
    loop_free(loop);
    server_stop(&server);
    return 0;
}
