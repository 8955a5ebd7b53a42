/* SPDX-License-Identifier: MIT */
/* Providers and their exchanges, with the slow test plugin and the openai plugin against the mock service: options, the
 * order of events, cancelling at any time, and one done() for each exchange that was not cancelled.
 * suite: time=120 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/engine/provider_priv.h"
#include "core/io/http.h"
#include "tests/lib/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct stage st;
static struct pool *pool;
static struct http *http;
static struct plugins *plugins;
static json_t *options;
static struct config_provider cfg;

static int set_up(void **state)
{
    (void)state;
    stage_init(&st);
    pool = pool_new(st.loop, 2, NULL);
    http = http_new(st.loop);
    plugins = plugins_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pool_free(pool);
    http_free(http);
    plugins_free(plugins);
    json_decref(options);
    options = NULL;
    stage_fini(&st);
    return 0;
}

static struct provider *open_provider(const char *plugin, const char *json, struct err *e)
{
    struct plugin *p = plugins_get(plugins, plugin, e);

    if (!p)
        fail_msg("%s", e->text);
    json_decref(options);
    options = json_parse(str_c(json), "options", e);
    assert_non_null(options);
    cfg = (struct config_provider){.name = "it", .plugin = plugin, .options = options};
    return provider_open(&cfg, p, http, pool, e);
}

struct heard {
    int done, texts, candidates, stop_after;
    enum exchange_end end;
    int code, http_status;
    uint64_t retry_after_ms, tokens_out, first_us, total_us;
    struct buf text;
    char words[240];
};

static bool on_event(void *ctx, const struct sy_event *ev)
{
    struct heard *h = ctx;

    assert_int_equal(h->done, 0);
    h->texts += ev->kind == SY_EV_TEXT;
    h->candidates += ev->kind == SY_EV_CANDIDATE;
    buf_add(&h->text, ev->text.p, ev->text.n);
    return h->stop_after == 0 || h->texts + h->candidates < h->stop_after;
}

static void on_done(void *ctx, const struct exchange_report *r, const struct err *e)
{
    struct heard *h = ctx;

    h->done++;
    h->end = r->end;
    h->code = e->code;
    h->http_status = r->http_status;
    h->retry_after_ms = r->retry_after_ms;
    h->tokens_out = r->tokens[3];
    h->first_us = r->first_us;
    h->total_us = r->total_us;
    snprintf(h->words, sizeof h->words, "%s", e->text);
    assert_int_equal(r->end == EXCHANGE_FAILED, e->code != 0);
    assert_true(r->first_us <= r->total_us);
}

static const struct exchange_handler handler = {on_event, on_done};

static struct exchange *ask(struct provider *p, struct heard *h, int stop_after)
{
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_FIM, .model = {"m", 1}, .prefix = {"int x = ", 8},
                             .suffix = {";\n", 2}, .path = {"a.c", 3}, .language = {"c", 1}, .caret = 8,
                             .msg_stride = sizeof(struct sy_msg), .extra_stride = sizeof(struct sy_file),
                             .temperature_milli = -1, .max_tokens = 16, .timeout_ms = 5000};
    struct err e = {0};
    struct exchange *x;

    memset(h, 0, sizeof *h);
    h->stop_after = stop_after;
    buf_init(&h->text, 1 << 16);
    x = exchange_start(p, &req, &handler, h, &e);
    if (!x)
        fail_msg("%s", e.text);
    assert_int_equal(h->done + h->texts + h->candidates, 0); /* nobody is called before it returns */
    return x;
}

static void settle(struct provider *p)
{
    uint64_t end = clock_ms() + 10000;

    while (provider_busy(p) > 0) {
        assert_true(clock_ms() < end);
        stage_step(&st, 10);
    }
}

/* ---- opening ---- */

static void expect_unknown(const char *plugin, const char *json, const char *words)
{
    struct err e = {0};

    assert_null(open_provider(plugin, json, &e));
    if (e.code != ERR_CONFIG || !strstr(e.text, words))
        fail_msg("%s", e.text);
}

static void test_options(void **state)
{
    struct err e = {0};
    struct provider *p;
    struct sy_str v;

    (void)state;
    expect_unknown("slow", "{\"mss\":1}", "providers.it.mss: unknown key; plugin 'slow' knows: text sure ms");
    expect_unknown("slow", "{\"\":1}", "providers.it.: unknown key");
    expect_unknown("slow", "{\"m\":1}", "providers.it.m: unknown key");
    expect_unknown("slow", "{\"text sure\":1}", "providers.it.text sure: unknown key");
    expect_unknown("slow", "{\"ms \":1}", "unknown key");
    assert_null(open_provider("slow", "{\"no_open\":1}", &e));
    assert_string_equal(e.text, "'it': no_open must not be 1");
    assert_int_equal(e.code, ERR_INVALID);
    err_clear(&e);
    p = open_provider("slow", "{\"plugin\":\"slow\",\"key\":{\"env\":\"X\"},\"text\":\"a\\u0000b\",\"sure\":0.5,\"fails\":false}", &e);
    assert_non_null(p);
    assert_string_equal(provider_name(p), "it");
    v = p->host.option(p->host.ctx, "text");
    assert_int_equal(v.n, 3);
    v = p->host.option(p->host.ctx, "key"); /* a plugin sees no key, and not where it is */
    assert_null(v.p);
    v = p->host.option(p->host.ctx, "absent");
    assert_null(v.p);
    /* However often it is asked: the same value in the same place. */
    struct sy_str first = p->host.option(p->host.ctx, "sure"), other = p->host.option(p->host.ctx, "fails");

    for (int i = 0; i < 20000; i++) {
        v = p->host.option(p->host.ctx, "sure");
        assert_true(v.p == first.p && v.n == 3 && memcmp(v.p, "0.5", 3) == 0);
        v = p->host.option(p->host.ctx, "fails");
        assert_true(v.p == other.p && v.n == 5 && memcmp(v.p, "false", 5) == 0);
    }
    provider_close(p);
    provider_close(NULL);
}

static void test_is_local(void **state)
{
    static const struct {
        const char *url;
        bool local;
    } t[] = {{"http://127.0.0.1:8080/v1", true}, {"http://127.1.2.3", true}, {"http://localhost/v1", true},
             {"http://localhost:1", true}, {"http://[::1]:8080/v1", true}, {"https://api.example.com/v1", false},
             {"http://localhost.example.com/", false}, {"http://127.0.0.1.example.com/", false},
             {"http://127.0.0.1@example.com/", false}, {"http://example.com/http://127.0.0.1/", false},
             {"http://[::1", false}, {"http://[::12]/", false}, {"127.0.0.1", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        json_t *o = json_pack("{s:s}", "base_url", t[i].url);
        struct config_provider c = {.name = "it", .options = o};
        struct plugin plugin = {.path = NULL};
        struct provider p = {.cfg = &c, .plugin = &plugin};

        if (provider_is_local(&p) != t[i].local)
            fail_msg("%s", t[i].url);
        plugin.api.caps = SY_CAP_LOCAL;
        assert_true(provider_is_local(&p));
        json_decref(o);
    }
}

/* ---- a plugin that computes ---- */

static void test_compute(void **state)
{
    struct err e = {0};
    struct provider *p = open_provider("slow", "{\"text\":\"one|two|three\"}", &e);
    struct heard h;

    (void)state;
    assert_non_null(p);
    assert_true(provider_has_corpus(p));
    (void)ask(p, &h, 0);
    assert_int_equal(provider_busy(p), 1);
    settle(p);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.end, EXCHANGE_WHOLE);
    assert_int_equal(h.candidates, 3);
    assert_string_equal(h.text.p, "onetwothree");
    buf_fini(&h.text);
    (void)ask(p, &h, 2); /* enough */
    settle(p);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.end, EXCHANGE_CUT);
    assert_string_equal(h.text.p, "onetwo");
    buf_fini(&h.text);
    provider_close(p);
    p = open_provider("slow", "{\"fails\":1}", &e);
    (void)ask(p, &h, 0);
    settle(p);
    assert_int_equal(h.end, EXCHANGE_FAILED);
    assert_string_equal(h.words, "'it': told to fail");
    buf_fini(&h.text);
    provider_close(p);
}

static void test_cancel_compute(void **state)
{
    struct err e = {0};
    struct provider *p = open_provider("slow", "{\"text\":\"one\",\"ms\":3}", &e);
    struct heard h[50];

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct exchange *x = ask(p, &h[i], 0);

        for (int k = 0; k < i % 5 && !h[i].done; k++)
            stage_step(&st, 1);
        if (!h[i].done)
            exchange_cancel(x);
        h[i].stop_after = h[i].done;
    }
    settle(p);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(h[i].done, h[i].stop_after); /* nothing came after it was cancelled */
        buf_fini(&h[i].text);
    }
    exchange_cancel(NULL);
    provider_close(p);
}

static void test_corpus(void **state)
{
    struct err e = {0};
    struct provider *p = open_provider("slow", "{\"text\":\"one\",\"mirror\":1}", &e);
    struct corpus_change put = {.op = CORPUS_PUT, .path = STR("a.c"), .language = STR("c"), .text = STR("nt x = ;\n")};
    struct corpus_change edit = {.op = CORPUS_EDIT, .path = STR("a.c"), .text = STR("i")};
    struct heard h;

    (void)state;
    provider_corpus(p, &put);
    provider_corpus(p, &edit);
    (void)ask(p, &h, 0); /* the plugin aborts if it was not told first */
    settle(p);
    assert_int_equal(h.end, EXCHANGE_WHOLE);
    buf_fini(&h.text);
    assert_null(provider_corpus_problem(p));
    provider_corpus(p, &(struct corpus_change){.op = CORPUS_DROP, .path = STR("a.c")});
    settle(p);
    provider_close(p);
}

/* The pool ends while a job waits: the exchange still ends. */
static void test_end_of_pool(void **state)
{
    struct err e = {0};
    struct provider *p = open_provider("slow", "{\"text\":\"one\",\"ms\":200}", &e);
    struct heard h[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        (void)ask(p, &h[i], 0);
    stage_step(&st, 5);
    pool_free(pool);
    pool = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(h[i].done, 1);
        buf_fini(&h[i].text);
    }
    assert_int_equal(provider_busy(p), 0);
    provider_close(p);
}

/* ---- a service ---- */

static struct provider *open_service(const char *mock)
{
    AUTO_FREE char *json = NULL;
    struct err e = {0};
    struct provider *p;

    if (!st.port)
        stage_start_mock(&st);
    stage_tell_mock(&st, mock, NULL);
    json = mem_printf("{\"base_url\":\"http://127.0.0.1:%u/v1\"}", st.port);
    p = open_provider("openai", json, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

static void test_service(void **state)
{
    struct provider *p = open_service("/__set?tokens=5&ttft_ms=1");
    struct heard h;
    char whole[200];

    (void)state;
    assert_false(provider_has_corpus(p));
    (void)ask(p, &h, 0);
    settle(p);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.end, EXCHANGE_WHOLE);
    assert_int_equal(h.http_status, 200);
    assert_true(h.texts >= 1 && h.text.n > 0 && h.first_us > 0);
    snprintf(whole, sizeof whole, "%s", h.text.p);
    buf_fini(&h.text);
    (void)ask(p, &h, 2);
    settle(p);
    assert_int_equal(h.end, EXCHANGE_CUT);
    assert_true(h.text.n <= strlen(whole) && strncmp(whole, h.text.p, h.text.n) == 0);
    buf_fini(&h.text);
    provider_close(p);
}

static void test_service_fails(void **state)
{
    static const struct {
        const char *set;
        int code, status;
        uint64_t retry_after_ms;
    } t[] = {{"/__set?status=401", ERR_AUTH, 401, 0}, {"/__set?status=429&retry_after=2", ERR_RATE, 429, 2000},
             {"/__set?status=503&retry_after=0", ERR_OVERLOADED, 503, 0}, {"/__set?status=400", ERR_INVALID, 400, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct provider *p = open_service(t[i].set);
        struct heard h;

        (void)ask(p, &h, 0);
        settle(p);
        assert_int_equal(h.done, 1);
        assert_int_equal(h.end, EXCHANGE_FAILED);
        if (h.code != t[i].code)
            fail_msg("%s: %s (%s)", t[i].set, err_name(h.code), h.words);
        assert_int_equal(h.http_status, t[i].status);
        assert_int_equal(h.retry_after_ms, t[i].retry_after_ms);
        assert_true(strncmp(h.words, "'it'", 4) == 0);
        buf_fini(&h.text);
        provider_close(p);
    }
}

static void test_cut_short(void **state)
{
    struct provider *p = open_service("/__set?tokens=6&cut_after=2");
    struct heard h;

    (void)state;
    (void)ask(p, &h, 0);
    settle(p);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.end, EXCHANGE_FAILED); /* what it had said by then was told before */
    assert_true(h.texts > 0);
    buf_fini(&h.text);
    provider_close(p);
}

static void test_cancel_service(void **state)
{
    struct provider *p = open_service("/__set?tokens=20&ttft_ms=2&tps=2000");
    struct heard h[30];
    int cancelled = 0;

    (void)state;
    for (int i = 0; i < 30; i++) {
        struct exchange *x = ask(p, &h[i], 0);
        uint64_t until = clock_us() + (uint64_t)i * 500;

        while (clock_us() < until && !h[i].done)
            stage_step(&st, 1);
        if (!h[i].done) {
            exchange_cancel(x);
            cancelled++;
        }
        h[i].stop_after = h[i].done;
    }
    assert_int_equal(provider_busy(p), 0); /* at once */
    for (int i = 0; i < 10; i++)
        stage_step(&st, 2);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(h[i].done, h[i].stop_after);
        buf_fini(&h[i].text);
    }
    assert_true(cancelled > 5);
    provider_close(p);
}

static void test_key(void **state)
{
    struct provider *p = open_service("/__set?status=200");
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_CHAT, .model = {"m", 1}, .timeout_ms = 1000,
                             .msg_stride = sizeof(struct sy_msg), .extra_stride = sizeof(struct sy_file)};
    struct err e = {0};
    struct heard h = {0};

    (void)state;
    unsetenv("STAGE_KEY");
    cfg.key_source = KEY_FILE;
    cfg.key_ref = "/nonexistent/key";
    assert_null(exchange_start(p, &req, &handler, &h, &e)); /* a key that cannot be read is no missing key */
    assert_true(e.code < 0);
    assert_non_null(strstr(e.text, "/nonexistent/key"));
    err_clear(&e);
    cfg.key_source = KEY_ENV;
    cfg.key_ref = "STAGE_KEY";
    setenv("STAGE_KEY", "one\ntwo", 1);
    assert_null(exchange_start(p, &req, &handler, &h, &e));
    assert_int_equal(e.code, ERR_AUTH);
    assert_null(strstr(e.text, "two"));
    assert_int_equal(provider_busy(p), 0);
    assert_int_equal(h.done, 0);
    provider_close(p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_options), T(test_is_local), T(test_compute), T(test_cancel_compute), T(test_corpus), T(test_end_of_pool),
        T(test_service), T(test_service_fails), T(test_cut_short), T(test_cancel_service), T(test_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
