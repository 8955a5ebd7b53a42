/* SPDX-License-Identifier: MIT */
/* UTF-8 for every code point there is, for every byte pair, and for the ways in which text can be broken. */
#include "core/base/utf.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_there_and_back(void **state)
{
    char p[4];
    uint32_t cp, got;

    (void)state;
    for (cp = 0; cp <= 0x10ffff; cp++) {
        size_t n = utf8_encode(cp, p), want = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
        bool surrogate = cp >= 0xd800 && cp <= 0xdfff;

        if (n != want || utf8_decode(p, n, &got) != n || got != (surrogate ? 0xfffd : cp))
            fail_msg("U+%04X", cp);
        if (utf16_len((struct str) { p, n }) != (cp > 0xffff ? 2u : 1u) || utf32_len((struct str) { p, n }) != 1)
            fail_msg("length of U+%04X", cp);
        /* Without its last byte it is none. */
        if (n > 1 && utf8_decode(p, n - 1, &got) != 1)
            fail_msg("cut U+%04X", cp);
    }
    assert_int_equal(utf8_encode(0x110000, p), 3);
}

static void bad_bytes_are_one_unit_each(void **state)
{
    /* Lone tail, overlong two, three and four, surrogate, beyond the end, never valid, cut short. */
    static const char *const bad[] = { "\x80", "\xc0\xaf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xff", "\xe4\xb8" };
    size_t i, k;
    uint32_t cp;

    (void)state;
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        struct str s = str_c(bad[i]);

        assert_false(utf8_valid(s));
        assert_int_equal(utf16_len(s), s.n);
        assert_int_equal(utf32_len(s), s.n);
        for (k = 0; k < s.n; k++) {
            assert_int_equal(utf8_decode(s.p + k, s.n - k, &cp), 1);
            assert_int_equal(cp, 0xfffd);
            assert_int_equal(utf8_floor(s, k), k);
        }
    }
}

static void repair(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 100);
    utf8_repair(STR("ok \xff\xc3\xa9\xc3 123456789 \xed\xa0\x80"), &b);
    assert_string_equal(b.p, "ok \xef\xbf\xbd\xc3\xa9\xef\xbf\xbd 123456789 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_true(utf8_valid(buf_str(&b)));
    buf_reset(&b);
    utf8_repair(STR_NULL, &b);
    assert_int_equal(b.n, 0);
    assert_true(utf8_valid(STR("plain ascii \xf0\x9f\x98\x80 and more")));
}

static void boundaries(void **state)
{
    struct str s = STR("a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z");
    static const size_t floors[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(floors); i++)
        assert_int_equal(utf8_floor(s, i), floors[i]);
    assert_int_equal(utf8_floor(STR_NULL, 5), 0);
}

static void text_cut_at_its_end(void **state)
{
    struct str s = STR("a\xf0\x9f\x98\x80");

    (void)state;
    assert_int_equal(utf8_whole(s), 5);
    assert_int_equal(utf8_whole(str_sub(s, 0, 4)), 1);
    assert_int_equal(utf8_whole(str_sub(s, 0, 3)), 1);
    assert_int_equal(utf8_whole(str_sub(s, 0, 2)), 1);
    assert_int_equal(utf8_whole(str_sub(s, 0, 1)), 1);
    assert_int_equal(utf8_whole(STR("a\xc3")), 1);
    assert_int_equal(utf8_whole(STR("\x80\x80\x80\x80")), 4);
    assert_int_equal(utf8_whole(STR("\xc3\xa9")), 2);
    assert_int_equal(utf8_whole(STR_NULL), 0);
}

static void counting_there_and_back(void **state)
{
    struct str s = STR("0123456789ab\xc3\xa9\xf0\x9f\x98\x80 0123456789\xff\xf0\x9f\x98\x81");
    size_t at, u16, u32;

    (void)state;
    assert_int_equal(utf16_len(s), 12 + 1 + 2 + 11 + 1 + 2);
    assert_int_equal(utf32_len(s), 12 + 1 + 1 + 11 + 1 + 1);
    for (at = 0; at <= s.n; at++) {
        struct str head = str_sub(s, 0, utf8_floor(s, at));

        utf_lens(head, &u16, &u32);
        assert_int_equal(utf8_at_u16(s, u16), head.n);
        assert_int_equal(utf8_at_u32(s, u32), head.n);
    }
    assert_int_equal(utf8_at_u16(s, 14), 14); /* inside the pair: its start */
    assert_int_equal(utf8_at_u16(s, 15), 18);
    assert_int_equal(utf8_at_u16(s, 1000), s.n);
    assert_int_equal(utf8_at_u32(STR_NULL, 3), 0);
}

static void what_a_terminal_must_not_see(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_int_equal(utf8_neutralise(STR("a\tb\nc\xc3\xa9"), &b), 0);
    assert_string_equal(b.p, "a\tb\nc\xc3\xa9");
    buf_reset(&b);
    /* ESC, NUL, DEL, CR, CSI as C1, right-to-left override, isolate, a bad byte. */
    assert_int_equal(utf8_neutralise(STR("\x1b[0m\0\x7f\r\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xff."), &b), 8);
    assert_true(utf8_valid(buf_str(&b)));
    assert_int_equal(utf32_len(buf_str(&b)), 12);
    assert_true(str_ends(buf_str(&b), STR("\xef\xbf\xbd.")));
    buf_reset(&b);
    assert_int_equal(utf8_neutralise(STR("\xe2\x80\xa9\xe2\x81\xaa\xc2\xa0"), &b), 0); /* the neighbours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_there_and_back),
        cmocka_unit_test(bad_bytes_are_one_unit_each),
        cmocka_unit_test(repair),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(text_cut_at_its_end),
        cmocka_unit_test(counting_there_and_back),
        cmocka_unit_test(what_a_terminal_must_not_see),
    };

    return cmocka_run_group_tests_name("utf", tests, NULL, NULL);
}
