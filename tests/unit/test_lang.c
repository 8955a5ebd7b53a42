/* SPDX-License-Identifier: MIT */
/* The language table and what one line tells. */
#include "core/doc/lang.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *id_of(const struct lang *l)
{
    return l ? l->id : "(none)";
}

static void finds_by_id_and_alias(void **state)
{
    static const char *const cases[][2] = {
        { "c", "c" }, { "cpp", "cpp" }, { "c++", "cpp" }, { "sh", "shellscript" }, { "bash", "shellscript" },
        { "javascriptreact", "javascriptreact" }, { "typescriptreact", "typescriptreact" }, { "tsx", "typescriptreact" },
        { "Python", "python" }, { "cs", "csharp" }, { "make", "makefile" }, { "objc", "objective-c" },
        { "nosuch", "(none)" }, { "", "(none)" }, { "c c", "(none)" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(id_of(lang_by_id(str_c(cases[i][0]))), cases[i][1]);
}

static void finds_by_path(void **state)
{
    static const char *const cases[][2] = {
        { "/a/b.c", "c" }, { "b.tsx", "typescriptreact" }, { "/x/Makefile", "makefile" }, { "build/rules.mk", "makefile" },
        { "/x/CMakeLists.txt", "cmake" }, { "notes.txt", "plaintext" }, { "tsconfig.json", "jsonc" }, { "a.json", "json" },
        { "/home/u/.bashrc", "shellscript" }, { "Dockerfile", "dockerfile" }, { "/c/noext", "(none)" }, { ".c", "c" },
        { "/a.c/readme.md", "markdown" }, { "x.R", "r" }, { "a.C", "(none)" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(id_of(lang_by_path(cases[i][0])), cases[i][1]);
    assert_null(lang_by_path(NULL));
}

static void finds_by_first_line(void **state)
{
    static const char *const cases[][2] = {
        { "#!/bin/sh\necho", "shellscript" }, { "#!/usr/bin/env python3\n", "python" },
        { "#!/usr/bin/env -S python3.11 -u", "python" }, { "#!/usr/bin/env -S A=b node --test\n", "javascript" },
        { "#! /usr/bin/lua5.4\n", "(none)" }, { "#!/usr/bin/ruby -w\r\n", "ruby" }, { "#!", "(none)" }, { "#!/", "(none)" },
        { "#!\n/bin/sh", "(none)" }, { "x#!/bin/sh", "(none)" }, { "", "(none)" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(id_of(lang_by_shebang(str_c(cases[i][0]))), cases[i][1]);
}

static void decides_for_a_document(void **state)
{
    (void)state;
    assert_string_equal(lang_of(STR("rust"), "a.c", STR(""))->id, "rust");
    assert_string_equal(lang_of(STR("plaintext"), "a.c", STR(""))->id, "c");
    assert_string_equal(lang_of(STR(""), "a.unknown", STR(""))->id, "plaintext");
    assert_string_equal(lang_of(STR("typescript"), "a.tsx", STR(""))->id, "typescriptreact");
    assert_string_equal(lang_of(STR("typescript"), "a.ts", STR(""))->id, "typescript");
    assert_string_equal(lang_of(STR(""), NULL, STR("#!/bin/bash\n"))->id, "shellscript");
    assert_string_equal(lang_of(STR("nosuch"), "tool", STR("#!/usr/bin/env node\n"))->id, "javascript");
}

/* A row that says less than another part of the program takes for granted would show only in that language. */
static void table_is_consistent(void **state)
{
    const struct lang *l, *other;
    size_t i, k;

    (void)state;
    assert_ptr_equal(lang_at(0), lang_plain());
    assert_null(lang_at(lang_count()));
    for (i = 0; i < lang_count(); i++) {
        l = lang_at(i);
        assert_non_null(l->quotes);
        assert_non_null(l->openers);
        assert_true((l->block_open == NULL) == (l->block_close == NULL));
        assert_true(l->openers[0] == '\0' || l->blocks == LANG_END);
        assert_ptr_equal(lang_by_id(str_c(l->id)), l);
        for (k = 0; k < i; k++) {
            other = lang_at(k);
            assert_string_not_equal(l->id, other->id);
        }
    }
}

static enum lang_scope scope(const char *id, const char *line)
{
    return lang_line_scope(lang_by_id(str_c(id)), str_c(line));
}

static void tells_scope_from_a_line(void **state)
{
    (void)state;
    assert_int_equal(scope("c", "int x; // say"), LANG_COMMENT);
    assert_int_equal(scope("c", "int x; /* say"), LANG_COMMENT);
    assert_int_equal(scope("c", "int x; /* say */ y"), LANG_CODE);
    assert_int_equal(scope("c", "f(\"// no"), LANG_STRING);
    assert_int_equal(scope("c", "f(\"a\\\"b"), LANG_STRING);
    assert_int_equal(scope("c", "f(\"a\\\"b\""), LANG_CODE);
    assert_int_equal(scope("c", "f(\"a\\"), LANG_STRING);
    assert_int_equal(scope("rust", "fn f<'a>(x: &'a str"), LANG_CODE);
    assert_int_equal(scope("shellscript", "echo $#"), LANG_CODE);
    assert_int_equal(scope("shellscript", "echo # x"), LANG_COMMENT);
    assert_int_equal(scope("lua", "x = 1 --[[ y ]] + "), LANG_CODE);
    assert_int_equal(scope("lua", "x = 1 -- y"), LANG_COMMENT);
    assert_int_equal(scope("plaintext", "don't \"know"), LANG_CODE);
    assert_int_equal(scope("python", ""), LANG_CODE);
}

static bool opens(const char *id, const char *line)
{
    return lang_line_opens(lang_by_id(str_c(id)), str_c(line));
}

static void tells_openers(void **state)
{
    (void)state;
    assert_true(opens("c", "int main(void) {"));
    assert_true(opens("c", "if (x) { // why"));
    assert_false(opens("c", "f(x);"));
    assert_false(opens("c", "// {"));
    assert_false(opens("c", "\"{"));
    assert_false(opens("c", ""));
    assert_true(opens("python", "def f(x):"));
    assert_true(opens("python", "if x:  # y"));
    assert_false(opens("python", "x = d[a:b]"));
    assert_true(opens("javascript", "const f = (x) =>"));
    assert_true(opens("shellscript", "if [ -e x ]; then"));
    assert_true(opens("shellscript", "while read x; do"));
    assert_false(opens("shellscript", "echo done"));
    assert_true(opens("ruby", "def f(x)"));
    assert_true(opens("ruby", "xs.each do |x|"));
    assert_true(opens("ruby", "xs.map { |x|"));
    assert_false(opens("ruby", "x = 1"));
    assert_true(opens("lua", "local function f(x)"));
    assert_true(opens("lua", "for i = 1, 3 do"));
    assert_false(opens("lua", "return x"));
    assert_true(opens("elixir", "def f(x) do"));
    assert_false(opens("plaintext", "so {"));
}

static void tells_closers(void **state)
{
    const struct lang *c = lang_by_id(STR("c")), *lua = lang_by_id(STR("lua")), *sh = lang_by_id(STR("sh"));

    (void)state;
    assert_true(lang_line_closes(c, STR("  }")));
    assert_true(lang_line_closes(c, STR(");")));
    assert_true(lang_line_closes(c, STR(" */")));
    assert_false(lang_line_closes(c, STR("end();")));
    assert_false(lang_line_closes(c, STR("   ")));
    assert_true(lang_line_closes(lua, STR("end)")));
    assert_false(lang_line_closes(lua, STR("ending()")));
    assert_true(lang_line_closes(sh, STR("fi")));
}

/* A line may be very long, and every byte of it a possible token. */
static void long_lines_are_cheap(void **state)
{
    size_t n = 1 << 17, i;
    char *line = mem_alloc(n);

    (void)state;
    for (i = 0; i < lang_count(); i++) {
        memset(line, lang_at(i)->line_comment ? lang_at(i)->line_comment[0] : '/', n);
        (void)lang_line_opens(lang_at(i), (struct str){ line, n });
        memset(line, 'x', n);
        (void)lang_line_scope(lang_at(i), (struct str){ line, n });
        assert_false(lang_line_opens(lang_at(i), (struct str){ line, n }));
    }
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_id_and_alias),
        cmocka_unit_test(finds_by_path),
        cmocka_unit_test(finds_by_first_line),
        cmocka_unit_test(decides_for_a_document),
        cmocka_unit_test(table_is_consistent),
        cmocka_unit_test(tells_scope_from_a_line),
        cmocka_unit_test(tells_openers),
        cmocka_unit_test(tells_closers),
        cmocka_unit_test(long_lines_are_cheap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
