/* SPDX-License-Identifier: MIT */
/* When not to ask: one row a rule and its neighbours that must pass. The scope is what the caret's line alone tells, as
 * it is before the first parse. */
#include "core/engine/gate.h"
#include "core/engine/config.h"
#include "tests/lib/caret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define C CARET
#define URI "file:///a.c"
#define FILLER "int some_text_before;\n"

static const struct settings PLAIN = {.enabled = true, .debounce_ms = -1, .threshold = 0.6, .multi_line = -1,
                                      .deadline_ms = 3000, .in_comments = true};

struct asked {
    struct caret_doc doc;
    struct gate gate;
};

static void ask_init(struct asked *a, const struct settings *s, const char *lang, struct str text)
{
    caret_init(&a->doc, text, 8192, 2048);
    a->gate = (struct gate){.settings = s, .uri = URI, .lang = lang_by_id(str_c(lang)), .context = &a->doc.context,
                            .document_bytes = rope_bytes(a->doc.rope)};
    a->gate.scope = lang_line_scope(a->gate.lang, a->doc.context.line_before);
}

static void test_rules(void **state)
{
    static const struct {
        const char *lang, *text, *why; /* why NULL: goes on, unless asked by hand it is not even looked at */
    } t[] = {
        {"c", FILLER "x = " C, NULL},
        {"c", FILLER "x = " C ";", NULL},
        {"c", FILLER "foo(" C ")", NULL},
        {"c", FILLER "foo(" C ");", NULL},
        {"c", FILLER "if (" C ") {", NULL},
        {"c", FILLER "s = {\"a\", " C "\"};", NULL},
        {"c", FILLER "x = " C "y;", "in the middle of a line"},
        {"c", FILLER "x = " C " + y;", "in the middle of a line"},
        {"c", FILLER "fo" C "o(x);", "inside a word"},
        {"c", FILLER "fo" C "\xc3\xa4", "inside a word"},
        {"c", FILLER "fo" C "(x);", "in the middle of a line"},
        {"c", FILLER "s = \"he" C, "inside a string"},
        {"c", FILLER "// a comm" C, NULL},
        {"c", FILLER "x = 1;" C, "the line looks finished"},
        {"c", FILLER "}" C, "the line looks finished"},
        {"c", FILLER "foo(a)" C, "the line looks finished"},
        {"c", FILLER "a[1]" C "  ", "the line looks finished"},
        {"c", FILLER "foo(a) " C, NULL},
        {"c", FILLER "foo(bar(a)" C ")", NULL},
        {"c", FILLER "if (a) {" C, NULL},
        {"c", FILLER "    " C, NULL},
        {"c", FILLER C, NULL},
        {"c", C, "too little text to go by"},
        {"c", "int x" C, "too little text to go by"},
        {"c", "          \n\n\n     \n  x " C, "too little text to go by"},
        {"c", "int main(v" C, "too little text to go by"},
        {"c", "int main(vo" C, NULL},
        {"python", FILLER "def f():" C, NULL},
        {"python", FILLER "x = f(1)" C, "the line looks finished"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct asked a;
        const char *why;

        ask_init(&a, &PLAIN, t[i].lang, str_c(t[i].text));
        why = gate_refuses(&a.gate);
        if (!why != !t[i].why || (why && strcmp(why, t[i].why) != 0))
            fail_msg("'%s': %s instead of %s", t[i].text, why ? why : "goes on", t[i].why ? t[i].why : "going on");
        a.gate.invoked = true;
        assert_null(gate_refuses(&a.gate)); /* asked by hand, nothing of this counts */
        caret_fini(&a.doc);
    }
}

/* What holds for requests by hand as well. */
static void expect_always(struct asked *a, const char *why)
{
    for (int invoked = 0; invoked < 2; invoked++) {
        a->gate.invoked = invoked;
        assert_non_null(gate_refuses(&a->gate));
        assert_string_equal(gate_refuses(&a->gate), why);
    }
    caret_fini(&a->doc);
}

static void test_policy(void **state)
{
    static const char *const fine[] = {"file:///a.c", "untitled:Untitled-1", "buffer:7"};
    static const char *const other[] = {"http://x/a.c", "git:/a.c", "vscode-notebook-cell:x", "output:1", ""};
    struct settings off = PLAIN;
    struct asked a;
    AUTO_BUF struct buf text;

    (void)state;
    off.enabled = false;
    ask_init(&a, &off, "c", STR(FILLER "x = " C));
    expect_always(&a, "completion is switched off");
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        ask_init(&a, &PLAIN, "c", STR(FILLER "x = " C));
        a.gate.uri = other[i];
        expect_always(&a, "not a file");
    }
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        ask_init(&a, &PLAIN, "c", STR(FILLER "x = " C));
        a.gate.uri = fine[i];
        assert_null(gate_refuses(&a.gate));
        caret_fini(&a.doc);
    }
    ask_init(&a, &PLAIN, "c", STR("int x;\n\0\n" FILLER "x = " C));
    expect_always(&a, "a binary file");
    ask_init(&a, &PLAIN, "c", STR(FILLER "x = " C "\n\0"));
    expect_always(&a, "a binary file");

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1990; i++)
        buf_addc(&text, 'a');
    buf_adds(&text, C);
    ask_init(&a, &PLAIN, "c", buf_str(&text));
    assert_null(gate_refuses(&a.gate));
    caret_fini(&a.doc);
    for (int i = 0; i < 20; i++)
        buf_addc(&text, ')');
    ask_init(&a, &PLAIN, "c", buf_str(&text));
    expect_always(&a, "the line is too long");
    buf_reset(&text);
    for (int i = 0; i < 20000; i++)
        buf_addc(&text, 'a');
    ask_init(&a, &PLAIN, "c", buf_str(&text));
    expect_always(&a, "the line is too long");
}

static void test_scope_settings(void **state)
{
    struct settings s = PLAIN;
    struct asked a;

    (void)state;
    s.in_comments = false;
    s.in_strings = true;
    ask_init(&a, &s, "c", STR(FILLER "// a comm" C));
    assert_string_equal(gate_refuses(&a.gate), "inside a comment");
    a.gate.invoked = true;
    assert_null(gate_refuses(&a.gate));
    caret_fini(&a.doc);
    ask_init(&a, &s, "c", STR(FILLER "s = \"he" C "\";"));
    assert_null(gate_refuses(&a.gate));
    caret_fini(&a.doc);
}

static void test_one_line_or_several(void **state)
{
    static const struct {
        const char *lang, *text;
        bool single;
    } t[] = {
        {"c", "x = " C, true},
        {"c", "    " C, false},
        {"c", C, false},
        {"c", "if (a) {" C, false},
        {"c", "if (a) { // why" C, true}, /* in a comment */
        {"c", "foo(" C ")", true},
        {"c", "// a comment " C, true},
        {"c", "s = \"" C, true},
        {"c", "    " C ")", true},
        {"python", "def f():" C, false},
        {"python", "x = " C, false}, /* an expression may go on */
        {"ruby", "items.each do |i|" C, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct settings s = PLAIN;
        struct asked a;

        ask_init(&a, &s, t[i].lang, str_c(t[i].text));
        if (gate_single_line(&a.gate) != t[i].single)
            fail_msg("'%s' is%s one line", t[i].text, t[i].single ? " not" : "");
        s.multi_line = 0;
        assert_true(gate_single_line(&a.gate));
        s.multi_line = 1;
        assert_false(gate_single_line(&a.gate));
        caret_fini(&a.doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_policy), cmocka_unit_test(test_scope_settings),
        cmocka_unit_test(test_one_line_or_several),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
