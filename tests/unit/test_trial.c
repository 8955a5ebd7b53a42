/* SPDX-License-Identifier: MIT */
/* Trying texts out: which ones break the syntax, and where the first unit of each ends. */
#include "core/doc/trial.h"
#include "core/base/err.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct grammars *grammars;

static int setup(void **state)
{
    AUTO_FREE char *lib = fs_lib_dir();

    (void)state;
    grammars = grammars_new(lib);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    grammars_free(grammars);
    return 0;
}

static struct syntax *new_syntax(const char *id, struct rope *text)
{
    const struct lang *l = lang_by_id(str_c(id));
    const struct grammar *g = grammars_get(grammars, l->grammar, NULL);

    assert_non_null(g);
    return syntax_new(l, g, text);
}

static const struct {
    const char *id, *text; /* '|' is the caret */
    const char *insert;
    const char *unit;      /* NULL: the whole text */
    bool worse;
} cases[] = {
    /* The rest of a statement, and what the model went on with. */
    { "c", "int f(void)\n{\n    int x = |\n    g();\n}\n", "1;\n    h();", "1;", false },
    { "c", "int f(void)\n{\n    g(|);\n}\n", "1, 2", NULL, false },
    { "c", "int f(void)\n{\n    g(|);\n}\n", "1, 2)", NULL, true },
    /* A statement among others. */
    { "c", "int f(void)\n{\n    g();\n    |\n}\n", "a();\n    b();", "a();", false },
    { "c", "int f(void)\n{\n    g();\n    |\n}\n", "if (a) {\n        b();\n    }\n    c();", "if (a) {\n        b();\n    }", false },
    /* The body of something empty is one unit. */
    { "c", "int f(void)\n{\n    |\n}\n", "a();\n    b();", NULL, false },
    { "c", "int f(void)\n{\n    /* do it */\n    |\n}\n", "a();\n    b();", NULL, false },
    { "c", "int f(void)\n{\n    |\n}\n", "a();\n}\n\nint g(void)\n{\n    b();", "a();", false },
    /* A block that is opened on the line. */
    { "c", "int f(void)\n{\n    if (x) {|\n}\n", "\n        a();\n    }\n    b();", "\n        a();\n    }", false },
    { "c", "int f(void) |\n", "{\n    return 1;\n}\n\nint g(void);", "{\n    return 1;\n}", false },
    /* An unclosed brace shows far below. */
    { "c", "int f(void)\n{\n    |\n}\n\nint g(void)\n{\n    return 1;\n}\n\nint h(void)\n{\n    return 2;\n}\n", "if (x) {\n", NULL, true },
    { "python", "def f(x):\n    |", "y = x + 1\n    return y\n\n\ndef g():\n    pass", "y = x + 1\n    return y", false },
    { "python", "def f(x):\n    y = 1\n    |\n", "if x:\n        return y\n    return 0", "if x:\n        return y", false },
    { "python", "x = [1, 2, |]\n", "3", NULL, false },
    { "python", "x = [1, 2, |]\n", "3]\ny = [4", "3]", false },
    /* What was broken before and still is counts as no worse, and has no unit. */
    { "python", "x = |\n", "f(", "", false },
    { "go", "package a\n\nfunc f() {\n\tg()\n\t|\n}\n", "if x {\n\t\ty()\n\t}\n\tz()", "if x {\n\t\ty()\n\t}", false },
    { "javascript", "const f = (x) => |\n", "x + 1;\nconst g = 2;", "x + 1;", false },
    { "json", "{\n  \"a\": |\n}\n", "[1, 2]", NULL, false },
    { "json", "{\n  \"a\": |\n}\n", "[1, 2", NULL, false },
    { "json", "{\n  \"a\": 0|\n}\n", ", \"b\": [1, 2", NULL, true },
    { "rust", "fn f() -> u8 {\n    |\n}\n", "let x = 1;\n    x", NULL, false },
    { "ruby", "def f\n  |\nend\n", "a\n  b\nend\n\ndef g\n  c", "a\n  b", false },
};

static void tells_errors_and_units(void **state)
{
    size_t i, n, wrong = 0;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        size_t at = (size_t)(strchr(cases[i].text, '|') - cases[i].text);
        AUTO_FREE char *plain = mem_printf("%.*s%s", (int)at, cases[i].text, cases[i].text + at + 1);
        const char *want = cases[i].unit ? cases[i].unit : cases[i].insert;
        struct rope *text = rope_new(str_c(plain));
        struct syntax *s = new_syntax(cases[i].id, text);
        AUTO_FREE char *before = NULL;
        AUTO_FREE char *after = NULL;
        struct trial *t;
        bool worse;

        assert_int_equal(syntax_update(s, at, TRIAL_BUDGET_US), 0);
        before = syntax_dump(s);
        t = trial_new(s, at, at, str_c(cases[i].insert), 20000000);
        assert_non_null(t);
        worse = trial_errors_after(t) > trial_errors_before(t);
        n = trial_unit(t);
        if (worse != cases[i].worse || (!worse && (n != strlen(want) || memcmp(cases[i].insert, want, n) != 0))) {
            print_error("%s\n+ %s\nerrors %zu -> %zu, unit '%.*s'\n", cases[i].text, cases[i].insert, trial_errors_before(t),
                trial_errors_after(t), (int)n, cases[i].insert);
            wrong++;
        }
        trial_free(t);
        /* The document's own tree is as it was. */
        after = syntax_dump(s);
        assert_string_equal(before, after);
        syntax_free(s);
        rope_unref(text);
    }
    assert_int_equal(wrong, 0);
}

static void replaces_a_range(void **state)
{
    struct rope *text = rope_new(STR("int x = (1;\n"));
    struct syntax *s = new_syntax("c", text);
    struct trial *t;

    (void)state;
    t = trial_new(s, 8, 10, STR("2"), 20000000); /* the first update is part of it */
    assert_non_null(t);
    assert_int_equal(trial_errors_before(t), 1);
    assert_int_equal(trial_errors_after(t), 0);
    trial_free(t);
    assert_null(trial_new(s, 5, 3, STR("2"), 20000000));
    assert_null(trial_new(s, 5, 300, STR("2"), 20000000));
    syntax_free(s);
    rope_unref(text);
}

static void gives_up_in_time(void **state)
{
    AUTO_BUF struct buf b;
    struct rope *text;
    struct syntax *s;
    size_t i;

    (void)state;
    buf_init(&b, 1 << 20);
    for (i = 0; b.n < 250000; i++)
        buf_addf(&b, "int f%zu(void) { return %zu; }\n", i, i);
    text = rope_new(buf_str(&b));
    s = new_syntax("c", text);
    assert_null(trial_new(s, 0, 0, STR("int x;\n"), 0));
    assert_null(trial_new(s, 0, 0, STR("int x;\n"), 100));
    /* While a worker has the document's tree there is nothing to compare with. */
    assert_int_equal(syntax_update(s, 0, 0), ERR_TIMEOUT);
    {
        struct syntax_job *j = syntax_take_job(s);

        assert_null(trial_new(s, 0, 0, STR("int x;\n"), 20000000));
        assert_int_equal(syntax_job_run(j, 20000000, NULL), 0);
        syntax_adopt(s, j);
    }
    {
        struct trial *t = trial_new(s, 0, 0, STR("int x;\n"), 20000000);

        assert_non_null(t);
        assert_int_equal(trial_errors_after(t), 0);
        trial_free(t);
    }
    syntax_free(s);
    rope_unref(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_errors_and_units),
        cmocka_unit_test(replaces_a_range),
        cmocka_unit_test(gives_up_in_time),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
