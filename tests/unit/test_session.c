/* SPDX-License-Identifier: MIT */
/* The session through its whole stack: real loop, real plugins, a mock service on the loopback. What counts most: each
 * request has its one answer, whatever happens to it, and from within whatever callback it happens.
 * suite: time=120 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/engine/session_priv.h"
#include "core/engine/health.h"
#include "tests/lib/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define URI "file:///stage/a.c"
#define TEXT "int some_function(int argument);\n\nint main(void)\n{\n    return \n}\n"

static struct stage st;

static int set_up(void **state)
{
    (void)state;
    stage_init(&st);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stage_fini(&st);
    return 0;
}

/* ---- one request ---- */

struct answer {
    int calls, code;
    char text[200], reason[200], target[40], id[24], decision[24], words[240];
    size_t nitems;
    struct pos start, end;
    bool failed;
    double confidence;
    uint64_t handle;
    void (*inside)(struct answer *a); /* called by the callback */
};

static void on_complete(void *ctx, const struct complete_result *res, const struct err *e)
{
    struct answer *a = ctx;

    a->calls++;
    a->code = e->code;
    a->nitems = res->nitems;
    a->failed = res->failed;
    assert_true(!e->code || res->nitems == 0);
    assert_true(res->nitems > 0 || e->code || res->reason[0]); /* it always says why */
    snprintf(a->reason, sizeof a->reason, "%s", res->reason);
    snprintf(a->words, sizeof a->words, "%s", e->text);
    snprintf(a->decision, sizeof a->decision, "%s", res->decision);
    if (res->nitems > 0) {
        const struct complete_item *i = &res->items[0];

        snprintf(a->text, sizeof a->text, STR_FMT, STR_ARG(i->text));
        snprintf(a->target, sizeof a->target, "%s", i->target);
        memcpy(a->id, i->id, sizeof a->id);
        a->start = i->start;
        a->end = i->end;
        a->confidence = i->confidence;
    }
    if (a->inside)
        a->inside(a);
}

static struct complete_params params(uint32_t line, uint32_t col)
{
    return (struct complete_params){.uri = URI, .enc = POS_UTF8, .pos = {line, col}};
}

static void ask(struct answer *a, uint32_t line, uint32_t col)
{
    struct complete_params p = params(line, col);

    a->handle = session_complete(st.session, &p, on_complete, a);
    assert_int_equal(a->calls, a->handle == 0);
}

static void ask_and_wait(struct answer *a, uint32_t line, uint32_t col)
{
    memset(a, 0, sizeof *a);
    ask(a, line, col);
    stage_until(&st, &a->calls);
    assert_int_equal(a->calls, 1);
}

static void open_text(const char *text)
{
    struct err e = {0};

    if (session_open(st.session, URI, "c", 1, str_c(text), &e) < 0)
        fail_msg("%s", e.text);
}

static void type(const char *text, uint32_t line, uint32_t col)
{
    static int version = 1;
    struct doc_change c = {.has_range = true, .start = {line, col}, .end = {line, col}, .text = str_c(text)};
    struct err e = {0};

    if (session_change(st.session, URI, POS_UTF8, ++version, &c, 1, &e) < 0)
        fail_msg("%s", e.text);
}

#define SLOW(options) "{\"providers\":{\"slow\":{" options "}}," \
    "\"targets\":{\"slow\":{\"provider\":\"slow\",\"tier\":\"local\"}},\"routes\":{\"complete\":[\"slow\"]}}"

#define HTTP(complete) "{\"providers\":{\"ai\":{\"plugin\":\"openai\",\"base_url\":\"http://127.0.0.1:%PORT%/v1\"}}," \
    "\"targets\":{\"ai\":{\"provider\":\"ai\",\"model\":\"m\"},\"big\":{\"provider\":\"ai\",\"model\":\"m\",\"tier\":\"large\"}}," \
    "\"routes\":{\"complete\":[\"ai\"]},\"complete\":{" complete "}}"

/* ---- plain life ---- */

static void test_embedded_model(void **state)
{
    struct answer a;

    (void)state;
    stage_open(&st, NULL);
    assert_null(session_problem(st.session));
    open_text("int load_every_file(int count);\nint load_every_file(int count)\n{\n    return count;\n}\n\n"
              "int main(void)\n{\n    load_every_file(1);\n    load_every_file(2);\n    load_ev\n}\n");
    ask_and_wait(&a, 10, 11);
    if (a.nitems != 1)
        fail_msg("nothing: %s", a.reason);
    assert_string_equal(a.target, "local");
    assert_true(strncmp(a.text, "ery_file(", 9) == 0);
    assert_int_equal(a.start.line, 10);
    assert_int_equal(a.start.col, 11);
    assert_true(a.confidence > 0 && a.confidence <= 1);
}

static void test_refusals(void **state)
{
    struct complete_params p = params(0, 0);
    struct answer a = {0};
    struct err e = {0};

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\""));
    assert_int_equal(session_complete(st.session, &p, on_complete, &a), 0); /* not open */
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, ERR_INVALID);
    open_text(TEXT);
    ask_and_wait(&a, 0, 6);
    assert_string_equal(a.reason, "inside a word");
    assert_int_equal(a.code, 0);
    assert_false(a.failed);
    assert_int_equal(session_configure(st.session, STR("{\"enabled\":false}"), &e), 0);
    ask_and_wait(&a, 4, 11);
    assert_string_equal(a.reason, "completion is switched off");
    assert_int_equal(session_configure(st.session, STR("{\"enabled\":7}"), &e), ERR_CONFIG);
    assert_string_equal(e.text, "settings: enabled: must be true or false");
    err_clear(&e);
    assert_int_equal(session_configure(st.session, STR("{\"enabled\""), &e), ERR_PARSE);
    assert_int_equal(session_configure(st.session, STR("{\"enabled\":true}"), NULL), 0);
    ask_and_wait(&a, 4, 11);
    assert_string_equal(a.text, "some_function(1);");
    assert_int_equal(session_close(st.session, URI, &e), 0);
    assert_int_equal(session_close(st.session, URI, &e), ERR_INVALID);
    ask_and_wait(&a, 4, 11);
    assert_int_equal(a.code, ERR_INVALID);
}

static void test_no_plugin_can(void **state)
{
    struct answer a;

    (void)state;
    stage_open(&st, SLOW("\"no_open\":1"));
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_true(a.failed);
    assert_string_equal(a.reason, "'slow': no_open must not be 1");
    stage_close_session(&st);

    stage_open(&st, SLOW("\"bogus\":1"));
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_non_null(strstr(a.reason, "providers.slow.bogus: unknown key"));
    stage_close_session(&st);

    stage_open(&st, "{\"providers\":{\"x\":{\"plugin\":\"nowhere\"}},\"targets\":{\"x\":{\"provider\":\"x\"}},"
                    "\"routes\":{\"complete\":[\"x\"]}}");
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_true(a.failed);
    assert_non_null(strstr(a.reason, "no plugin 'nowhere'"));
    stage_close_session(&st);

    stage_open(&st, SLOW("\"fails\":1"));
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_true(a.failed);
    assert_string_equal(a.reason, "'slow': told to fail");
    stage_close_session(&st);

    stage_open(&st, "{\"routes\":{\"complete\":[]}}");
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_string_equal(a.reason, "no target is configured for 'complete'");
}

static void test_bad_config(void **state)
{
    struct answer a;

    (void)state;
    stage_open(&st, "{\"routes\":{\"complete\":[\"nobody\"]}}");
    assert_string_equal(session_problem(st.session), "config.json: routes.complete: 'nobody' names no entry of targets");
    open_text(TEXT);
    ask_and_wait(&a, 4, 11); /* the built-in defaults hold */
    assert_int_equal(a.code, 0);
}

static void test_candidates(void **state)
{
    struct complete_params p = params(4, 11);
    struct answer a = {0};

    (void)state;
    stage_open(&st, SLOW("\"text\":\"alpha(1);|beta(2);|alpha(1);|gamma(3);\""));
    open_text(TEXT);
    p.trigger = COMPLETE_INVOKED;
    session_complete(st.session, &p, on_complete, &a);
    stage_until(&st, &a.calls);
    assert_int_equal(a.nitems, 3); /* each once */
    assert_string_equal(a.text, "alpha(1);");
    /* What is remembered for this place is the best one, not the last. */
    ask_and_wait(&a, 4, 11);
    assert_int_equal(a.nitems, 1);
    assert_string_equal(a.text, "alpha(1);");
}

static void test_unsure(void **state)
{
    struct answer a;

    (void)state;
    stage_start_mock(&st);
    stage_tell_mock(&st, "/__set?tokens=1", NULL);
    stage_open(&st, "{\"providers\":{\"slow\":{\"text\":\"from_local();\",\"sure\":0.5},"
                    "\"ai\":{\"plugin\":\"openai\",\"base_url\":\"http://127.0.0.1:%PORT%/v1\"}},"
                    "\"targets\":{\"slow\":{\"provider\":\"slow\",\"tier\":\"local\"},\"ai\":{\"provider\":\"ai\",\"model\":\"m\"}},"
                    "\"routes\":{\"complete\":[\"ai\",\"slow\"]},\"complete\":{\"threshold\":0.4,\"debounce_ms\":0}}");
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    assert_string_equal(a.target, "slow"); /* sure enough: nothing is sent */
    assert_int_equal(session_configure(st.session, STR("{\"threshold\":0.6}"), NULL), 0);
    ask_and_wait(&a, 4, 11);
    assert_string_equal(a.target, "ai"); /* settings count for what is remembered, too */
    stage_stop_mock(&st);
    type("x", 4, 11);
    type(" ", 4, 12);
    ask_and_wait(&a, 4, 13);
    assert_string_equal(a.target, "slow"); /* better than nothing */
    assert_string_equal(a.text, "from_local();");
}

static int mock_number(const char *name)
{
    AUTO_BUF struct buf b;
    AUTO_JSON json_t *v = NULL;

    buf_init(&b, 4096);
    stage_tell_mock(&st, "/__stats", &b);
    v = json_parse(buf_str(&b), "stats", NULL);
    return (int)json_get_int(v, name, -1);
}

/* ---- typing along ---- */

static void test_reuse(void **state)
{
    struct answer first, a;

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\""));
    open_text(TEXT);
    ask_and_wait(&first, 4, 11);
    type("so", 4, 11);
    memset(&a, 0, sizeof a);
    ask(&a, 4, 13);
    assert_int_equal(a.calls, 1); /* at once */
    assert_string_equal(a.text, "me_function(1);");
    assert_string_equal(a.id, first.id);
    assert_int_equal(session_event(st.session, first.id, ITEM_DISMISSED, 0, NULL), 0);
    ask_and_wait(&a, 4, 13);
    assert_true(strcmp(a.id, first.id) != 0); /* not again what was dismissed */
    assert_int_equal(session_event(st.session, "1-2-3", ITEM_SHOWN, 0, NULL), ERR_NOT_FOUND);
}

/* Whoever types faster than the service answers gets the running answer, less what was typed: one request, not two. */
static void test_typing_into_the_stream(void **state)
{
    struct answer whole, a = {0}, b = {0}, c = {0};
    char typed[3] = "";
    int begun;

    (void)state;
    stage_start_mock(&st);
    stage_tell_mock(&st, "/__set?tokens=8", NULL);
    stage_open(&st, HTTP("\"debounce_ms\":0"));
    open_text(TEXT);
    ask_and_wait(&whole, 4, 11);
    assert_true(strlen(whole.text) > 4);
    stage_close_session(&st);

    stage_tell_mock(&st, "/__set?tokens=8&ttft_ms=100&tps=40", NULL);
    stage_open(&st, HTTP("\"debounce_ms\":0"));
    open_text(TEXT);
    begun = mock_number("begun");
    ask(&a, 4, 11);
    for (int i = 0; i < 2; i++) { /* before anything came, then while it comes */
        struct answer *next = i == 0 ? &b : &c;
        uint64_t until = clock_ms() + (i == 0 ? 20 : 150);

        while (clock_ms() < until)
            stage_step(&st, 5);
        typed[0] = whole.text[i];
        type(typed, 4, 11 + (uint32_t)i);
        ask(next, 4, 12 + (uint32_t)i);
    }
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 1);
    stage_until(&st, &c.calls);
    assert_string_equal(c.text, whole.text + 2);
    assert_int_equal(mock_number("begun") - begun, 1);
    /* Something else than what comes is typed: a new request. */
    memset(&a, 0, sizeof a);
    type("\n", 4, 13);
    ask(&a, 5, 0);
    for (int i = 0; i < 10; i++)
        stage_step(&st, 5);
    type("#", 5, 0);
    ask_and_wait(&b, 5, 1);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.nitems, 1);
    assert_int_equal(b.start.col, 1);
}

/* The document moves on while an answer is being made: what comes then is for a text that is gone. */
static void test_moved_on(void **state)
{
    struct answer a = {0};

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":60"));
    open_text(TEXT);
    ask(&a, 4, 11);
    type("/* above */\n", 0, 0);
    stage_until(&st, &a.calls);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.nitems, 0);
    assert_string_equal(a.reason, "the document was changed meanwhile");
    assert_false(a.failed);
}

static void test_superseded(void **state)
{
    struct answer a = {0}, b = {0};

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":30"));
    open_text(TEXT);
    ask(&a, 4, 11);
    assert_int_equal(a.calls, 0);
    ask(&b, 4, 11);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.nitems, 0);
    assert_int_equal(a.code, 0);
    stage_until(&st, &b.calls);
    assert_int_equal(b.nitems, 1);
    assert_int_equal(a.calls, 1);
}

/* ---- cancelling, closing, ending ---- */

static void expect_cancelled(struct answer *a)
{
    session_cancel(st.session, a->handle);
    assert_int_equal(a->calls, 1);
    assert_int_equal(a->code, ERR_CANCELLED);
    session_cancel(st.session, a->handle);
    for (int i = 0; i < 5; i++)
        stage_step(&st, 5);
    assert_int_equal(a->calls, 1);
}

static void test_cancel_while_computing(void **state)
{
    struct answer a = {0}, b;

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":2000"));
    open_text(TEXT);
    ask(&a, 4, 11);
    for (int i = 0; i < 5; i++)
        stage_step(&st, 5);
    expect_cancelled(&a);
    session_cancel(st.session, 0);
    session_cancel(st.session, 123456);
    /* The plugin polls and gives up: the strand is free again long before its two seconds. */
    assert_int_equal(session_configure(st.session, STR("{\"deadline_ms\":1000}"), NULL), 0);
    for (int i = 0; i < 50 && provider_busy(st.session->providers[0]); i++)
        stage_step(&st, 10);
    assert_int_equal(provider_busy(st.session->providers[0]), 0);
    ask_and_wait(&b, 4, 11);
    assert_true(b.failed); /* the deadline */
    assert_non_null(strstr(b.reason, "had no whole answer within 1000 ms"));
}

static void test_cancel_while_waiting(void **state)
{
    struct answer a = {0};

    (void)state;
    stage_start_mock(&st);
    stage_open(&st, HTTP("\"debounce_ms\":5000"));
    open_text(TEXT);
    ask(&a, 4, 11);
    for (int i = 0; i < 5; i++)
        stage_step(&st, 5);
    expect_cancelled(&a);
    assert_int_equal(mock_number("requests"), 0); /* nothing was sent */
}

static void test_cancel_while_asking(void **state)
{
    (void)state;
    stage_start_mock(&st);
    stage_open(&st, HTTP("\"debounce_ms\":0,\"multi_line\":true"));
    open_text(TEXT);
    for (int stage = 0; stage < 3; stage++) { /* right after sending, before the first byte, in the middle */
        struct answer a = {0};
        uint64_t until = clock_ms() + (stage == 0 ? 0 : 150);

        stage_tell_mock(&st, stage == 2 ? "/__set?ttft_ms=5&tps=20&tokens=100" : "/__set?ttft_ms=3000&tps=0", NULL);
        ask(&a, 4, 11);
        while (clock_ms() < until)
            stage_step(&st, 10);
        assert_int_equal(a.calls, 0);
        expect_cancelled(&a);
        for (int i = 0; i < 20 && mock_number("live") > 1; i++)
            stage_step(&st, 10);
        assert_int_equal(mock_number("live"), 1); /* the service sees it go; the one left is this question's own */
    }
}

static void test_close_while_asking(void **state)
{
    struct answer a = {0};
    struct err e = {0};

    (void)state;
    stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":500"));
    open_text(TEXT);
    ask(&a, 4, 11);
    stage_step(&st, 5);
    assert_int_equal(session_close(st.session, URI, &e), 0);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.nitems, 0);
    assert_string_equal(a.reason, "the document was closed");
}

static void test_end_while_asking(void **state)
{
    struct answer a[4] = {{0}};

    (void)state;
    stage_start_mock(&st);
    stage_tell_mock(&st, "/__set?ttft_ms=3000", NULL);
    stage_open(&st, HTTP("\"debounce_ms\":0"));
    for (int i = 0; i < 4; i++) {
        AUTO_FREE char *uri = mem_printf("file:///stage/%d.c", i);
        struct complete_params p = params(4, 11);

        p.uri = uri;
        assert_int_equal(session_open(st.session, uri, "c", 1, STR(TEXT), NULL), 0);
        a[i].handle = session_complete(st.session, &p, on_complete, &a[i]);
        if (i == 1)
            stage_step(&st, 30);
    }
    stage_close_session(&st);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(a[i].calls, 1);
        assert_int_equal(a[i].code, ERR_CANCELLED);
    }
}

/* ---- what a callback may do ---- */

static struct answer second;

static void cancel_myself(struct answer *a)
{
    session_cancel(st.session, a->handle);
}

static void close_document(struct answer *a)
{
    (void)a;
    (void)session_close(st.session, URI, NULL);
}

static void ask_again(struct answer *a)
{
    a->inside = NULL;
    ask(&second, 4, 11);
}

static void cancel_second(struct answer *a)
{
    (void)a;
    session_cancel(st.session, second.handle);
}

static void test_inside_callbacks(void **state)
{
    static void (*const deeds[])(struct answer *) = {cancel_myself, close_document, ask_again, cancel_second};

    (void)state;
    /* The answer comes in its own time, by cancelling, by closing, by a newer request. */
    for (size_t way = 0; way < 4; way++) {
        for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
            struct answer a = {.inside = deeds[i]}, newer = {0};

            memset(&second, 0, sizeof second);
            stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":10"));
            open_text(TEXT);
            if (deeds[i] == cancel_second) { /* in another document, so that it is not superseded */
                struct complete_params p = params(4, 11);

                p.uri = "file:///stage/b.c";
                assert_int_equal(session_open(st.session, p.uri, "c", 1, STR(TEXT), NULL), 0);
                second.handle = session_complete(st.session, &p, on_complete, &second);
            }
            ask(&a, 4, 11);
            assert_int_not_equal(a.handle, 0);
            if (way == 1)
                session_cancel(st.session, a.handle);
            else if (way == 2)
                (void)session_close(st.session, URI, NULL);
            else if (way == 3)
                ask(&newer, 4, 11);
            stage_until(&st, &a.calls);
            for (int k = 0; k < 20; k++)
                stage_step(&st, 5);
            stage_close_session(&st);
            assert_int_equal(a.calls, 1);
            assert_int_equal(newer.calls, way == 3);
            assert_int_equal(second.calls, i >= 2);
        }
    }
}

static void ask_at_the_end(struct answer *a)
{
    (void)a;
    ask(&second, 4, 11);
    assert_int_equal(second.calls, 1); /* refused at once */
}

static void test_asking_at_the_end(void **state)
{
    struct answer a = {.inside = ask_at_the_end};

    (void)state;
    memset(&second, 0, sizeof second);
    stage_open(&st, SLOW("\"text\":\"some_function(1);\",\"ms\":500"));
    open_text(TEXT);
    ask(&a, 4, 11);
    stage_close_session(&st);
    assert_int_equal(a.calls, 1);
    assert_int_equal(second.calls, 1);
    assert_int_equal(second.code, ERR_CANCELLED);
}

/* ---- a service that fails ---- */

static void test_breaker(void **state)
{
    struct answer a = {0};
    struct health *h;

    (void)state;
    stage_start_mock(&st);
    stage_open(&st, HTTP("\"debounce_ms\":0"));
    stage_stop_mock(&st);
    open_text(TEXT);
    h = &st.session->health[config_target_index(st.session->config, "ai")];
    for (int i = 0; i < 3; i++) {
        ask_and_wait(&a, 4, 11);
        assert_true(a.failed);
        assert_non_null(strstr(a.reason, "'ai'"));
    }
    ask_and_wait(&a, 4, 11);
    assert_true(a.failed);
    assert_non_null(strstr(a.reason, "resting after repeated failures"));
    assert_int_equal(h->failed, 3); /* not asked a fourth time */

    /* Half open: a probe that is superseded leaves room for another, one that is answered closes the breaker. */
    stage_start_mock(&st);
    stage_close_session(&st);
    stage_tell_mock(&st, "/__set?ttft_ms=400&tokens=1", NULL);
    stage_open(&st, HTTP("\"debounce_ms\":0"));
    open_text(TEXT);
    h = &st.session->health[config_target_index(st.session->config, "ai")];
    h->failures = 3;
    h->open_until_ms = clock_ms();
    memset(&a, 0, sizeof a);
    ask(&a, 4, 11);
    assert_true(h->probing);
    expect_cancelled(&a);
    assert_false(h->probing);
    ask_and_wait(&a, 4, 11);
    assert_int_equal(a.nitems, 1);
    assert_false(h->probing);
    assert_int_equal(h->open_until_ms, 0);
}

static void test_classes_of_failure(void **state)
{
    static const struct {
        const char *set, *words;
    } t[] = {{"/__set?status=401", "401"}, {"/__set?status=503", "503"}, {"/__set?status=400", "400"},
             {"/__set?status=200&cut_after=1", "'ai'"}};

    (void)state;
    stage_start_mock(&st);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct answer a;

        stage_tell_mock(&st, t[i].set, NULL);
        stage_open(&st, HTTP("\"debounce_ms\":0,\"multi_line\":true"));
        open_text(TEXT);
        ask_and_wait(&a, 4, 11);
        if (i < 3 && (!a.failed || !strstr(a.reason, t[i].words)))
            fail_msg("%s gave '%s'", t[i].set, a.reason);
        assert_int_equal(a.code, 0); /* an editor is told by the reason, not by an error */
        stage_close_session(&st);
    }
}

/* ---- words ---- */

static void test_explain(void **state)
{
    struct answer a, b;
    struct err e = {0};
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    stage_open(&st, SLOW("\"text\":\"some_function(1);\""));
    assert_int_equal(session_explain(st.session, NULL, false, &out, &e), ERR_NOT_FOUND);
    err_clear(&e);
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    ask_and_wait(&b, 0, 6);
    assert_int_equal(session_explain(st.session, a.decision, false, &out, &e), 0);
    assert_non_null(strstr(out.p, "served by slow"));
    assert_non_null(strstr(out.p, "a.c:5:12"));
    buf_reset(&out);
    assert_int_equal(session_explain(st.session, NULL, true, &out, &e), 0); /* the last one */
    assert_non_null(strstr(out.p, "\"reason\":\"inside a word\""));
    buf_reset(&out);
    assert_int_equal(session_explain(st.session, "nonsense", false, &out, &e), ERR_NOT_FOUND);
    buf_reset(&out);
    session_status(st.session, &out);
    assert_non_null(strstr(out.p, "\"reason\":\"inside a word\""));
    stage_close_session(&st); /* what was decided is on disk afterwards */
    buf_reset(&out);
    err_clear(&e);
    if (session_explain_stored(a.decision, false, &out, &e) < 0)
        fail_msg("%s", e.text);
    assert_non_null(strstr(out.p, "served by slow"));
}

static void test_events(void **state)
{
    struct answer a;
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    stage_open(&st, SLOW("\"text\":\"some_function(1);\""));
    open_text(TEXT);
    ask_and_wait(&a, 4, 11);
    for (int i = 0; i < 2; i++) { /* said twice, counted once */
        assert_int_equal(session_event(st.session, a.id, ITEM_SHOWN, 0, NULL), 0);
        assert_int_equal(session_event(st.session, a.id, ITEM_PARTLY, 4, NULL), 0);
        assert_int_equal(session_event(st.session, a.id, ITEM_ACCEPTED, 0, NULL), 0);
        assert_int_equal(session_event(st.session, a.id, ITEM_DISMISSED, 0, NULL), 0);
    }
    session_status(st.session, &out);
    assert_non_null(strstr(out.p, "\"shown\":1,\"accepted\":1,\"partly\":1,\"dismissed\":0"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_embedded_model), T(test_refusals), T(test_no_plugin_can), T(test_bad_config), T(test_candidates),
        T(test_unsure), T(test_reuse), T(test_typing_into_the_stream), T(test_moved_on), T(test_superseded), T(test_cancel_while_computing),
        T(test_cancel_while_waiting), T(test_cancel_while_asking), T(test_close_while_asking), T(test_end_while_asking),
        T(test_inside_callbacks), T(test_asking_at_the_end), T(test_breaker), T(test_classes_of_failure), T(test_explain),
        T(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
