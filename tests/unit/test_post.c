/* SPDX-License-Identifier: MIT */
/* What a model said, and what may stand in the file: a table of documents with a caret, then lines that are cut open at
 * random and must come out whole, then bytes without sense. A service's answer unless a row says otherwise. */
#include "core/engine/post.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/utf.h"
#include "core/doc/lang.h"
#include "tests/lib/caret.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define C CARET
#define NOTHING "the model had nothing to add"

enum { ONE = 1, EMBEDDED = 2 }; /* flags of a row */

struct row {
    const char *lang, *doc, *raw, *text; /* text NULL: dropped */
    size_t over;
    const char *reason;
    int flags;
};

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

struct result {
    struct buf text;
    size_t over;
    const char *reason;
};

static void process(struct result *r, const char *lang, struct str doc, struct str raw, int flags)
{
    struct caret_doc d;
    struct post p = {.context = &d.context, .lang = lang ? lang_by_id(str_c(lang)) : NULL, .single_line = flags & ONE,
                     .from_service = !(flags & EMBEDDED)};

    caret_init(&d, doc, 8192, 2048);
    buf_init(&r->text, 4 * MAX_COMPLETION_BYTES);
    r->reason = post_process(&p, raw, &r->text, &r->over);
    assert_true(r->over <= d.context.line_after.n);
    assert_true(!r->reason || (r->text.n == 0 && r->over == 0));
    (void)post_has_enough(&p, raw);
    caret_fini(&d);
}

static void check_rows(const struct row *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct result r;
        const char *want = t[i].text ? t[i].text : "";

        process(&r, t[i].lang, str_c(t[i].doc), str_c(t[i].raw), t[i].flags);
        if (!str_eqc(buf_str(&r.text), want) || r.over != t[i].over || !r.reason != !t[i].reason ||
            (r.reason && strcmp(r.reason, t[i].reason) != 0))
            fail_msg("row %zu\ndocument: %s\nraw: %s\ngot:  '%.*s' over %zu (%s)\nwant: '%s' over %zu (%s)", i, t[i].doc,
                     t[i].raw, (int)r.text.n, r.text.p ? r.text.p : "", r.over, r.reason ? r.reason : "", want, t[i].over,
                     t[i].reason ? t[i].reason : "");
        buf_fini(&r.text);
    }
}

static void test_plain(void **state)
{
    static const struct row t[] = {
        {"c", "int x = " C ";\n", "a + b", "a + b", 0, NULL, ONE},
        {"c", "int x = " C "\n", "a + b;\nint y;\n", "a + b;", 0, NULL, ONE},
        {"c", "{\n    " C "\n}\n", "a();\n    b();", "a();\n    b();", 0, NULL, 0},
        {"c", "x = " C "\n", "", NULL, 0, NOTHING, 0},
        {"c", "x = " C "\n", "  \n\t\n", NULL, 0, NOTHING, 0},
        {"c", "x = " C "\n", "\nfoo", NULL, 0, NOTHING, ONE},
        {"c", "x = " C ";\n", ";", NULL, 0, NOTHING, ONE},
        {"c", "x = " C " + y;\n", " + y;", NULL, 0, NOTHING, ONE},
        {"c", "x = " C "\n", "a", NULL, 0, "the suggestion is too short to help", ONE},
        {"c", "x = " C "\n", "\xc3\xa4", NULL, 0, "the suggestion is too short to help", ONE},
        {"c", "f(a" C "\n", ")", ")", 0, NULL, ONE},
        {"c", "int main(void)\n{\n    " C, "// a comment is no end\n    int x = 1; // nor is this", "// a comment is no end\n    int x = 1; // nor is this", 0, NULL, 0},
        {NULL, "a" C, "bc", "bc", 0, NULL, 0},
        {NULL, C, "hello", "hello", 0, NULL, 0},
        {NULL, "", "hello", "hello", 0, NULL, 0},
    };

    (void)state;
    check_rows(t, ARRAY_LEN(t));
}

static void test_wrapping(void **state)
{
    static const struct row t[] = {
        /* special tokens */
        {"c", "x = " C, "ab + c<|endoftext|><|fim_prefix|>int", "ab + c", 0, NULL, 0},
        {"c", "x = " C, "<|fim_middle|>ab", NULL, 0, NOTHING, 0},
        {"c", "x = " C, "ab<\xef\xbd\x9c" "fim\xe2\x96\x81hole\xef\xbd\x9c>cd", "ab", 0, NULL, 0},
        {"c", "x = " C, "ab<fim_pad>cd", "ab", 0, NULL, 0},
        {"c", "x = " C, "ab<|fim_pad", "ab", 0, NULL, 0},
        {"html", "<p><s>a</s>b</p>\n<p><s>" C, "old</s></p>", "old</s></p>", 0, NULL, 0},
        {"html", "<p>" C, "old</s></p>", "old", 0, NULL, 0},
        {"c", "x = " C, "ab<|endoftext|>", "ab<|endoftext|>", 0, NULL, EMBEDDED},
        /* thinking */
        {"c", "x = " C, "<think>hm,\nlet me see</think>\n\nab + c;", "ab + c;", 0, NULL, ONE},
        {"c", "x = " C, "\n<thinking>hm</thinking>ab", "ab", 0, NULL, ONE},
        {"c", "x = " C, "<think>never ends", NULL, 0, NOTHING, ONE},
        {"c", "x = " C, "the prompt began it.\n</think>\nab + c;", "ab + c;", 0, NULL, ONE},
        /* fences */
        {"c", "x = " C, "```c\nab + c;\n```\nExplanation.", "ab + c;", 0, NULL, 0},
        {"c", "x = " C, "```\nab + c;", "ab + c;", 0, NULL, 0},
        {"c", "x = " C, "ab + c;\n```\nThis adds.", "ab + c;", 0, NULL, 0},
        {"c", "x = " C, "Here is the code:\n\n```c\nab + c;\n```\n", "ab + c;", 0, NULL, 0},
        {"c", "x = " C, "```c", NULL, 0, NOTHING, 0},
        {"c", "/** Prints.\n" C, "```md\n * Use:\n```c\n * f();\n```\n * so.\n```", " * Use:\n```c\n * f();\n```\n * so.", 0, NULL, 0},
        {"c", "x = " C, "````\na\n```\nb\n````\nno", "a\n```\nb", 0, NULL, 0},
        {"markdown", "Run:\n```sh\nls\n```\nThen:\n" C, "```sh\nmake\n```\nand see.", "```sh\nmake\n```\nand see.", 0, NULL, 0},
        /* echo */
        {"c", "    return value" C, "    return value + 1;", " + 1;", 0, NULL, ONE},
        {"c", "    return value" C, "return value + 1;", " + 1;", 0, NULL, ONE},
        {"c", "    x = compute(" C, "compute(a);", "a);", 0, NULL, ONE},
        {"c", "int abc = ab" C, "abc + 1;", "abc + 1;", 0, NULL, ONE},
        {"c", "    long_name_of_it" C, "of_it + 1;", "of_it + 1;", 0, NULL, ONE},
        {"c", "x = " C, " ab + c;", "ab + c;", 0, NULL, ONE},
        {"c", "x =" C, " ab + c;", " ab + c;", 0, NULL, ONE},
        {"c", "x = " C, "  ab + c;", "  ab + c;", 0, NULL, ONE},
        {"c", "x = " C, " ab + c;", " ab + c;", 0, NULL, ONE | EMBEDDED},
        {"c", "{\n    " C "\n}", "\n\n    return 1;", "return 1;", 0, NULL, ONE},
        {"python", "if a:\n    " C, "\n        b()", "    b()", 0, NULL, 0},
        /* stuck */
        {"c", "{\n    " C, "foo();\n    bar();\n    bar();\n    bar();\n    bar();", "foo();\n    bar();", 0, NULL, 0},
        {"c", "x = " C, "abc, abc, abc, abc, abc, abc, ", "abc, abc,", 0, NULL, ONE},
        {"c", "// " C, "----------------------------", "----------------------------", 0, NULL, ONE},
        /* blanks */
        {"c", "{\n    " C, "foo();   \n\n\n\n    bar();\t\n", "foo();\n\n    bar();", 0, NULL, 0},
    };

    (void)state;
    check_rows(t, ARRAY_LEN(t));
}

static void test_behind_the_caret(void **state)
{
    static const struct row t[] = {
        {"c", "foo(" C ")\n", "a, b)", "a, b", 0, NULL, ONE},
        {"c", "foo(" C ");\n", "a, b);", "a, b", 0, NULL, ONE},
        {"c", "foo(" C ");\n", "a, b)", "a, b", 0, NULL, ONE},
        {"c", "foo(" C ")\n", "a, b);", "a, b);", 1, NULL, ONE},
        {"c", "foo(" C ")\n", "bar(x)", "bar(x)", 0, NULL, ONE},
        {"c", "foo(" C ")\n", "bar(x))", "bar(x)", 0, NULL, ONE},
        {"c", "foo(" C ")\n", "a) + b(c", "a) + b(c", 0, NULL, ONE},
        {"c", "foo(" C ")\n", "a) + b(c)", "a) + b(c)", 1, NULL, ONE},
        {"c", "foo[bar(" C ")]\n", "x)] = 1;", "x)] = 1;", 2, NULL, ONE},
        {"c", "foo[bar(" C ")]\n", "xy)]", "xy", 0, NULL, ONE},
        {"c", "foo(bar(" C ")\n", "x)", "x)", 0, NULL, ONE},
        {"c", "foo(bar(" C ")\n", "x))", "x)", 0, NULL, ONE},
        {"c", "if (a" C ") {\n    b();\n}\n", " && c) {", " && c", 0, NULL, ONE},
        {"c", "s = \"" C "\";\n", "hello\";", "hello", 0, NULL, ONE},
        {"c", "s = f(\"" C "\");\n", "hello\", 1);", "hello\", 1);", 3, NULL, ONE},
        {"c", "s = \"" C "\";\n", "a)b", "a)b", 0, NULL, ONE},
        {"c", "f(\"a" C ")\n", ")b\")", ")b\"", 0, NULL, ONE},
        {"c", "c = '" C "'", "\\n'", "\\n", 0, NULL, ONE | EMBEDDED},
        {"rust", "fn f(x: " C ")\n", "&'a str, y: &'b T)", "&'a str, y: &'b T", 0, NULL, ONE},
        {"c", "x = " C " + y;\n", "foo + y;", "foo", 0, NULL, ONE},
        {"c", "x = " C "value_of(y);\n", "foo(value_of(y);", "foo(", 0, NULL, ONE},
        {"c", "x = foo(" C "b)\n", "g(b)", "g(b)", 0, NULL, ONE},
        {"c", "x = foo(" C "b)\n", "a, b)", "a, ", 0, NULL, ONE},
        {"c", "for (" C ")\n", "i = 0; i < n; i++) {", "i = 0; i < n; i++) {", 1, NULL, ONE},
        {"c", "return " C ";\n", "a + b;", "a + b", 0, NULL, ONE},
        {"c", "f(" C ");\n", "\n    a,\n    b\n);", "\n    a,\n    b\n);", 2, NULL, 0},
        {"c", "f(" C ");\n", "a,\n  b);", "a,\n  b", 0, NULL, 0},
        {"c", "x = {" C "};\n", " 1, 2 };", " 1, 2", 0, NULL, ONE},
    };

    (void)state;
    check_rows(t, ARRAY_LEN(t));
}

static void test_below(void **state)
{
    static const struct row t[] = {
        {"c", "f()\n{\n    " C "\n}\n", "a();\n}\n\nint main()", "a();", 0, NULL, 0},
        {"c", "f()\n{\n    " C "\n}\n", "for (;;) {\n        a();\n    }\n}", "for (;;) {\n        a();\n    }", 0, NULL, 0},
        {"c", "f()\n{\n" C "\n}\n", "for (;;) {\na();\n}\n}", "for (;;) {\na();\n}", 0, NULL, 0},
        {"c", "    if (x) {" C "\n    }\n}\n", "\n        a();\n    }", "\n        a();", 0, NULL, 0},
        {"c", "    if (x) {" C "\n}\n", "\n        a();\n    }", "\n        a();\n    }", 0, NULL, 0},
        {"c", "    " C "\n    return NULL;\n", "if (!a)\n        return NULL;\n    b();", "if (!a)\n        return NULL;\n    b();", 0, NULL, 0},
        {"c", "    " C "\n    return NULL;\n", "b();\n    return NULL;\n}", "b();", 0, NULL, 0},
        {"c", "  " C "\n\n  very_long_call(with, arguments);\n", "b();\n\tvery_long_call(with, arguments);", "b();", 0, NULL, 0},
        {"ruby", "def f\n  " C "\nend\n", "if x\n    y\n  end\nend\n\ndef g", "if x\n    y\n  end", 0, NULL, 0},
        {"python", "def f():\n    " C "\n\ndef g():\n    pass\n", "return 1\n\ndef g():\n    return 2", "return 1", 0, NULL, 0},
        {"c", "    " C "\n    foo(1);\n", "foo(1);", NULL, 0, "the suggestion repeats the next line", 0},
        {"c", "    fo" C "\n\n    foo(1);\n", "o(1);\n    bar();", NULL, 0, "the suggestion repeats the next line", 0},
        {"c", "    fo" C "\nfoo(1);\n", "o(1);", "o(1);", 0, NULL, 0},
        {"c", "    foo(1);\n    " C "\n", "foo(1);", NULL, 0, "the suggestion repeats the line above", 0},
        {"c", "    }\n    " C "\n", "}", "}", 0, NULL, 0},
        {"c", "a\r\nb = " C "\r\nfoo(1);\r\n", "1;\nfoo(1);", "1;", 0, NULL, 0},
    };

    (void)state;
    check_rows(t, ARRAY_LEN(t));
}

static void test_hostile_text(void **state)
{
    static const struct row t[] = {
        {"c", "x = " C, "a\x1b[31m + b", "a\xef\xbf\xbd[31m + b", 0, NULL, ONE},
        {"c", "x = " C, "a\xe2\x80\xae + b", "a\xef\xbf\xbd + b", 0, NULL, ONE},
        {"c", "x = " C, "a\xff\xfe + b", "a\xef\xbf\xbd\xef\xbf\xbd + b", 0, NULL, ONE},
        {"c", "x = " C, "a + b\rrm", "a + b\xef\xbf\xbdrm", 0, NULL, ONE | EMBEDDED},
        {"c", "{\r\n    " C "\r\n", "a();\n    b();\r\n    c();", "a();\r\n    b();\r\n    c();", 0, NULL, 0},
        {"c", "{\r\n    " C "\r\n", "a();\n    b();", "a();\r\n    b();", 0, NULL, EMBEDDED},
        {"c", "{\n    " C "\n", "a();\r\n    b();", "a();\n    b();", 0, NULL, 0},
    };
    struct result r;
    struct buf big;

    (void)state;
    check_rows(t, ARRAY_LEN(t));
    process(&r, "c", STR("x = "), (struct str){"ab\0cd", 5}, ONE);
    assert_memory_equal(r.text.p, "ab\xef\xbf\xbd" "cd", 7);
    buf_fini(&r.text);
    /* More than a completion may have is cut, at a character. */
    buf_init(&big, 1 << 20);
    for (int i = 0; i < 100000; i++)
        buf_adds(&big, "\xc3\xa4");
    process(&r, "c", STR("x = "), buf_str(&big), ONE | EMBEDDED);
    assert_true(r.text.n <= MAX_COMPLETION_BYTES && r.text.n > MAX_COMPLETION_BYTES - 4 && utf8_valid(buf_str(&r.text)));
    buf_fini(&r.text);
    buf_fini(&big);
}

/* ---- a line cut open must come out whole ---- */

static void random_expression(struct buf *b, unsigned depth)
{
    static const char *const atoms[] = {"a", "foo", "x1", "\"s\"", "\"a)b\"", "'('", "42", "\"\\\"(\""};

    if (depth == 0 || rnd(3) == 0) {
        buf_adds(b, atoms[rnd(ARRAY_LEN(atoms))]);
        return;
    }
    switch (rnd(5)) {
    case 0:
        buf_adds(b, "f(");
        random_expression(b, depth - 1);
        buf_adds(b, ", ");
        random_expression(b, depth - 1);
        buf_addc(b, ')');
        break;
    case 1:
        buf_adds(b, "v[");
        random_expression(b, depth - 1);
        buf_addc(b, ']');
        break;
    case 2:
        buf_addc(b, '(');
        random_expression(b, depth - 1);
        buf_addc(b, ')');
        break;
    case 3:
        random_expression(b, depth - 1);
        buf_adds(b, " + ");
        random_expression(b, depth - 1);
        break;
    default:
        buf_adds(b, "{ ");
        random_expression(b, depth - 1);
        buf_adds(b, " }");
        break;
    }
}

/* Is each closer in l from `to` on the end of something that begins before `from`? */
static bool closes_outside(struct str l, size_t from, size_t to)
{
    size_t open[64], n = 0;
    char quote = 0;

    for (size_t i = 0; i < l.n; i++) {
        if (quote) {
            i += l.p[i] == '\\';
            quote = l.p[i] == quote && l.p[i - 1] != '\\' ? 0 : quote;
        } else if (strchr("\"'", l.p[i])) {
            quote = l.p[i];
        } else if (strchr("([{", l.p[i])) {
            open[n++] = i;
        } else if (strchr(")]}", l.p[i]) && open[--n] >= from && i >= to) {
            return false;
        }
    }
    return true;
}

/* The line A M T with T nothing but closers is opened at A|T; whoever answers M, or M and a part of T, or M, T and lines
 * that follow, must make it whole again. */
static void test_cut_lines(void **state)
{
    size_t tried = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        AUTO_BUF struct buf line, doc, raw, whole;
        struct result r;
        struct str l;
        size_t from, to;

        rng = round + 1;
        buf_init(&line, 4096);
        buf_init(&doc, 8192);
        buf_init(&raw, 8192);
        buf_init(&whole, 8192);
        buf_adds(&line, "    y = ");
        random_expression(&line, 3);
        buf_addc(&line, ';');
        l = buf_str(&line);
        for (to = l.n; to > 8 && strchr(")]}; ", l.p[to - 1]) && rnd(4); )
            to--;
        from = 4 + rnd((unsigned)to - 4);
        if (to - from < 8 || l.p[to - 1] == ' ' || l.p[from] == ' ' || !closes_outside(l, from, to))
            continue;
        tried++;
        buf_addf(&doc, "int y;\n%.*s" C "%.*s\n    z = y;\n", (int)from, l.p, (int)(l.n - to), l.p + to);
        buf_add(&raw, l.p + from, to - from + rnd((unsigned)(l.n - to) + 1));
        if (raw.n == l.n - from && rnd(2))
            buf_adds(&raw, "\n    z = y;\n}\n");
        process(&r, "c", buf_str(&doc), buf_str(&raw), rnd(2) ? ONE | EMBEDDED : EMBEDDED);
        buf_add(&whole, l.p, from);
        buf_addstr(&whole, buf_str(&r.text));
        buf_add(&whole, l.p + to + r.over, l.n - to - r.over);
        if (!str_eq(buf_str(&whole), l))
            fail_msg("round %u\ndocument: %s\nraw: %s\ntext: '%s' over %zu (%s)\ngives '%s'", round, doc.p, raw.p,
                     r.text.p ? r.text.p : "", r.over, r.reason ? r.reason : "", whole.p);
        buf_fini(&r.text);
    }
    assert_true(tried > 3000);
}

/* ---- bytes without sense ---- */

static void random_text(struct buf *b, unsigned pieces)
{
    static const char *const parts[] = {"a", "foo(", ")", "]", "}", "{", "\n", "\n    ", "\r\n", "\r", "\"", "'", "```", "\n```c\n",
                                        "<think>", "</think>", "<|fim_", "<|endoftext|>", " ", "\t", ";", ",", "\\", "\x1b[0m",
                                        "\xe2\x80\xae", "\xc3", "\xff", "\xf0\x9f\x98\x80", "int x = 1;", "return", "// c", ":"};

    for (; pieces > 0; pieces--) {
        if (rnd(8) == 0)
            buf_addc(b, (char)rnd(256));
        else
            buf_adds(b, parts[rnd(ARRAY_LEN(parts))]);
    }
}

static void check_clean(struct str text, bool crlf)
{
    assert_true(utf8_valid(text));
    for (size_t i = 0; i < text.n; i++) {
        unsigned char ch = (unsigned char)text.p[i];

        assert_true(ch >= 0x20 || ch == '\n' || ch == '\t' || (crlf && ch == '\r' && i + 1 < text.n && text.p[i + 1] == '\n'));
        assert_true(ch != 0x7f);
    }
    assert_true(str_find(text, STR("\xe2\x80\xae")) < 0);
}

/* The text is the raw text with pieces taken away: nothing is made up but what stands for bad bytes, and line ends. */
static bool is_taken_from(struct str text, struct str raw)
{
    size_t at = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\r')
            continue;
        if (i + 2 < text.n && memcmp(text.p + i, "\xef\xbf\xbd", 3) == 0) {
            i += 2;
            continue;
        }
        while (at < raw.n && raw.p[at] != text.p[i])
            at++;
        if (at++ >= raw.n)
            return false;
    }
    return true;
}

static void test_random(void **state)
{
    static const char *const langs[] = {"c", "python", "ruby", "html", NULL};
    size_t kept = 0;

    (void)state;
    for (unsigned round = 0; round < 30000; round++) {
        AUTO_BUF struct buf doc, raw;
        struct result r;

        rng = round + 1;
        buf_init(&doc, 1 << 16);
        buf_init(&raw, 1 << 16);
        random_text(&doc, rnd(20));
        buf_adds(&doc, C);
        random_text(&doc, rnd(20));
        random_text(&raw, rnd(30));
        process(&r, langs[rnd(ARRAY_LEN(langs))], buf_str(&doc), buf_str(&raw), (int)rnd(4));
        check_clean(buf_str(&r.text), memmem(doc.p, doc.n, "\r\n", 2) != NULL);
        if (!is_taken_from(buf_str(&r.text), buf_str(&raw)))
            fail_msg("round %u: raw '%.*s' gave '%s'", round, (int)raw.n, raw.p, r.text.p);
        kept += r.reason == NULL;
        buf_fini(&r.text);
    }
    assert_true(kept > 5000);
}

/* ---- while it streams ---- */

static bool enough(const char *doc, const char *so_far, int flags)
{
    struct caret_doc d;
    struct post p = {.context = &d.context, .single_line = flags & ONE, .from_service = true};
    bool r;

    caret_init(&d, str_c(doc), 8192, 2048);
    r = post_has_enough(&p, str_c(so_far));
    caret_fini(&d);
    return r;
}

static void test_has_enough(void **state)
{
    (void)state;
    assert_false(enough("x = " C, "", ONE));
    assert_false(enough("x = " C, "foo", ONE));
    assert_true(enough("x = " C, "foo;\n", ONE));
    assert_true(enough("x = " C, "\n", ONE));
    assert_false(enough("    " C, "\n", ONE));
    assert_false(enough("    " C, "\n    foo", ONE));
    assert_true(enough("    " C, "\n    foo\n", ONE));
    assert_false(enough("x = " C, "```c\n", ONE));
    assert_false(enough("x = " C, "```c\nfoo", ONE));
    assert_true(enough("x = " C, "```c\nfoo\n", ONE));
    assert_false(enough("x = " C, "```c\nfoo();\n```", 0));
    assert_true(enough("x = " C, "```c\nfoo();\n```\n", 0));
    assert_false(enough("x = " C, "<think>\nhm\n", ONE));
    assert_false(enough("x = " C, "<think>\nhm\n</think>\n", ONE));
    assert_true(enough("x = " C, "<think>\nhm\n</think>\nfoo\n", ONE));
    assert_true(enough("x = " C, "foo<|endoftext|>", ONE));
    assert_false(enough("{\n  " C "\n}\n", "a();\n", 0));
    assert_true(enough("{\n  " C "\n}\n", "a();\n}\n", 0));
    assert_true(enough("{\n  " C "\n}\n", "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n", 0));
}

/* What has_enough() lets go of, post_process() would not have shown: one line is the same with and without the rest. */
static void test_enough_is_enough(void **state)
{
    size_t stopped = 0;

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        AUTO_BUF struct buf doc, raw;
        struct caret_doc d;
        struct post p = {.context = &d.context, .single_line = true, .from_service = true};
        struct buf early, late;
        size_t over_early, over_late;

        rng = round + 1;
        buf_init(&doc, 1 << 16);
        buf_init(&raw, 1 << 16);
        buf_adds(&doc, rnd(2) ? "int x = " C "\n" : "{\n    " C "\n}\n");
        random_text(&raw, rnd(30));
        caret_init(&d, buf_str(&doc), 8192, 2048);
        for (size_t n = 1; n < raw.n; n++) {
            if (!post_has_enough(&p, str_sub(buf_str(&raw), 0, n)))
                continue;
            buf_init(&early, 4 * MAX_COMPLETION_BYTES);
            buf_init(&late, 4 * MAX_COMPLETION_BYTES);
            (void)post_process(&p, str_sub(buf_str(&raw), 0, n), &early, &over_early);
            (void)post_process(&p, buf_str(&raw), &late, &over_late);
            /* A mark that says how to read the whole may still come: a thought's end, a fence behind a preamble. */
            if (!memmem(raw.p + n, raw.n - n, "</think>", 8) && !memmem(raw.p + n, raw.n - n, "```", 3) &&
                (!str_eq(buf_str(&early), buf_str(&late)) || over_early != over_late))
                fail_msg("round %u after %zu bytes of '%s': '%s' or '%s'", round, n, raw.p, early.p, late.p);
            buf_fini(&early);
            buf_fini(&late);
            stopped++;
            break;
        }
        caret_fini(&d);
    }
    assert_true(stopped > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain), cmocka_unit_test(test_wrapping), cmocka_unit_test(test_behind_the_caret),
        cmocka_unit_test(test_below), cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_random), cmocka_unit_test(test_has_enough), cmocka_unit_test(test_enough_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
