/* SPDX-License-Identifier: MIT */
/* What a request sees of a document: the same text gives the same bytes, typing keeps the window where it is, and odd
 * documents (CRLF, bytes that are no UTF-8, lines longer than a window) give valid text. */
#include "core/base/hash.h"
#include "core/base/utf.h"
#include "tests/lib/caret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define C CARET
#define PREFIX 8192
#define SUFFIX 2048

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

static void assert_str(struct str got, const char *want)
{
    if (!str_eqc(got, want))
        fail_msg("'%.*s' instead of '%s'", (int)got.n, got.p, want);
}

static void test_small(void **state)
{
    static const struct {
        const char *text, *before, *after, *below;
        bool crlf;
    } t[] = {
        {"", "", "", "", false},
        {"abc", "abc", "", "", false},
        {C "abc", "", "abc", "", false},
        {"ab" C "cd\nef\n", "ab", "cd", "ef\n", false},
        {"x\nab" C "cd\n\nef", "ab", "cd", "\nef", false},
        {"x\r\nab" C "cd\r\nef", "ab", "cd", "ef", true},
        {"ab" C "cd\r\nef", "ab", "cd", "ef", true},
        {"a longer first line" C "\r\nef", "a longer first line", "", "ef", true},
        {"x\r\ny\nab" C "\r\n", "ab", "", "", false},
        {"x\rab" C "cd\ref", "ab", "cd", "ef", false},
        {"ab\n" C, "", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct caret_doc d;

        caret_init(&d, str_c(t[i].text), PREFIX, SUFFIX);
        assert_str(d.context.line_before, t[i].before);
        assert_str(d.context.line_after, t[i].after);
        assert_str(d.context.below, t[i].below);
        assert_int_equal(d.context.crlf, t[i].crlf);
        assert_false(d.context.cut_line);
        caret_fini(&d);
    }
}

static void random_lines(struct buf *b, size_t bytes, unsigned line)
{
    while (b->n < bytes) {
        for (unsigned n = rnd(line * 2 + 1); n > 0; n--)
            buf_addc(b, (char)('a' + rnd(26)));
        buf_addc(b, '\n');
    }
}

static void test_same_bytes(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        AUTO_BUF struct buf text;
        struct rope *one, *other;
        struct context a, b;
        size_t caret;

        rng = round + 1;
        buf_init(&text, 1 << 20);
        random_lines(&text, 1 + rnd(60000), 1 + rnd(200));
        caret = rnd((unsigned)text.n + 1);
        one = rope_new(buf_str(&text));
        /* The same text, put together differently. */
        other = rope_new(STR(""));
        for (size_t at = 0, n; at < text.n; at += n) {
            n = MIN(text.n - at, (size_t)1 + rnd(3000));
            rope_replace(&other, at, at, str_sub(buf_str(&text), at, at + n));
        }
        context_init(&a, one, caret, PREFIX, SUFFIX);
        context_init(&b, other, caret, PREFIX, SUFFIX);
        assert_true(str_eq(buf_str(&a.prefix), buf_str(&b.prefix)));
        assert_true(str_eq(buf_str(&a.suffix), buf_str(&b.suffix)));
        /* The windows meet at the caret, keep to their budgets and, in short lines, hold a fair part of them. */
        assert_true(a.prefix.n <= PREFIX && a.suffix.n <= SUFFIX);
        assert_memory_equal(a.prefix.p ? a.prefix.p : "", text.p + caret - a.prefix.n, a.prefix.n);
        assert_memory_equal(a.suffix.p ? a.suffix.p : "", text.p + caret, a.suffix.n);
        assert_true(a.prefix.n >= MIN(caret, (size_t)PREFIX / 2));
        assert_true(a.prefix.n == caret || text.p[caret - a.prefix.n - 1] == '\n');
        assert_true(caret + a.suffix.n == text.n || text.p[caret + a.suffix.n - 1] == '\n');
        context_fini(&a);
        context_fini(&b);
        rope_unref(one);
        rope_unref(other);
    }
}

/* Share of a prompt's bytes that are the beginning of the one before it, over 200 typed characters. */
static double shared_while_typing(unsigned line_length)
{
    AUTO_BUF struct buf text;
    struct rope *r;
    struct context last, now;
    size_t caret, shared = 0, all = 0;

    buf_init(&text, 1 << 20);
    random_lines(&text, 100000, line_length);
    caret = 20000 + rnd(60000);
    r = rope_new(buf_str(&text));
    context_init(&last, r, caret, PREFIX, SUFFIX);
    for (unsigned i = 0; i < 200; i++) {
        size_t n = 0;
        char ch = rnd(30) ? (char)('a' + rnd(26)) : '\n';

        rope_replace(&r, caret, caret, (struct str){&ch, 1});
        context_init(&now, r, ++caret, PREFIX, SUFFIX);
        while (n < last.prefix.n && n < now.prefix.n && last.prefix.p[n] == now.prefix.p[n])
            n++;
        shared += n;
        all += now.prefix.n - 1;
        context_fini(&last);
        last = now;
    }
    context_fini(&last);
    rope_unref(r);
    return (double)shared / (double)all;
}

static void test_window_stays(void **state)
{
    static const unsigned lengths[] = {5, 20, 40, 80, 200, 1000, 6000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        double sum = 0, worst = 1;

        for (unsigned round = 0; round < 20; round++) {
            double share;

            rng = 1000 * i + round + 1;
            share = shared_while_typing(lengths[i]);
            sum += share;
            worst = MIN(worst, share);
        }
        print_message("lines of %u: %.1f %% shared, %.1f %% at worst\n", lengths[i], sum * 5, worst * 100);
        assert_true(sum / 20 >= 0.95 && worst >= 0.9);
    }
}

static void test_long_lines(void **state)
{
    AUTO_BUF struct buf text;
    struct caret_doc d;

    (void)state;
    buf_init(&text, 1 << 20);
    /* A line longer than the window, the caret in it. */
    for (int i = 0; i < 30000; i++)
        buf_adds(&text, "\xc3\xa4");
    buf_adds(&text, C);
    for (int i = 0; i < 3000; i++)
        buf_adds(&text, "\xf0\x9f\x98\x80");
    caret_init(&d, buf_str(&text), PREFIX, SUFFIX);
    assert_true(d.context.cut_line);
    assert_true(d.context.prefix.n > PREFIX / 2 && d.context.prefix.n <= PREFIX + 1);
    assert_true(d.context.suffix.n > SUFFIX / 2 && d.context.suffix.n <= SUFFIX);
    assert_true(str_find(buf_str(&d.context.prefix), STR("\xef\xbf\xbd")) < 0); /* cut between characters */
    assert_true(str_find(buf_str(&d.context.suffix), STR("\xef\xbf\xbd")) < 0);
    caret_fini(&d);
    /* A short line behind a long one is not cut. */
    buf_reset(&text);
    for (int i = 0; i < 30000; i++)
        buf_addc(&text, 'x');
    buf_adds(&text, "\nint y = " C "\n");
    caret_init(&d, buf_str(&text), PREFIX, SUFFIX);
    assert_false(d.context.cut_line);
    assert_str(d.context.line_before, "int y = ");
    caret_fini(&d);
}

static void test_bad_bytes(void **state)
{
    struct caret_doc d;

    (void)state;
    caret_init(&d, STR("a\xff\nb\xc3" C "\xa4\xfe)c\nd\xe2\x82"), PREFIX, SUFFIX);
    assert_true(utf8_valid(buf_str(&d.context.prefix)) && utf8_valid(buf_str(&d.context.suffix)));
    assert_str(d.context.line_before, "b\xef\xbf\xbd");
    assert_str(d.context.line_after, "\xef\xbf\xbd\xef\xbf\xbd)c");
    caret_fini(&d);
    for (unsigned round = 0; round < 3000; round++) {
        AUTO_BUF struct buf text;

        rng = round + 1;
        buf_init(&text, 1 << 12);
        for (unsigned n = rnd(400); n > 0; n--)
            buf_addc(&text, (char)(rnd(4) ? rnd(256) : '\n'));
        struct rope *r = rope_new(buf_str(&text));
        struct context c;

        context_init(&c, r, rnd((unsigned)text.n + 1), rnd(200), rnd(200));
        assert_true(utf8_valid(buf_str(&c.prefix)) && utf8_valid(buf_str(&c.suffix)));
        assert_true(memchr(c.line_before.p, '\n', c.line_before.n) == NULL);
        assert_true(memchr(c.line_after.p, '\n', c.line_after.n) == NULL);
        context_fini(&c);
        rope_unref(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small), cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_window_stays),
        cmocka_unit_test(test_long_lines), cmocka_unit_test(test_bad_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
