/* SPDX-License-Identifier: MIT */
/* The connection's promises, kept against handlers that break theirs: one answer to each request whatever happens, and
 * an answer to each request of our own. What a well-behaved server does is in tests/chat. */
#include "core/lsp/rpc.h"
#include "core/base/mem.h"
#include "core/io/frame.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    struct loop *loop;
    struct rpc *rpc;
    int ours[2], theirs[2]; /* we read ours[0], write theirs[1] */
    struct reply last;
    struct buf heard;
    int notes, ended, called, call_code;
};

static void on_request(void *ctx, struct reply r, const char *method, const json_t *params)
{
    struct fixture *f = ctx;
    struct err e = { 0 };

    (void)params;
    f->last = r;
    if (strcmp(method, "twice") == 0) {
        reply_result(r, STR("1"));
        reply_result(r, STR("2"));
        reply_error(r, RPC_INTERNAL_ERROR, "third");
    } else if (strcmp(method, "fail") == 0) {
        err_set(&e, ERR_INVALID, "no such thing");
        reply_fail(r, &e);
    } else if (strcmp(method, "later") == 0) {
        reply_wait(r, 7);
    } else if (strcmp(method, "large") == 0) {
        AUTO_FREE char *text = mem_zalloc(1 << 20);

        memset(text, '1', 1 << 20);
        reply_result(r, (struct str) { text, 1 << 20 });
    } else if (strcmp(method, "stop") == 0) {
        reply_result(r, STR("true"));
        rpc_stop(r.rpc);
    }
    /* anything else is forgotten */
}

static void on_notification(void *ctx, const char *method, const json_t *params)
{
    (void)method;
    (void)params;
    ((struct fixture *)ctx)->notes++;
}

static void on_ended(void *ctx, const struct err *e)
{
    struct fixture *f = ctx;

    f->ended++;
    f->call_code = e->code;
}

static const struct rpc_handler handler = { .request = on_request, .notification = on_notification, .ended = on_ended };

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof *f);
    struct err e = { 0 };

    buf_init(&f->heard, 64 << 20);
    f->loop = loop_new(&e);
    assert_non_null(f->loop);
    assert_int_equal(pipe2(f->ours, O_CLOEXEC), 0);
    assert_int_equal(pipe2(f->theirs, O_CLOEXEC | O_NONBLOCK), 0);
    f->rpc = rpc_new(f->loop, f->ours[0], f->theirs[1], &handler, f, &e);
    assert_non_null(f->rpc);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rpc_free(f->rpc, 0);
    loop_free(f->loop);
    for (int i = 0; i < 2; i++) {
        if (f->ours[i] >= 0)
            close(f->ours[i]);
        if (f->theirs[i] >= 0)
            close(f->theirs[i]);
    }
    buf_fini(&f->heard);
    free(f);
    return 0;
}

static void say(struct fixture *f, const char *body)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    frame_write(&b, str_c(body));
    assert_int_equal(write(f->ours[1], b.p, b.n), (ssize_t)b.n);
    buf_fini(&b);
}

static void hear(struct fixture *f)
{
    char *to = buf_reserve(&f->heard, 1 << 16);
    ssize_t n;

    while ((n = read(f->theirs[0], to, 1 << 16)) > 0) {
        f->heard.n += (size_t)n;
        f->heard.p[f->heard.n] = '\0';
        to = buf_reserve(&f->heard, 1 << 16);
    }
}

/* Lets everything happen, then gives what the client has read. */
static const char *settle(struct fixture *f)
{
    struct err e = { 0 };

    for (int i = 0; i < 200; i++) {
        assert_int_equal(loop_step(f->loop, 0, &e), 0);
        hear(f);
    }
    return f->heard.p ? f->heard.p : "";
}

static int count(const char *text, const char *part)
{
    int n = 0;

    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

static void test_forgotten(void **state)
{
    struct fixture *f = *state;
    const char *heard;

    say(f, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"forget\"}");
    heard = settle(f);
    assert_int_equal(count(heard, "\"id\":\"a\""), 1);
    assert_int_equal(count(heard, "\"code\":-32603"), 1);
    assert_int_equal(count(heard, "forget"), 1);
}

static void test_twice(void **state)
{
    struct fixture *f = *state;
    struct reply used;
    const char *heard;

    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"twice\"}");
    heard = settle(f);
    assert_int_equal(count(heard, "Content-Length"), 1);
    assert_int_equal(count(heard, "\"result\":1"), 1);
    /* Its slot serves the next request; the used reply does not reach that one. */
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"later\"}");
    settle(f);
    used = f->last;
    used.serial--;
    reply_result(used, STR("\"wrong\""));
    reply_result(f->last, STR("\"right\""));
    heard = settle(f);
    assert_int_equal(count(heard, "wrong"), 0);
    assert_int_equal(count(heard, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"right\"}"), 1);
}

static void test_tasks(void **state)
{
    struct fixture *f = *state;
    AUTO_JSON json_t *id = json_integer(5), *other = json_string("5");

    say(f, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"later\"}");
    settle(f);
    assert_int_equal(rpc_task_of(f->rpc, id), 7);
    assert_int_equal(rpc_task_of(f->rpc, other), 0);
    assert_int_equal(rpc_any_task(f->rpc), 7);
    reply_result(f->last, STR("null"));
    assert_int_equal(rpc_task_of(f->rpc, id), 0);
    assert_int_equal(rpc_any_task(f->rpc), 0);
    assert_int_equal(count(settle(f), "\"result\":null"), 1);
}

static void test_freed_while_waiting(void **state)
{
    struct fixture *f = *state;

    say(f, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"later\"}");
    settle(f);
    rpc_free(f->rpc, 0);
    f->rpc = NULL;
    hear(f);
    assert_int_equal(count(f->heard.p, "\"id\":5,\"error\":{\"code\":-32603"), 1);
}

static void on_response(void *ctx, const json_t *result, const struct err *e)
{
    struct fixture *f = ctx;

    f->called++;
    f->call_code = e->code;
    assert_true(!e->code == json_is_true(result));
}

static void test_calls(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 4; i++)
        rpc_call(f->rpc, "ask", STR("{}"), on_response, f);
    assert_int_equal(count(settle(f), "\"method\":\"ask\""), 4);
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":true}");
    settle(f);
    assert_int_equal(f->called, 1);
    assert_int_equal(f->call_code, 0);
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":true}"); /* once more: nobody waits */
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":true}");
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":true}");
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"100% no\"}}");
    settle(f);
    assert_int_equal(f->called, 2);
    assert_int_equal(f->call_code, ERR_PROTO);
    rpc_free(f->rpc, 0);
    f->rpc = NULL;
    assert_int_equal(f->called, 4);
    assert_int_equal(f->call_code, ERR_CANCELLED);
}

/* A client that never answers does not make us grow: the oldest calls are given up. */
static void test_calls_bounded(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 1000; i++) {
        rpc_call(f->rpc, "ask", STR("{}"), on_response, f);
        hear(f);
    }
    assert_in_range(f->called, 500, 990);
}

static void test_stop(void **state)
{
    struct fixture *f = *state;

    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop\"}");
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"after\"}");
    assert_int_equal(count(settle(f), "\"result\":true"), 1);
    assert_int_equal(f->notes, 0);
}

static void test_unread_output(void **state)
{
    struct fixture *f = *state;
    struct err e = { 0 };

    /* Over the mark at which input is left unread, far below the cap. */
    for (int i = 0; i < 20; i++) {
        char body[80];

        snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"large\"}", i);
        say(f, body);
        for (int k = 0; k < 5; k++)
            assert_int_equal(loop_step(f->loop, 0, &e), 0);
    }
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"note\"}");
    for (int k = 0; k < 5; k++)
        assert_int_equal(loop_step(f->loop, 0, &e), 0);
    assert_int_equal(f->notes, 0); /* not read */
    for (int k = 0; k < 100; k++)
        settle(f);
    assert_int_equal(f->notes, 1);
    assert_int_equal(count(f->heard.p, "Content-Length"), 20);
    assert_int_equal(f->ended, 0);
}

static void test_reader_gone(void **state)
{
    struct fixture *f = *state;

    close(f->theirs[0]);
    f->theirs[0] = -1;
    rpc_notify(f->rpc, "anyone", STR("{}"));
    rpc_notify(f->rpc, "there", STR("{}"));
    assert_int_equal(f->ended, 1);
    assert_int_equal(f->call_code, 0);
}

static void test_flags_restored(void **state)
{
    struct fixture *f = *state;
    struct err e = { 0 };
    int fd = f->theirs[1];

    rpc_free(f->rpc, 0);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    f->rpc = rpc_new(f->loop, f->ours[0], fd, &handler, f, &e);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    rpc_free(f->rpc, 0);
    f->rpc = NULL;
    assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tasks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_freed_while_waiting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calls_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unread_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reader_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flags_restored, setup, teardown),
    };

    return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
