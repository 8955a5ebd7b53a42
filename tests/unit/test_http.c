/* SPDX-License-Identifier: MIT */
/* The HTTP client against a real server on loopback that answers, stalls, lies and breaks off; over TLS and HTTP/2 against
 * Node. Times are only bounded where the contract bounds them, and then the best of a few tries counts, because the
 * machine may be busy.
 * suite: time=120 alone */
#include "core/io/http_priv.h"
#include "core/base/limits.h"
#include "tests/unit/http_server.c"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

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

static void steps(unsigned ms)
{
    uint64_t end_ms = clock_ms() + ms;

    while (clock_ms() < end_ms)
        assert_int_equal(loop_step(loop, 2, NULL), 0);
}

/* The sentence with PORT for the server's port. */
static void expect_error(const struct err *e, int code, const char *sentence)
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

static void expect_failure(const char *path, int code, const char *sentence)
{
    struct exchange x;

    run(&x, path);
    expect_error(&x.err, code, sentence);
    buf_fini(&x.body);
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

/* ---- answers ---- */

static void expect_body(const char *path, int status, const char *body)
{
    struct exchange x;

    run(&x, path);
    assert_int_equal(x.err.code, 0);
    assert_int_equal(x.status, status);
    assert_int_equal(x.heads, 1);
    assert_string_equal(buf_str(&x.body).p, body);
    buf_fini(&x.body);
}

static void answers_of_every_shape(void **state)
{
    (void)state;
    expect_body("/ok", 200, "hello");
    expect_body("/empty", 204, "");
    expect_body("/chunked", 200, "hello, world");
    expect_body("/split", 200, "hello, world");
    expect_body("/delay", 200, "hello");
    expect_body("/interim", 200, "hi");
    expect_body("/until-close", 200, "all there is");
    expect_body("/500", 500, "{\"error\":true}");
    expect_body("/redirect", 302, ""); /* and not followed */
    expect_body("/missing", 404, "");
}

static void headers_of_the_answer(void **state)
{
    struct exchange x;

    (void)state;
    run(&x, "/500");
    assert_string_equal(x.retry_after, "7");
    buf_fini(&x.body);
    run(&x, "/echo");
    assert_string_equal(x.name, "last"); /* the last one, and still there in done() */
    buf_fini(&x.body);
    run(&x, "/interim");
    assert_string_equal(x.name, "");
    buf_fini(&x.body);
}

static void connections_are_kept(void **state)
{
    struct exchange x;
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        run(&x, i % 2 ? "/chunked" : "/ok");
        assert_int_equal(x.err.code, 0);
        assert_int_equal(x.timing.reused_connection, i > 0);
        assert_true(x.timing.sent_us > 0);
        assert_true(x.timing.first_byte_us >= x.timing.sent_us);
        assert_true(x.timing.total_us >= x.timing.first_byte_us);
        buf_fini(&x.body);
    }
    assert_int_equal(server_count(&server, &server.connections), 1);
    assert_int_equal(server_count(&server, &server.requests), 20);
}

static void a_connection_that_went_away_is_replaced(void **state)
{
    struct exchange x;

    (void)state;
    run(&x, "/ok");
    buf_fini(&x.body);
    pthread_mutex_lock(&server.lock);
    shutdown(server.conns[0].fd, SHUT_RDWR);
    pthread_mutex_unlock(&server.lock);
    usleep(20000);
    run(&x, "/ok");
    assert_int_equal(x.err.code, 0);
    assert_false(x.timing.reused_connection);
    buf_fini(&x.body);
}

static void many_at_once(void **state)
{
    struct exchange x[30];
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(x); i++) {
        exchange_init(&x[i], NOTHING);
        start(&x[i], i % 3 ? "/split" : "/chunked");
    }
    for (i = 0; i < ARRAY_LEN(x); i++) {
        finish(&x[i]);
        assert_string_equal(x[i].body.p, "hello, world");
        buf_fini(&x[i].body);
    }
}

static void large_bodies_both_ways(void **state)
{
    AUTO_FREE char *body = mem_alloc(6 << 20);
    struct exchange x;
    size_t i;

    (void)state;
    for (i = 0; i < 6 << 20; i++)
        body[i] = (char)(i * 7 + i / 1000);
    exchange_init(&x, NOTHING);
    start_spec(&x, "/echo", (struct http_spec) { .method = STR("POST"), .body = { body, 6 << 20 }, .timeout_ms = 20000 });
    memset(body, 0, 4096); /* it was copied */
    finish(&x);
    assert_int_equal(x.err.code, 0);
    assert_int_equal(x.body.n, 6 << 20);
    for (i = 0; i < 6 << 20; i++)
        if (x.body.p[i] != (char)(i * 7 + i / 1000))
            fail_msg("byte %zu differs", i);
    buf_fini(&x.body);
    run(&x, "/big");
    assert_int_equal(x.err.code, 0);
    assert_int_equal(x.body.n, SERVER_BIG);
    buf_fini(&x.body);
}

/* ---- what is sent ---- */

static void send_with(const char *method, const struct http_header *headers, size_t n, const char *body)
{
    struct exchange x;

    exchange_init(&x, NOTHING);
    start_spec(&x, "/ok?a=b", (struct http_spec) { .method = str_c(method),
                                                   .headers = headers,
                                                   .nheaders = n,
                                                   .body = str_c(body),
                                                   .timeout_ms = 10000 });
    assert_non_null(x.req);
    finish(&x);
    buf_fini(&x.body);
}

/* The last request was the line, our host and these lines. */
static void expect_sent(const char *line, const char *rest)
{
    AUTO_FREE char *want = mem_printf("%s\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n%s", line, server.port, rest);

    pthread_mutex_lock(&server.lock);
    assert_string_equal(server.last.p, want);
    pthread_mutex_unlock(&server.lock);
}

static void the_request_on_the_wire(void **state)
{
    static const struct http_header headers[] = {
        { { "Authorization", 13 }, { "Bearer key", 10 } },
        { { "content-type", 12 }, { "application/json", 16 } },
        { { "X-Empty", 7 }, { "", 0 } },
        { { "Content-Length", 14 }, { "3", 1 } },
        { { "Transfer-Encoding", 17 }, { "chunked", 7 } },
        { { "CONNECTION", 10 }, { "close", 5 } },
        { { "accept-encoding", 15 }, { "gzip", 4 } },
        { { "expect", 6 }, { "100-continue", 12 } },
    };

    (void)state;
    send_with("POST", headers, ARRAY_LEN(headers), "{\"a\":1}");
    expect_sent("POST /ok?a=b HTTP/1.1",
                "Authorization: Bearer key\r\ncontent-type: application/json\r\nX-Empty:\r\n"
                "Accept-Encoding: identity\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    /* The same handle, other methods: nothing of the last request is left. */
    send_with("GET", NULL, 0, "");
    expect_sent("GET /ok?a=b HTTP/1.1", "Accept-Encoding: identity\r\n\r\n");
    send_with("PUT", NULL, 0, "xyz");
    expect_sent("PUT /ok?a=b HTTP/1.1", "Accept-Encoding: identity\r\nContent-Length: 3\r\n\r\nxyz");
    send_with("DELETE", NULL, 0, "");
    expect_sent("DELETE /ok?a=b HTTP/1.1", "Accept-Encoding: identity\r\n\r\n");
    send_with("POST", NULL, 0, "");
    expect_sent("POST /ok?a=b HTTP/1.1", "Accept-Encoding: identity\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(server_count(&server, &server.connections), 1);
}

static void expect_refused(struct http_spec spec, const char *url, int code, const char *sentence)
{
    struct exchange x;

    exchange_init(&x, NOTHING);
    start_spec(&x, url, spec);
    assert_null(x.req);
    expect_error(&last_err, code, sentence);
}

static void requests_that_cannot_start(void **state)
{
    static const struct http_header bad_value[] = { { { "X-Key", 5 }, { "secret\r\nX-Evil: 1", 17 } } };
    static const struct http_header bad_name[] = { { { "X Key", 5 }, { "secret", 6 } } };
    AUTO_FREE char *big = mem_zalloc(MAX_HTTP_REQUEST_BYTES + 1);
    AUTO_FREE char *long_host = mem_zalloc(400);

    (void)state;
    memset(long_host, 'h', 399);
    memcpy(long_host, "http://", 7);
    expect_refused((struct http_spec) { 0 }, "httpx://a/", ERR_INVALID, "the URL does not begin with http:// or https://");
    expect_refused((struct http_spec) { 0 }, "http://", ERR_INVALID, "the URL does not begin with http:// or https://");
    expect_refused((struct http_spec) { 0 }, "https:///key", ERR_INVALID, "the URL has no usable host");
    expect_refused((struct http_spec) { 0 }, long_host, ERR_INVALID, "the URL has no usable host");
    expect_refused((struct http_spec) { 0 }, "http://u:secret@h/", ERR_INVALID, "the URL holds a user name or password");
    expect_refused((struct http_spec) { 0 }, "/a b", ERR_INVALID, "the URL has a blank or a character outside ASCII");
    expect_refused((struct http_spec) { 0 }, "http://h\r\nX: y/", ERR_INVALID,
                   "the URL has a blank or a character outside ASCII");
    expect_refused((struct http_spec) { .method = STR("GE T") }, "/ok", ERR_INVALID,
                   "the request to 127.0.0.1:PORT has a malformed method");
    expect_refused((struct http_spec) { .headers = bad_value, .nheaders = 1 }, "/ok", ERR_INVALID,
                   "header 'X-Key' has a control character in its value");
    expect_refused((struct http_spec) { .headers = bad_name, .nheaders = 1 }, "/ok", ERR_INVALID,
                   "header 1 of the request has a malformed name");
    expect_refused((struct http_spec) { .body = { big, MAX_HTTP_REQUEST_BYTES + 1 } }, "/ok", ERR_TOO_BIG,
                   "the request to 127.0.0.1:PORT has 8388609 bytes, at most 8388608 are sent");
    assert_int_equal(server_count(&server, &server.connections), 0);
}

/* ---- failures ---- */

static void broken_answers(void **state)
{
    (void)state;
    expect_failure("/close", ERR_IO, "127.0.0.1:PORT closed the connection without an answer");
    expect_failure("/truncated", ERR_IO, "127.0.0.1:PORT closed the connection in the middle of its answer");
    expect_failure("/truncated-chunk", ERR_IO, "127.0.0.1:PORT closed the connection in the middle of its answer");
    expect_failure("/reset", ERR_IO, "the connection to 127.0.0.1:PORT broke: connection reset by peer");
    expect_failure("/garbage", ERR_PROTO, "127.0.0.1:PORT does not answer with HTTP");
    expect_failure("/gzip", ERR_PROTO, "127.0.0.1:PORT sends content-encoding 'gzip', which was not asked for");
    expect_failure("/many-headers", ERR_TOO_BIG, "the answer of 127.0.0.1:PORT has more than 65536 bytes of headers");
}

static void bad_chunks(void **state)
{
    struct exchange x;

    (void)state;
    run(&x, "/bad-chunk");
    assert_int_equal(x.err.code, ERR_IO);
    assert_true(strstr(x.err.text, "the connection to 127.0.0.1:") == x.err.text);
    assert_int_equal(x.bodies, 0);
    buf_fini(&x.body);
}

static void nobody_there(void **state)
{
    struct server gone = { 0 };
    AUTO_FREE char *url = NULL, *want = NULL;
    struct exchange x;

    (void)state;
    server_listen(&gone, 1);
    close(gone.fd);
    url = mem_printf("http://127.0.0.1:%d/v1?key=secret", gone.port);
    want = mem_printf("cannot connect to 127.0.0.1:%d: connection refused", gone.port);
    run(&x, url);
    assert_string_equal(x.err.text, want);
    assert_int_equal(x.err.code, ERR_IO);
    assert_int_equal(x.timing.sent_us, 0);
    assert_false(x.timing.reused_connection);
    run(&x, "http://no-such-name.invalid/");
    assert_string_equal(x.err.text, "cannot find the address of no-such-name.invalid:80");
    assert_int_equal(x.err.code, ERR_IO);
}

static void bodies_over_the_cap(void **state)
{
    struct exchange x;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        exchange_init(&x, NOTHING);
        start_spec(&x, i ? "/big-chunked" : "/big", (struct http_spec) { .max_reply_bytes = 100000, .timeout_ms = 10000 });
        finish(&x);
        assert_int_equal(x.err.code, ERR_TOO_BIG);
        assert_true(x.body.n <= 100000);
        expect_error(&x.err, ERR_TOO_BIG, i ? "the answer of 127.0.0.1:PORT has more than 100000 bytes"
                                            : "the answer of 127.0.0.1:PORT has 10485760 bytes, at most 100000 are taken");
        assert_int_equal(x.heads, i); /* a length that is announced is not even begun */
        buf_fini(&x.body);
    }
}

static void expect_timeout(const char *path, struct http_spec spec, unsigned ms, const char *sentence)
{
    struct exchange x;
    uint64_t start_us = clock_us(), took_us;

    exchange_init(&x, NOTHING);
    start_spec(&x, path, spec);
    finish(&x);
    took_us = clock_us() - start_us;
    expect_error(&x.err, ERR_TIMEOUT, sentence);
    assert_true(took_us >= ms * 1000);
    assert_true(took_us < ms * 1000 + 1000000);
    buf_fini(&x.body);
}

static void every_wait_ends(void **state)
{
    struct server full = { 0 };
    int fds[8];
    size_t i;

    (void)state;
    expect_timeout("/hang", (struct http_spec) { .first_byte_timeout_ms = 80 }, 80,
                   "no answer from 127.0.0.1:PORT within 80 ms");
    expect_timeout("/hang-after-head", (struct http_spec) { .first_byte_timeout_ms = 80 }, 80,
                   "no answer from 127.0.0.1:PORT within 80 ms");
    expect_timeout("/hang", (struct http_spec) { .timeout_ms = 90 }, 90,
                   "no complete answer from 127.0.0.1:PORT within 90 ms");
    expect_timeout("/hang-in-body", (struct http_spec) { .timeout_ms = 1000 }, 1000,
                   "no complete answer from 127.0.0.1:PORT within 1 s");
    expect_timeout("/hang-in-body", (struct http_spec) { .idle_timeout_ms = 70, .first_byte_timeout_ms = 5000 }, 70,
                   "127.0.0.1:PORT fell silent for 70 ms in the middle of its answer");
    /* 30 ms between pieces do not count as silence, 100 ms after the last do. */
    expect_timeout("/silence", (struct http_spec) { .idle_timeout_ms = 100 }, 250,
                   "127.0.0.1:PORT fell silent for 100 ms in the middle of its answer");

    /* A listener whose queue is full does not answer a SYN. */
    server_listen(&full, 0);
    for (i = 0; i < ARRAY_LEN(fds); i++) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

        to.sin_port = htons((uint16_t)full.port);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
    }
    usleep(10000);
    {
        AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d/", full.port);
        AUTO_FREE char *want = mem_printf("no connection to 127.0.0.1:%d within 120 ms", full.port);

        expect_timeout(url, (struct http_spec) { .connect_timeout_ms = 120 }, 120, want);
    }
    for (i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    close(full.fd);
}

static void an_unused_client_is_quiet(void **state)
{
    struct rusage a, b;
    struct exchange x;
    uint64_t end_ms;

    (void)state;
    run(&x, "/ok");
    buf_fini(&x.body);
    getrusage(RUSAGE_THREAD, &a);
    end_ms = clock_ms() + 400;
    while (clock_ms() < end_ms)
        assert_int_equal(loop_step(loop, 400, NULL), 0);
    getrusage(RUSAGE_THREAD, &b);
    assert_true(b.ru_nvcsw - a.ru_nvcsw <= 3);
}

/* ---- cancelling ---- */

/* Cancels an exchange that has come as far as `ready` says; how long until the server saw the end. */
static uint64_t cancel_us(const char *path, bool wants_body)
{
    int closed = server_count(&server, &server.closed), requests = server_count(&server, &server.requests);
    uint64_t at_us, seen_us, end_ms = clock_ms() + 5000;
    struct exchange x;

    exchange_init(&x, NOTHING);
    start(&x, path);
    while ((wants_body ? x.bodies == 0 : server_count(&server, &server.requests) == requests) && clock_ms() < end_ms)
        assert_int_equal(loop_step(loop, 5, NULL), 0);
    at_us = clock_us();
    http_cancel(x.req);
    seen_us = server_wait_closed(&server, closed + 1);
    assert_true(seen_us > 0);
    steps(5);
    assert_int_equal(x.dones, 0);
    buf_fini(&x.body);
    return seen_us > at_us ? seen_us - at_us : 0;
}

static void cancelling_closes_at_once(void **state)
{
    static const struct {
        const char *path;
        bool wants_body;
    } cases[] = { { "/hang", false }, { "/hang-after-head", false }, { "/hang-in-body", true } };
    size_t i, try;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t best_us = UINT64_MAX, us;

        for (try = 0; try < 5; try++) {
            us = cancel_us(cases[i].path, cases[i].wants_body);
            best_us = MIN(best_us, us);
        }
        if (best_us >= 5000)
            fail_msg("%s: closed after %llu us", cases[i].path, (unsigned long long)best_us);
    }
    /* Another connection is not touched by it. */
    expect_body("/ok", 200, "hello");
}

static void cancelling_before_anything_was_sent(void **state)
{
    struct exchange x;

    (void)state;
    exchange_init(&x, NOTHING);
    start(&x, "/ok");
    http_cancel(x.req);
    steps(20);
    assert_int_equal(x.heads + x.bodies + x.dones, 0);
    assert_int_equal(server_count(&server, &server.requests), 0);
    http_cancel(NULL);
    run(&x, "/ok");
    assert_int_equal(x.err.code, 0);
    buf_fini(&x.body);
}

static void cancelling_inside_handlers(void **state)
{
    static const enum doing doings[] = { CANCEL_IN_HEAD, CANCEL_IN_BODY };
    struct exchange x;
    uint64_t seen_us;
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(doings); i++) {
        exchange_init(&x, doings[i]);
        start(&x, "/hang-in-body");
        seen_us = 0;
        while (!seen_us) {
            assert_int_equal(loop_step(loop, 1000, NULL), 0);
            if (x.heads && (i == 0 || x.bodies))
                seen_us = server_wait_closed(&server, (int)i + 1); /* without another round of the loop */
        }
        steps(5);
        assert_int_equal(x.dones, 0);
        assert_int_equal(x.bodies, i == 0 ? 0 : 1);
        buf_fini(&x.body);
    }
    /* A whole answer in one piece, cancelled at its head, has no body either. */
    exchange_init(&x, CANCEL_IN_HEAD);
    start(&x, "/ok");
    steps(50);
    assert_int_equal(x.heads, 1);
    assert_int_equal(x.bodies + x.dones, 0);
}

static void refusing_a_body_ends_it(void **state)
{
    struct exchange x;

    (void)state;
    exchange_init(&x, REFUSE_BODY);
    start(&x, "/hang-in-body");
    finish(&x);
    expect_error(&x.err, ERR_CANCELLED, "the answer of 127.0.0.1:PORT was not wanted any more");
    assert_true(server_wait_closed(&server, 1) > 0);
    buf_fini(&x.body);
}

static void handlers_act_on_others(void **state)
{
    struct exchange x, other;

    (void)state;
    exchange_init(&other, NOTHING);
    start(&other, "/hang");
    exchange_init(&x, CANCEL_OTHER);
    x.other = &other;
    steps(10);
    start(&x, "/chunked");
    finish(&x);
    assert_int_equal(x.err.code, 0);
    assert_true(server_wait_closed(&server, 1) > 0);
    assert_int_equal(other.dones, 0);
    buf_fini(&x.body);

    exchange_init(&other, NOTHING);
    exchange_init(&x, START_OTHER);
    x.other = &other;
    start(&x, "/chunked");
    finish(&x);
    finish(&other);
    assert_string_equal(other.body.p, "hello");
    buf_fini(&x.body);
    buf_fini(&other.body);

    exchange_init(&other, NOTHING);
    exchange_init(&x, START_AND_CANCEL);
    x.other = &other;
    start(&x, "/chunked");
    finish(&x);
    steps(20);
    assert_int_equal(other.heads + other.dones, 0);
    buf_fini(&x.body);
}

static void freeing_with_exchanges_in_flight(void **state)
{
    struct exchange x[4];
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(x); i++) {
        exchange_init(&x[i], NOTHING);
        start(&x[i], i % 2 ? "/hang-in-body" : "/hang");
    }
    steps(30);
    http_free(http);
    http = NULL;
    assert_true(server_wait_closed(&server, 4) > 0);
    for (i = 0; i < ARRAY_LEN(x); i++) {
        assert_int_equal(x[i].dones, 0);
        buf_fini(&x[i].body);
    }
}

/* ---- the library, proxies, TLS ---- */

static void without_a_library(void **state)
{
    static const char *const none[] = { "libno-such-curl.so.4", NULL };
    static const char *const other[] = { "libno-such-curl.so.4", "libm.so.6", NULL };
    struct curl_api api = { 0 };
    struct err e = { 0 };

    (void)state;
    assert_int_equal(curl_load(&api, none, &e), ERR_UNSUPPORTED);
    assert_string_equal(e.text, "no libcurl found: install it (Debian: apt install libcurl4)");
    err_clear(&e);
    assert_int_equal(curl_load(&api, other, &e), ERR_UNSUPPORTED);
    assert_string_equal(e.text, "'libm.so.6' has no curl_global_init: install another libcurl");
}

static void the_version(void **state)
{
    int a, b, c;

    (void)state;
    assert_int_equal(sscanf(http_version(http), "%d.%d.%d ", &a, &b, &c), 3);
    assert_int_equal(http_prepare(http, NULL), 0);
    assert_int_equal(http_prepare(http, NULL), 0);
}

static void proxies_of_the_environment(void **state)
{
    AUTO_FREE char *proxy = mem_printf("http://user:secret@127.0.0.1:%d", server.port);
    struct exchange x;

    (void)state;
    setenv("http_proxy", proxy, 1);
    run(&x, "http://api.example:81/ok?key=1");
    assert_int_equal(x.status, 404); /* the server is no proxy, but it was asked */
    pthread_mutex_lock(&server.lock);
    assert_non_null(strstr(server.last.p, "GET http://api.example:81/ok?key=1 HTTP/1.1\r\n"));
    pthread_mutex_unlock(&server.lock);
    setenv("http_proxy", "http://user:secret@127.0.0.1:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_int_equal(x.err.code, ERR_IO);
    assert_string_equal(x.err.text, "cannot connect to api.example:81 through the environment's proxy: connection refused");
    setenv("http_proxy", "nonsense://user:secret@127.0.0.1:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_string_equal(x.err.text,
                        "cannot connect to api.example:81 through the environment's proxy: couldn't connect to server");
    setenv("http_proxy", "http://user:secret@no-such-proxy.invalid:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_string_equal(x.err.text, "cannot reach api.example:81: the proxy of the environment has no address");
    setenv("no_proxy", "127.0.0.1", 1);
    run(&x, "/ok");
    assert_int_equal(x.status, 200);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    buf_fini(&x.body);
}

static char dir[] = "/tmp/test_http_XXXXXX";

static char *in_dir(const char *name)
{
    return mem_printf("%s/%s", dir, name);
}

static bool spawn(pid_t *pid, char *const argv[], int in, int out)
{
    posix_spawn_file_actions_t actions;
    int r;

    posix_spawn_file_actions_init(&actions);
    if (in >= 0)
        posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    r = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return r == 0;
}

static bool make_certificate(char *key, char *cert)
{
    char *argv[] = { (char *)(uintptr_t)"openssl", (char *)(uintptr_t)"req", (char *)(uintptr_t)"-x509",
                     (char *)(uintptr_t)"-newkey", (char *)(uintptr_t)"ec", (char *)(uintptr_t)"-pkeyopt",
                     (char *)(uintptr_t)"ec_paramgen_curve:prime256v1", (char *)(uintptr_t)"-nodes",
                     (char *)(uintptr_t)"-keyout", key, (char *)(uintptr_t)"-out", cert, (char *)(uintptr_t)"-days",
                     (char *)(uintptr_t)"2", (char *)(uintptr_t)"-subj", (char *)(uintptr_t)"/CN=test",
                     (char *)(uintptr_t)"-addext", (char *)(uintptr_t)"subjectAltName=IP:127.0.0.1", NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = -1;
    pid_t pid;

    if (spawn(&pid, argv, null, null))
        waitpid(pid, &status, 0);
    close(null);
    return status == 0;
}

struct node {
    pid_t pid;
    int in, out, port;
    struct buf seen;
};

/* Reads what the server said until `text` is in it; the loop goes on meanwhile. */
static bool node_says(struct node *n, const char *text)
{
    uint64_t end_ms = clock_ms() + 10000;
    ssize_t got;

    while (!strstr(buf_str(&n->seen).p, text) && clock_ms() < end_ms) {
        (void)loop_step(loop, 1, NULL);
        got = read(n->out, buf_reserve(&n->seen, 4096), 4096);
        if (got > 0) {
            n->seen.n += (size_t)got;
            n->seen.p[n->seen.n] = '\0';
        }
    }
    return strstr(buf_str(&n->seen).p, text) != NULL;
}

static bool node_start(struct node *n, char *key, char *cert)
{
    AUTO_FREE char *script = mem_printf("%s/tests/unit/h2_server.js", getenv("ROOT") ? getenv("ROOT") : ".");
    char *argv[] = { (char *)(uintptr_t)"node", script, key, cert, NULL };
    int to[2], from[2];

    buf_init(&n->seen, 1 << 20);
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0 || !spawn(&n->pid, argv, to[0], from[1]))
        return false;
    close(to[0]);
    close(from[1]);
    n->in = to[1];
    n->out = from[0];
    fcntl(n->out, F_SETFL, O_NONBLOCK);
    if (!node_says(n, "\n"))
        return false;
    n->port = (int)strtol(n->seen.p, NULL, 10);
    return true;
}

static void node_stop(struct node *n)
{
    close(n->in);
    close(n->out);
    waitpid(n->pid, NULL, 0);
    buf_fini(&n->seen);
}

static void http2_over_tls(struct node *n)
{
    AUTO_FREE char *ok = mem_printf("https://127.0.0.1:%d/ok", n->port);
    AUTO_FREE char *hang = mem_printf("https://127.0.0.1:%d/hang", n->port);
    struct exchange x;
    int i;

    for (i = 0; i < 3; i++) {
        run(&x, ok);
        assert_string_equal(x.err.text, "");
        assert_int_equal(x.status, 200);
        assert_string_equal(x.body.p, "hello");
        assert_string_equal(x.name, "two");
        assert_int_equal(x.timing.reused_connection, i > 0);
        buf_fini(&x.body);
    }
}

static int sessions(const struct node *n)
{
    const char *at = n->seen.p;
    int count = 0;

    while ((at = strstr(at, "session\n"))) {
        at++;
        count++;
    }
    return count;
}

/* Starts and cancels in the middle of the body. */
static void cancel_on(const char *url)
{
    struct exchange x;

    exchange_init(&x, NOTHING);
    start(&x, url);
    while (!x.bodies)
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
    http_cancel(x.req);
    assert_int_equal(x.dones, 0);
    buf_fini(&x.body);
}

static void cancelling_http2_streams(struct node *n)
{
    AUTO_FREE char *ok = mem_printf("https://127.0.0.1:%d/ok", n->port);
    AUTO_FREE char *hang = mem_printf("https://127.0.0.1:%d/hang", n->port);
    AUTO_FREE char *hung = mem_printf("https://127.0.0.1:%d/hung", n->port);
    AUTO_FREE char *drip = mem_printf("https://127.0.0.1:%d/drip", n->port);
    struct curl_api api = { 0 };
    struct exchange x;

    assert_int_equal(curl_load(&api, curl_library_names, NULL), 0);
    /* The next request finds the connection, and the server hears of the cancelled stream. */
    cancel_on(hang);
    run(&x, ok);
    assert_true(x.timing.reused_connection);
    buf_fini(&x.body);
    assert_true(node_says(n, "closed /hang "));
    assert_int_equal(sessions(n), 1);
    /* Beside a stream that goes on. */
    exchange_init(&x, NOTHING);
    start(&x, drip);
    while (!x.bodies)
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
    cancel_on(hung);
    assert_true(node_says(n, "closed /hung "));
    assert_int_equal(sessions(n), 1);
    assert_int_equal(x.dones, 0);
    http_cancel(x.req);
    buf_fini(&x.body);
    /* With nothing behind it, the server hears of it too, if need be by the connection's end. */
    assert_true(node_says(n, "closed /drip "));
    if (api.holds_resets)
        assert_true(node_says(n, "end\n"));
    run(&x, ok);
    assert_int_equal(x.timing.reused_connection, !api.holds_resets);
    buf_fini(&x.body);
    /* Cancelled by the handler, and by a refusal. */
    exchange_init(&x, CANCEL_IN_BODY);
    buf_reset(&n->seen);
    start(&x, hang);
    assert_true(node_says(n, "closed /hang "));
    assert_int_equal(x.bodies, 1);
    assert_int_equal(x.dones, 0);
    buf_fini(&x.body);
    exchange_init(&x, REFUSE_BODY);
    start(&x, hung);
    finish(&x);
    assert_true(node_says(n, "closed /hung "));
    buf_fini(&x.body);
    api.global_cleanup();
}

static void secure_connections(void **state)
{
    AUTO_FREE char *key = NULL, *cert = NULL, *url = NULL, *want = NULL;
    struct node n = { 0 };
    struct exchange x;

    (void)state;
    assert_non_null(mkdtemp(dir));
    key = in_dir("key.pem");
    cert = in_dir("cert.pem");
    if (!make_certificate(key, cert) || !node_start(&n, key, cert)) {
        print_message("openssl or node is not installed: TLS not tested\n");
        skip();
    }
    url = mem_printf("https://127.0.0.1:%d/ok", n.port);
    want = mem_printf("no secure connection to 127.0.0.1:%d: SSL certificate problem: self-signed certificate", n.port);
    run(&x, url);
    assert_int_equal(x.err.code, ERR_IO);
    assert_string_equal(x.err.text, want);
    assert_int_equal(x.heads, 0);
    buf_fini(&x.body);
    http_free(http);
    setenv("SSL_CERT_FILE", cert, 1);
    http = http_new(loop);
    http2_over_tls(&n);
    cancelling_http2_streams(&n);
    unsetenv("SSL_CERT_FILE");
    node_stop(&n);
    unlink(key);
    unlink(cert);
    rmdir(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(answers_of_every_shape),
        T(headers_of_the_answer),
        T(connections_are_kept),
        T(a_connection_that_went_away_is_replaced),
        T(many_at_once),
        T(large_bodies_both_ways),
        T(the_request_on_the_wire),
        T(requests_that_cannot_start),
        T(broken_answers),
        T(bad_chunks),
        T(nobody_there),
        T(bodies_over_the_cap),
        T(every_wait_ends),
        T(an_unused_client_is_quiet),
        T(cancelling_closes_at_once),
        T(cancelling_before_anything_was_sent),
        T(cancelling_inside_handlers),
        T(refusing_a_body_ends_it),
        T(handlers_act_on_others),
        T(freeing_with_exchanges_in_flight),
        T(without_a_library),
        T(the_version),
        T(proxies_of_the_environment),
        T(secure_connections),
    };

    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
