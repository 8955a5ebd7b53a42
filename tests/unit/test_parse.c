/* SPDX-License-Identifier: MIT */
/* The quick JSON reader against jansson: on random values, on the same text damaged at random, and on the cases that it
 * must leave to jansson. Wherever it gives a value, jansson must give the same one. */
#include "core/lsp/parse.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct buf scratch = { .max = 64 << 20 };
static uint64_t seed = 0x5eed;

static unsigned pick(unsigned below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % below;
}

static void write_string(struct buf *b)
{
    static const char *const pieces[] = { "plain text of some length", "\\n", "\\\"", "\\\\", "\\u0041", "\\u00e9", "\\ud83d\\ude42", "é", "☃",
                                          "🙂", "\\/", "\\t", "x", "", "\\u0000", "\x7f", "if (a < b) {" };

    buf_addc(b, '"');
    for (unsigned n = pick(6); n > 0; n--)
        buf_adds(b, pieces[pick(ARRAY_LEN(pieces))]);
    buf_addc(b, '"');
}

static void write_blank(struct buf *b)
{
    if (pick(4) == 0)
        buf_addc(b, " \n\r\t"[pick(4)]);
}

static void write_value(struct buf *b, unsigned depth)
{
    static const char *const words[] = { "true", "false", "null", "0", "-1", "123456789012345678", "-7", "42" };
    unsigned kind = pick(depth > 5 ? 2 : 4), n = pick(4);

    write_blank(b);
    if (kind == 0) {
        buf_adds(b, words[pick(ARRAY_LEN(words))]);
    } else if (kind == 1) {
        write_string(b);
    } else {
        buf_addc(b, kind == 2 ? '[' : '{');
        for (unsigned i = 0; i < n; i++) {
            if (i)
                buf_addc(b, ',');
            if (kind == 3)
                buf_addf(b, "\"key%u\" :", pick(3));
            write_value(b, depth + 1);
        }
        write_blank(b);
        buf_addc(b, kind == 2 ? ']' : '}');
    }
    write_blank(b);
}

/* Equal, or left to jansson. */
static bool agrees(struct str text, bool must_be_quick)
{
    struct err e = { 0 };
    AUTO_JSON json_t *quick = parse_quickly(text, &scratch);
    AUTO_JSON json_t *slow = json_parse(text, "text", &e);

    if (!quick)
        return !must_be_quick;
    return slow && json_equal(quick, slow);
}

static void test_random(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 5000; i++) {
        buf_reset(&b);
        write_value(&b, 0);
        if (!agrees(buf_str(&b), true))
            fail_msg("differs: %s", b.p);
        for (int k = 0; k < 4 && b.n > 0; k++) {
            b.p[pick((unsigned)b.n)] = (char)(pick(3) ? pick(256) : (unsigned)"\"\\{}[],:0"[pick(9)]);
            if (!agrees(buf_str(&b), false))
                fail_msg("differs when damaged: %s", b.p);
        }
        if (!agrees(str_sub(buf_str(&b), 0, pick((unsigned)b.n + 1)), false))
            fail_msg("differs when cut: %s", b.p);
    }
    buf_fini(&b);
}

/* Every byte at every place of a word, so that no lane of the eight-byte step is wrong. */
static void test_lanes(void **state)
{
    char text[28];

    (void)state;
    for (unsigned at = 0; at < 24; at++) {
        for (unsigned c = 0; c < 256; c++) {
            memset(text, 'a', sizeof text);
            text[0] = text[26] = '"';
            text[1 + at] = (char)c;
            if (!agrees((struct str) { text, 27 }, c >= 0x20 && c < 0x80 && c != '"' && c != '\\'))
                fail_msg("byte %u at %u", c, at);
        }
    }
}

static void test_left_to_jansson(void **state)
{
    static const char *const texts[] = { "", " ", "1.5", "1e3", "-0", "01", "1234567890123456789", "\"\\ud83d\"", "\"\\ude42\"", "\"\\u12\"",
                                         "\"\xff\"", "\"\xed\xa0\x80\"", "\"\n\"", "\"a", "[1,]", "{\"a\":1,}", "{a:1}", "[1 2]", "{} x", "nul",
                                         "{\"\\u0041\":1}", "-", "+1", "'a'", "\"\\x\"", "[", "{\"a\"}", "{\"a\":}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (parse_quickly(str_c(texts[i]), &scratch))
            fail_msg("taken: %s", texts[i]);
    }
}

static void test_depth(void **state)
{
    struct buf b;
    json_t *v;

    (void)state;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 256; i++)
        buf_addc(&b, '[');
    for (int i = 0; i < 256; i++)
        buf_addc(&b, ']');
    v = parse_quickly(buf_str(&b), &scratch);
    assert_non_null(v);
    json_decref(v);
    buf_reset(&b);
    for (int i = 0; i < 100000; i++)
        buf_addc(&b, '[');
    assert_null(parse_quickly(buf_str(&b), &scratch));
    buf_fini(&b);
}

static void test_large_string(void **state)
{
    struct buf b;
    json_t *v;

    (void)state;
    buf_init(&b, 8 << 20);
    buf_addc(&b, '"');
    for (int i = 0; i < 100000; i++)
        buf_adds(&b, "int x = 1;\\n");
    buf_addc(&b, '"');
    v = parse_quickly(buf_str(&b), &scratch);
    assert_int_equal(json_string_length(v), 1100000);
    assert_memory_equal(json_string_value(v) + 1099989, "int x = 1;\n", 11);
    json_decref(v);
    buf_fini(&b);
}

static int release(void **state)
{
    (void)state;
    buf_fini(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),          cmocka_unit_test(test_lanes),        cmocka_unit_test(test_left_to_jansson),
        cmocka_unit_test(test_depth),           cmocka_unit_test(test_large_string),
    };

    return cmocka_run_group_tests_name("parse", tests, NULL, release);
}
