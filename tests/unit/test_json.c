/* SPDX-License-Identifier: MIT */
/* JSON from outside: what is repaired, what is refused and in which words, and getters that never fail. */
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(struct str text)
{
    struct err e = { 0 };
    json_t *v = json_parse(text, "message", &e);

    if (!v)
        fail_msg("%s", e.text);
    assert_int_equal(e.code, 0);
    return v;
}

static void assert_string(struct str text, const char *want, size_t n)
{
    AUTO_JSON json_t *v = parse(text);

    assert_true(json_is_string(v));
    assert_int_equal(json_string_length(v), n);
    assert_memory_equal(json_string_value(v), want, n);
}

static void assert_refused(struct str text, const char *want)
{
    struct err e = { 0 };

    assert_null(json_parse(text, "message", &e));
    assert_int_equal(e.code, ERR_PARSE);
    assert_string_equal(e.text, want);
}

#define FFFD "\xef\xbf\xbd"

static void good_strings_stay(void **state)
{
    (void)state;
    assert_string(STR("\"a\\u0000b\""), "a\0b", 3);
    assert_string(STR("\"\\ud83d\\uDE00\""), "\xf0\x9f\x98\x80", 4);
    assert_string(STR("\"\\\\ud800\""), "\\ud800", 6);
    assert_string(STR("\"\\ufffd\""), FFFD, 3);
    assert_string(STR(" \"x\"\n"), "x", 1);
    assert_string(STR("\xef\xbb\xbf\"x\""), "x", 1);
}

static void lone_surrogates_become_one_unit(void **state)
{
    (void)state;
    assert_string(STR("\"a\\ud800b\""), "a" FFFD "b", 5);
    assert_string(STR("\"\\uDC00\""), FFFD, 3);
    assert_string(STR("\"\\ud800\\ud800\""), FFFD FFFD, 6);
    assert_string(STR("\"\\ud800\\ud83d\\ude00\""), FFFD "\xf0\x9f\x98\x80", 7);
    assert_string(STR("\"\\ud83d\\ude00\\ude00\""), "\xf0\x9f\x98\x80" FFFD, 7);
    assert_string(STR("\"\\ud800\\n\""), FFFD "\n", 4);
    assert_string(STR("\"\\\\\\ud800\""), "\\" FFFD, 4);
    assert_string(STR("\"\\ud800\xc3\xa9\""), FFFD "\xc3\xa9", 5);
}

static void bad_bytes_become_one_unit_each(void **state)
{
    (void)state;
    assert_string(STR("\"a\xff" "b\""), "a" FFFD "b", 5);
    assert_string(STR("\"\xed\xa0\x80\""), FFFD FFFD FFFD, 9);
    assert_string(STR("\"\\ud800\xff\xf0\x9f\x98\x80\""), FFFD FFFD "\xf0\x9f\x98\x80", 10);
}

static void every_broken_beginning_is_survived(void **state)
{
    const struct str whole = STR("{\"a\":[1,2.5e3,\"\\ud83d\\ude00\\ud800\xff\xc3\xa9\",null,true],\"b\":{\"c\":\"\\\\\"}}");
    size_t i, k;

    (void)state;
    for (i = 0; i < whole.n; i++) {
        AUTO_FREE char *copy = mem_strndup(whole.p, whole.n);
        struct err e = { 0 };

        assert_null(json_parse(str_sub(whole, 0, i), "message", &e));
        assert_int_equal(e.code, ERR_PARSE);
        assert_true(utf8_valid(str_c(e.text)));
        /* Any byte in place of another: an answer or an error, and no crash. */
        for (k = 0; k < 256; k += 5) {
            copy[i] = (char)k;
            json_decref(json_parse((struct str) { copy, whole.n }, "message", NULL));
        }
    }
    json_decref(parse(whole));
}

static void errors_name_the_place_and_not_the_text(void **state)
{
    (void)state;
    assert_refused(STR("{\n  \"key\": sesame\n}"), "message: line 2, column 15: invalid token");
    assert_refused(STR("{\"key\": \"sesame"), "message: line 1, column 15: premature end of input");
    assert_refused(STR("{\"a\":1} x"), "message: line 1, column 9: end of file expected");
    assert_refused(STR("\xff"), "message: line 1, column 1: invalid token");
    assert_refused(STR("1e999"), "message: line 1, column 5: real number overflow");
    assert_refused(STR_NULL, "message: line 1, column 0: unexpected token near end of file");
}

static char *nested(size_t depth, const char *open, const char *close)
{
    struct buf b;
    size_t i;

    buf_init(&b, 10 << 20);
    for (i = 0; i < depth; i++)
        buf_adds(&b, open);
    buf_adds(&b, "1");
    for (i = 0; i < depth; i++)
        buf_adds(&b, close);
    return buf_take(&b);
}

static void depth_is_bounded(void **state)
{
    AUTO_FREE char *fits = nested(MAX_JSON_DEPTH, "[", "]"), *deep = nested(MAX_JSON_DEPTH + 1, "[", "]");
    AUTO_FREE char *objects = nested(MAX_JSON_DEPTH + 1, "{\"a\":", "}"), *abyss = nested(1000000, "[", "");
    AUTO_FREE char *quoted = mem_printf("[\"%s\"]", abyss);

    (void)state;
    json_decref(parse(str_c(fits)));
    assert_refused(str_c(deep), "message: nested deeper than 256");
    assert_refused(str_c(objects), "message: nested deeper than 256");
    assert_refused(str_c(abyss), "message: nested deeper than 256");
    json_decref(parse(str_c(quoted)));
    json_decref(parse(STR("[\"\\\\\\\"[[[[\",[[]],[]]")));
}

static void a_repeated_key_counts_last(void **state)
{
    AUTO_JSON json_t *v = parse(STR("{\"a\":1,\"a\":2}"));

    (void)state;
    assert_int_equal(json_get_int(v, "a", 0), 2);
}

static void getters_never_fail(void **state)
{
    AUTO_JSON json_t *v = parse(STR("{\"s\":\"x\\u0000y\",\"i\":-7,\"r\":2.9,\"big\":1e300,\"small\":-1e300,\"b\":true,\"n\":null,"
                                    "\"o\":{\"p\":{\"q\":\"deep\"}},\"a\":[1]}"));

    (void)state;
    assert_int_equal(json_get_str(v, "s").n, 3);
    assert_null(json_get_str(v, "i").p);
    assert_null(json_get_str(NULL, "s").p);
    assert_string_equal(json_get_cstr(v, "none", "dflt"), "dflt");
    assert_string_equal(json_get_cstr(json_get(v, "o.p"), "q", ""), "deep");
    assert_int_equal(json_get_int(v, "i", 1), -7);
    assert_int_equal(json_get_int(v, "r", 1), 2);
    assert_true(json_get_int(v, "big", 1) == LLONG_MAX);
    assert_true(json_get_int(v, "small", 1) == LLONG_MIN);
    assert_int_equal(json_get_int(v, "s", 1), 1);
    assert_true(json_get_num(v, "r", 0) > 2.89 && json_get_num(v, "i", 0) < -6.9);
    assert_true(json_get_num(v, "n", 4) == 4);
    assert_true(json_get_bool(v, "b", false));
    assert_true(json_get_bool(v, "n", true));
    assert_string_equal(json_string_value(json_get(v, "o.p.q")), "deep");
    assert_null(json_get(v, "o.x.q"));
    assert_null(json_get(v, "a.0"));
    assert_null(json_get(v, ""));
    assert_null(json_get(NULL, "o"));
}

static void text_goes_in_and_out(void **state)
{
    AUTO_JSON json_t *v = json_pack("{s:o, s:o, s:o, s:f, s:o}", "good", json_str(STR("\xc3\xa9\0")), "bad",
        json_str(STR("\xff.")), "none", json_str(STR_NULL), "real", 0.7, "list", json_array());
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 1000);
    assert_true(json_dump(v, &b));
    assert_string_equal(b.p, "{\"good\":\"\xc3\xa9\\u0000\",\"bad\":\"" FFFD ".\",\"none\":\"\",\"real\":0.7,\"list\":[]}");
}

static void a_dump_that_does_not_fit_leaves_no_trace(void **state)
{
    AUTO_JSON json_t *v = json_pack("{s:s}", "key", "a long enough value");
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 20);
    buf_adds(&b, "head:");
    assert_false(json_dump(v, &b));
    assert_true(b.overflow);
    assert_true(str_eqc(buf_str(&b), "head:"));
}

static void quoting_by_hand_is_json(void **state)
{
    AUTO_BUF struct buf all, b;
    size_t i;

    (void)state;
    buf_init(&all, 1000);
    buf_init(&b, 10000);
    for (i = 0; i < 128; i++)
        buf_addc(&all, (char)i);
    buf_adds(&all, "\xf0\x9f\x98\x80\xe2\x80\xa8");
    json_quote(buf_str(&all), &b);
    assert_string(buf_str(&b), all.p, all.n);
    buf_reset(&b);
    json_quote(STR("a\n\t\r\"\\\x01\xff" "b"), &b);
    assert_string_equal(b.p, "\"a\\n\\t\\r\\\"\\\\\\u0001" FFFD "b\"");
    buf_reset(&b);
    json_quote(STR_NULL, &b);
    assert_string_equal(b.p, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_strings_stay),
        cmocka_unit_test(lone_surrogates_become_one_unit),
        cmocka_unit_test(bad_bytes_become_one_unit_each),
        cmocka_unit_test(every_broken_beginning_is_survived),
        cmocka_unit_test(errors_name_the_place_and_not_the_text),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_repeated_key_counts_last),
        cmocka_unit_test(getters_never_fail),
        cmocka_unit_test(text_goes_in_and_out),
        cmocka_unit_test(a_dump_that_does_not_fit_leaves_no_trace),
        cmocka_unit_test(quoting_by_hand_is_json),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
