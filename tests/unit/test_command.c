/* SPDX-License-Identifier: MIT */
/* Commands that end well, badly, late or never, and exchanges that wait for one and are cancelled meanwhile. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/engine/provider.h"
#include "core/io/command.h"
#include "core/io/http.h"
#include "core/io/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int run(const char *line, int timeout_ms, size_t max, struct buf *out, struct err *e)
{
    *e = (struct err){0};
    buf_init(out, max);
    return command_run(line, timeout_ms, NULL, out, e);
}

static void expect_words(const char *line, const char *want)
{
    struct err e = {0};
    char **words = command_words(line, &e);
    struct buf got;

    buf_init(&got, 1000);
    assert_non_null(words);
    for (char **w = words; *w; w++)
        buf_addf(&got, "[%s]", *w);
    assert_string_equal(got.p, want);
    buf_fini(&got);
    free(words);
}

static void test_words(void **state)
{
    struct err e = {0};

    (void)state;
    expect_words("a", "[a]");
    expect_words("  a\tb \n c ", "[a][b][c]");
    expect_words("a '' \"\" b", "[a][][][b]");
    expect_words("a'b c'\"d e\"f", "[ab cd ef]");
    expect_words("'\\' \"\\\"\\x\" \\'", "[\\][\"\\x][']");
    expect_words("a\\ b $HOME ~ *", "[a b][$HOME][~][*]");
    assert_null(command_words(" ", &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_null(command_words("a 'b", NULL));
    assert_null(command_words("a b\"", NULL));
}

static void test_output(void **state)
{
    struct buf out;
    struct err e;

    (void)state;
    assert_int_equal(run("printf '%s' 'a b'", 20000, 100, &out, &e), 0);
    assert_string_equal(out.p, "a b");
    buf_fini(&out);
    assert_int_equal(run("sh -c 'cat; echo done'", 20000, 100, &out, &e), 0); /* its input is at an end */
    assert_string_equal(out.p, "done\n");
    buf_fini(&out);
    assert_int_equal(run("sh -c 'yes | head -c 100000'", 20000, 1000, &out, &e), ERR_TOO_BIG);
    buf_fini(&out);
    /* More complaint than is kept must not make the command wait. */
    assert_int_equal(run("sh -c 'yes | head -c 300000 >&2; echo ok'", 20000, 1000, &out, &e), 0);
    assert_string_equal(out.p, "ok\n");
    buf_fini(&out);
}

static void test_failures(void **state)
{
    struct buf out;
    struct err e;

    (void)state;
    assert_true(run("/nonexistent/command x", 20000, 100, &out, &e) < 0);
    assert_non_null(strstr(e.text, "/nonexistent/command"));
    buf_fini(&out);
    assert_int_equal(run("sh -c 'echo >&2; printf \"bad\\033[1m key\\nmore\" >&2; exit 7'", 20000, 100, &out, &e), ERR_IO);
    assert_non_null(strstr(e.text, "status 7"));
    assert_non_null(strstr(e.text, "key"));
    assert_null(strchr(e.text, '\033'));
    assert_null(strstr(e.text, "more"));
    buf_fini(&out);
    assert_int_equal(run("sh -c 'kill -9 $$'", 20000, 100, &out, &e), ERR_IO);
    assert_non_null(strstr(e.text, "signal 9"));
    buf_fini(&out);
}

/* The time limit ends a child that holds the pipe as well, and a command that closed it and goes on. */
static void test_time(void **state)
{
    static const char *const lines[] = {"sleep 60", "sh -c 'sleep 60 & echo x'", "sh -c 'exec >&- 2>&-; sleep 60'"};
    struct buf out;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        uint64_t from = clock_ms();

        assert_int_equal(run(lines[i], 150, 100, &out, &e), ERR_TIMEOUT);
        assert_true(clock_ms() - from < 15000);
        buf_fini(&out);
    }
}

/* ---- an exchange that waits ---- */

struct world {
    struct loop *loop;
    struct pool *pool;
    struct http *http;
    struct plugin *plugin;
    struct provider *provider;
    struct config_provider cfg;
    int done, code;
    struct exchange *other; /* cancelled by the first done() */
};

static bool on_event(void *ctx, const struct sy_event *ev)
{
    (void)ctx;
    (void)ev;
    return true;
}

static void on_done(void *ctx, const struct exchange_report *r, const struct err *e)
{
    struct world *w = ctx;

    (void)r;
    w->done++;
    w->code = e->code;
    exchange_cancel(w->other);
    w->other = NULL;
}

static const struct exchange_handler HANDLER = {on_event, on_done};

static void world_init(struct world *w, const char *command)
{
    const char *build = getenv("B");
    char path[600];
    struct err e = {0};

    *w = (struct world){.done = 0};
    snprintf(path, sizeof path, "%s/lib/switchyard/plugins/bedrock.so", build ? build : "build");
    w->loop = loop_new(&e);
    w->pool = pool_new(w->loop, 2, &e);
    w->http = http_new(w->loop);
    w->plugin = plugin_load(path, &e);
    if (!w->plugin)
        fail_msg("%s", e.text);
    w->cfg = (struct config_provider){.name = "cloud", .plugin = "bedrock", .options = json_pack(
        "{ssssss}", "region", "us-east-1", "base_url", "http://127.0.0.1:1", "credential_process", command)};
    w->provider = provider_open(&w->cfg, w->plugin, w->http, w->pool, &e);
    assert_non_null(w->provider);
}

static struct exchange *begin(struct world *w)
{
    char text[] = "hello";
    struct sy_msg msg = {SY_ROLE_USER, {text, 5}};
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_CHAT, .model = {text, 5}, .msg = &msg, .nmsg = 1,
                             .msg_stride = sizeof msg, .extra_stride = sizeof(struct sy_file), .temperature_milli = -1,
                             .timeout_ms = 5000};
    struct exchange *x = exchange_start(w->provider, &req, &HANDLER, w, NULL);

    memset(text, 'x', sizeof text); /* the request was borrowed for the call only */
    return x;
}

static void step_until_idle(struct world *w)
{
    uint64_t until = clock_ms() + 20000;

    while (provider_busy(w->provider) > 0) {
        assert_true(clock_ms() < until);
        loop_step(w->loop, 50, NULL);
    }
}

static void world_fini(struct world *w)
{
    pool_free(w->pool);
    provider_close(w->provider);
    plugin_free(w->plugin);
    http_free(w->http);
    json_decref(w->cfg.options);
    loop_free(w->loop);
}

static const char GOOD[] = "sh -c 'sleep 0.2; echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"a\\\",\\\"SecretAccessKey\\\":\\\"b\\\"}\"'";

static void test_waiting(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, GOOD);
    assert_non_null(begin(&w));
    assert_non_null(begin(&w));
    assert_int_equal(w.done, 0); /* nothing before the start has returned */
    step_until_idle(&w);
    assert_int_equal(w.done, 2);
    assert_int_equal(w.code, ERR_IO); /* signed and sent; nobody listens at that port */
    world_fini(&w);
}

static void test_command_fails(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, "sh -c 'echo no >&2; exit 1'");
    assert_non_null(begin(&w));
    step_until_idle(&w);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.code, ERR_AUTH);
    world_fini(&w);
}

static void test_cancel(void **state)
{
    struct world w;
    struct exchange *x;

    (void)state;
    world_init(&w, GOOD);
    x = begin(&w);
    exchange_cancel(x);
    step_until_idle(&w);
    assert_int_equal(w.done, 0);
    world_fini(&w);

    world_init(&w, "sh -c 'echo no >&2; exit 1'");
    assert_non_null(begin(&w));
    w.other = begin(&w); /* the first one's end cancels the second, which waits for the same command */
    step_until_idle(&w);
    assert_int_equal(w.done, 1);
    world_fini(&w);
}

/* The program ends while a command runs: the exchange is told, the command is stopped. */
static void test_end(void **state)
{
    uint64_t from = clock_ms();
    struct world w;

    (void)state;
    world_init(&w, "sleep 60");
    assert_non_null(begin(&w));
    loop_step(w.loop, 50, NULL);
    world_fini(&w);
    assert_int_equal(w.done, 1);
    assert_true(clock_ms() - from < 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),   cmocka_unit_test(test_output),        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_time),    cmocka_unit_test(test_waiting),       cmocka_unit_test(test_command_fails),
        cmocka_unit_test(test_cancel),  cmocka_unit_test(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
