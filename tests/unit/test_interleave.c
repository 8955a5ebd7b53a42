/* SPDX-License-Identifier: MIT */
/* Thousands of random interleavings of typing, asking, cancelling, closing, configuring and ending, over a compute plugin
 * that checks what it is told and a mock service: every request has its one answer, and nothing is left over.
 * suite: time=180 */
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/engine/session_priv.h"
#include "tests/lib/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SESSIONS 50
#define ROUNDS 40 /* of each session */
#define REQUESTS 64

static struct stage st;
static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

/* ---- requests and their answers ---- */

struct asked {
    int calls;
    bool cancelled;
    uint64_t handle;
};

static struct asked asked[REQUESTS];
static size_t nasked;
static char last_id[24];
static struct {
    size_t asked, items, cancelled, empty, edits, failed;
} total;

static int version;

static const char *random_uri(void)
{
    static const char *const uris[] = {"file:///stage/w/a.c", "file:///stage/w/b.py", "file:///elsewhere/c.js"};

    return uris[rnd(3)];
}

static void note(struct asked *a, const struct err *e)
{
    a->calls++;
    if (a->calls > 1)
        fail_msg("answered %d times", a->calls);
    if (e->code == ERR_CANCELLED)
        total.cancelled++;
    else if (a->cancelled)
        fail_msg("cancelled, but answered otherwise");
}

static void on_complete(void *ctx, const struct complete_result *res, const struct err *e)
{
    note(ctx, e);
    assert_true(!e->code || res->nitems == 0);
    total.items += res->nitems > 0;
    total.empty += res->nitems == 0 && !e->code;
    if (res->nitems > 0)
        memcpy(last_id, res->items[0].id, sizeof last_id);
    for (size_t i = 0; i < res->nitems; i++)
        assert_true(res->items[i].text.n > 0 && res->items[i].start.line == res->items[i].end.line);
}

static void on_edit(void *ctx, const struct edit_result *res, const struct err *e)
{
    note(ctx, e);
    assert_int_equal(!res, e->code != 0);
    total.edits += res != NULL;
    total.failed += !res;
}

static struct pos random_place(const char *uri)
{
    const struct document *d = session_document(st.session, uri);
    /* Mostly where one types: at the end of a line. */
    size_t lines = d ? rope_lines(d->rope) : 1, line = rnd((unsigned)lines);

    if (!d)
        return (struct pos){rnd(5), rnd(5)};
    return rnd(4) ? pos_of_byte(d->rope, POS_UTF16, rope_line_end(d->rope, line)) : (struct pos){(uint32_t)line, rnd(40)};
}

static void ask(void)
{
    struct asked *a = &asked[nasked];
    const char *uri = random_uri();

    if (nasked == REQUESTS)
        return;
    nasked++;
    total.asked++;
    if (rnd(8)) {
        struct complete_params p = {.uri = uri, .pos = random_place(uri), .trigger = rnd(4) ? COMPLETE_AUTOMATIC : COMPLETE_INVOKED,
                                    .max_items = rnd(4)};

        a->handle = session_complete(st.session, &p, on_complete, a);
    } else {
        struct edit_params p = {.uri = uri, .start = random_place(uri), .instruction = STR("rename it")};

        p.end = rnd(2) ? p.start : random_place(uri);
        a->handle = session_edit(st.session, &p, on_edit, a);
    }
    assert_int_equal(a->calls, a->handle == 0);
}

/* ---- what else happens ---- */

static void open_or_close(void)
{
    static const char text[] = "int some_function(int argument)\n{\n    return argument + 1;\n}\n\n/* \xc3\xa4\xf0\x9f\x98\x80 */\n"
                               "int other(void)\n{\n    return \n}\n";
    const char *uri = random_uri();

    if (session_document(st.session, uri) && rnd(2))
        assert_int_equal(session_close(st.session, uri, NULL), 0);
    else
        assert_int_equal(session_open(st.session, uri, "", ++version, str_c(text), NULL), 0);
}

static void type(void)
{
    static const char *const words[] = {"a", "some", "\n", "    ", "(", ")", ";", "\"", "\xc3\xa4", "\xf0\x9f\x98\x80", "return ",
                                        "some_function(1);", "/* ", "*/", "", "\r\n"};
    const char *uri = random_uri();
    struct doc_change c = {.has_range = rnd(30) > 0, .text = str_c(words[rnd(ARRAY_LEN(words))])};

    c.start = random_place(uri);
    c.end = rnd(3) ? c.start : random_place(uri);
    if (!c.has_range)
        c.text = STR("int main(void)\n{\n    \n}\n");
    if (session_document(st.session, uri))
        assert_int_equal(session_change(st.session, uri, POS_UTF16, ++version, &c, 1, NULL), 0);
}

static void cancel(void)
{
    struct asked *a = nasked ? &asked[rnd((unsigned)nasked)] : NULL;

    if (!a || !a->handle)
        return;
    a->cancelled = a->calls == 0;
    session_cancel(st.session, a->handle);
    assert_int_equal(a->calls, 1);
}

static void configure(void)
{
    static const char *const settings[] = {"{\"threshold\":0}", "{\"threshold\":0.95}", "{\"deadline_ms\":10}",
                                           "{\"deadline_ms\":3000}", "{\"debounce_ms\":0}", "{\"debounce_ms\":4}",
                                           "{\"enabled\":false}", "{\"enabled\":true}", "{\"multi_line\":true}",
                                           "{\"multi_line\":\"auto\"}", "{\"nonsense\":1}", "["};

    (void)session_configure(st.session, str_c(settings[rnd(ARRAY_LEN(settings))]), NULL);
    if (rnd(2))
        (void)session_configure(st.session, STR("{\"enabled\":true}"), NULL);
}

static void say_something(void)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 1 << 20);
    session_focus(st.session, rnd(2) ? random_uri() : NULL);
    (void)session_event(st.session, last_id, (enum item_event)rnd(4), rnd(10), NULL);
    session_status(st.session, &out);
    assert_true(out.n > 0 && !out.overflow);
    (void)session_explain(st.session, NULL, rnd(2), &out, NULL);
    if (rnd(4) == 0)
        session_set_workspace(st.session, rnd(2) ? st.home : "/nonexistent");
}

static void step(void)
{
    stage_step(&st, rnd(4) ? 0 : (int)rnd(4));
}

static void act(void)
{
    static void (*const acts[])(void) = {ask, ask, ask, type, type, type, type, cancel, open_or_close, configure,
                                         say_something, step, step, step, step};

    acts[rnd(ARRAY_LEN(acts))]();
}

/* ---- sessions ---- */

static void open_session(unsigned nth)
{
    static const char *const mock[] = {"/__set?ttft_ms=0&tps=0&tokens=4&fail_every=0&cut_after=0",
                                       "/__set?ttft_ms=4&tps=500&tokens=8&fail_every=0&cut_after=0",
                                       "/__set?ttft_ms=1&tps=0&tokens=3&fail_every=3&cut_after=0",
                                       "/__set?ttft_ms=0&tps=2000&tokens=9&fail_every=0&cut_after=2"};
    static const char *const slow[] = {"\"text\":\"some_function(1);\",\"sure\":0.9", "\"text\":\"\"",
                                       "\"text\":\"argument;|other();\\n    other();|x\",\"sure\":0.5,\"ms\":2",
                                       "\"text\":\"argument);\",\"sure\":0.3,\"ms\":1,\"no_stop\":1", "\"fails\":1"};
    AUTO_FREE char *config = mem_printf(
        "{\"providers\":{\"slow\":{%s,\"mirror\":1},\"ai\":{\"plugin\":\"openai\",\"base_url\":\"http://127.0.0.1:%%PORT%%/v1\"}},"
        "\"targets\":{\"slow\":{\"provider\":\"slow\",\"tier\":\"local\"},\"ai\":{\"provider\":\"ai\",\"model\":\"m\"},"
        "\"big\":{\"provider\":\"ai\",\"model\":\"m\",\"tier\":\"large\"}},"
        "\"routes\":{\"complete\":[\"slow\",\"ai\"]},\"complete\":{\"debounce_ms\":1,\"deadline_ms\":500}}", slow[nth % ARRAY_LEN(slow)]);

    stage_tell_mock(&st, mock[nth % ARRAY_LEN(mock)], NULL);
    stage_open(&st, config);
    assert_null(session_problem(st.session));
}

static bool all_answered(void)
{
    for (size_t i = 0; i < nasked; i++)
        if (asked[i].calls == 0)
            return false;
    return true;
}

static void finish_round(void)
{
    uint64_t end = clock_ms() + 20000;

    while (!all_answered()) {
        if (clock_ms() > end)
            fail_msg("a request was not answered within 20 s");
        stage_step(&st, 10);
    }
    assert_null(st.session->tasks);
    nasked = 0;
    memset(asked, 0, sizeof asked);
}

static void test_interleavings(void **state)
{
    (void)state;
    stage_init(&st);
    stage_start_mock(&st);
    for (unsigned nth = 0; nth < SESSIONS; nth++) {
        open_session(nth);
        for (unsigned round = 0; round < ROUNDS; round++) {
            rng = nth * 1000 + round + 1;
            for (unsigned n = 8 + rnd(16); n > 0; n--)
                act();
            if (round + 1 < ROUNDS)
                finish_round();
        }
        stage_close_session(&st); /* with whatever is pending */
        assert_true(all_answered());
        nasked = 0;
        memset(asked, 0, sizeof asked);
    }
    print_message("%zu requests: %zu with items, %zu empty, %zu cancelled, %zu edits, %zu edits failed\n", total.asked, total.items,
                  total.empty, total.cancelled, total.edits, total.failed);
    assert_true(total.items > 200 && total.cancelled > 100 && total.edits > 5); /* else nothing was tried */
    stage_fini(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_interleavings)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
