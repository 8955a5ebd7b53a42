/* SPDX-License-Identifier: MIT */
/* The HTTP client against a real server on loopback that answers, stalls, lies and breaks off. Times are only bounded where
 * the contract bounds them, and then the best of a few tries counts, because the machine may be busy.
 * suite: time=120 alone */
#include "core/base/limits.h"
#include "tests/unit/http_client.c"

#include <sys/resource.h>

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

static void expect_failure(const char *path, int code, const char *sentence)
{
    struct exchange x;

    run(&x, path);
    expect_error(&x.err, code, sentence);
    buf_fini(&x.body);
}

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
    };

    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
