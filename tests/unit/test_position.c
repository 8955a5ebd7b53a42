/* SPDX-License-Identifier: MIT */
/* Positions against a reference that walks the text from its start, for every position of small texts and for lines
 * that are longer than any chunk. */
#include "core/doc/position.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };
static const enum pos_encoding encodings[] = { POS_UTF16, POS_UTF8, POS_UTF32 };

static size_t weight(enum pos_encoding enc, size_t len)
{
    return enc == POS_UTF8 ? len : enc == POS_UTF16 && len == 4 ? 2 : 1;
}

static bool ends_line(struct str s, size_t i)
{
    return s.p[i] == '\n' || s.p[i] == '\r';
}

static size_t flat_to_byte(struct str s, enum pos_encoding enc, struct pos p)
{
    size_t i, line = 0, col = 0, len, w;
    uint32_t cp;

    for (i = 0; i < s.n && line < p.line; i++)
        if (ends_line(s, i) && !(s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
            line++;
    for (; i < s.n && line == p.line && !ends_line(s, i) && col < p.col; i += len) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        w = weight(enc, len);
        if (col + w > p.col)
            break;
        col += w;
    }
    return i;
}

static struct pos flat_of_byte(struct str s, enum pos_encoding enc, size_t at)
{
    struct pos p = { 0, 0 };
    size_t i = 0, len;
    uint32_t cp;

    while (i < s.n && i < at) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (i + len > at)
            break;
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
            if (i + 2 > at)
                break;
            len = 2;
        }
        if (ends_line(s, i))
            p = (struct pos) { p.line + 1, 0 };
        else
            p.col += (uint32_t)weight(enc, len);
        i += len;
    }
    return p;
}

static void assert_all(struct str text, size_t step)
{
    struct rope *r = rope_new(text);
    size_t e, at, lines = rope_lines(r);

    for (e = 0; e < ARRAY_LEN(encodings); e++) {
        enum pos_encoding enc = encodings[e];

        for (at = 0; at <= text.n + 3; at += step) {
            struct pos got = pos_of_byte(r, enc, at), want = flat_of_byte(text, enc, at), over;

            assert_int_equal(got.line, want.line);
            assert_int_equal(got.col, want.col);
            assert_int_equal(pos_to_byte(r, enc, got), flat_to_byte(text, enc, got));
            over = (struct pos) { (uint32_t)(at % (lines + 2)), (uint32_t)(at * 7 % 90) };
            assert_int_equal(pos_to_byte(r, enc, over), flat_to_byte(text, enc, over));
            over.col = UINT32_MAX;
            assert_int_equal(pos_to_byte(r, enc, over), flat_to_byte(text, enc, over));
        }
    }
    rope_unref(r);
}

static void small_texts(void **state)
{
    static const char *const texts[] = { "", "a", "\n", "\r", "\r\n", "\n\r", "\r\r\n\n", "ab\ncd", "ab\r\ncd\r\n",
        "a\xf0\x9f\x98\x80z\n\xc3\xa9\xe4\xb8\xad\r\xf0\x9f\x98\x80", "\xff\xfe\n\xc3\n\xa9", "e\xcc\x81\t\x01\x7f\n" };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(texts); i++)
        assert_all(str_c(texts[i]), 1);
}

static void many_short_lines(void **state)
{
    static const char *const lines[] = { "int x;\n", "\n", "\xf0\x9f\x98\x80 = '\xe4\xb8\xad';\r\n", "old mac\r", "\xff\n" };
    AUTO_BUF struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, ROOM);
    for (i = 0; b.n < 6000; i++)
        buf_adds(&b, lines[i * i % ARRAY_LEN(lines)]);
    assert_all(buf_str(&b), 7);
}

static void a_line_longer_than_any_chunk(void **state)
{
    AUTO_BUF struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, ROOM);
    buf_adds(&b, "first\r\n");
    for (i = 0; i < 3000; i++)
        buf_adds(&b, i % 3 ? "xy" : "\xf0\x9f\x98\x80\xc3\xa9");
    buf_adds(&b, "\r\nlast");
    assert_all(buf_str(&b), 101);
    assert_all(str_sub(buf_str(&b), 0, b.n - 5), 103); /* ends in CR */
    assert_all(str_sub(buf_str(&b), 0, b.n - 6), 103); /* ends without a line end */
}

static void a_column_inside_a_character_is_its_start(void **state)
{
    struct rope *r = rope_new(STR("\xf0\x9f\x98\x80\xc3\xa9"));

    (void)state;
    assert_int_equal(pos_to_byte(r, POS_UTF16, (struct pos) { 0, 1 }), 0);
    assert_int_equal(pos_to_byte(r, POS_UTF16, (struct pos) { 0, 2 }), 4);
    assert_int_equal(pos_to_byte(r, POS_UTF8, (struct pos) { 0, 3 }), 0);
    assert_int_equal(pos_to_byte(r, POS_UTF8, (struct pos) { 0, 5 }), 4);
    assert_int_equal(pos_of_byte(r, POS_UTF16, 5).col, 2);
    rope_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_texts),
        cmocka_unit_test(many_short_lines),
        cmocka_unit_test(a_line_longer_than_any_chunk),
        cmocka_unit_test(a_column_inside_a_character_is_its_start),
    };

    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
