/* SPDX-License-Identifier: MIT */
/* Borrowed strings at their edges, and buffers at their caps. */
#include "core/base/str.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void comparing(void **state)
{
    (void)state;
    assert_true(str_eq(STR_NULL, STR("")));
    assert_true(str_eq(str_c(NULL), STR("")));
    assert_false(str_eq(STR("a"), STR("b")));
    assert_true(str_eqc(STR("a\0b"), "a") == false);
    assert_true(str_starts(STR("abc"), STR("ab")) && str_starts(STR("abc"), STR_NULL) && str_starts(STR_NULL, STR_NULL));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")) && str_ends(STR_NULL, STR("")));
    assert_false(str_ends(STR("abc"), STR("ab")));
    assert_false(str_ends(STR("c"), STR("bc")));
}

static void cutting(void **state)
{
    (void)state;
    assert_true(str_eqc(str_trim(STR(" \t\r\n a b \n")), "a b"));
    assert_int_equal(str_trim(STR(" \n ")).n, 0);
    assert_int_equal(str_trim(STR_NULL).n, 0);
    assert_true(str_eqc(str_sub(STR("abcdef"), 2, 4), "cd"));
    assert_true(str_eqc(str_sub(STR("abc"), 1, 99), "bc"));
    assert_int_equal(str_sub(STR("abc"), 3, 1).n, 0);
    assert_int_equal(str_sub(STR_NULL, 2, 5).n, 0);
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("hello"), STR("lo")), 3);
    assert_int_equal(str_find(STR("hello"), STR("")), 0);
    assert_int_equal(str_find(STR("hello"), STR("hello!")), -1);
    assert_int_equal(str_find(STR_NULL, STR("x")), -1);
    assert_int_equal(str_find(STR("a\0b"), STR("\0b")), 1);
}

static void lines(void **state)
{
    struct str rest = STR("one\r\n\ntwo\rtoo\nlast");
    static const char *const want[] = { "one", "", "two\rtoo", "last" };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(want); i++)
        assert_true(str_eqc(str_line(&rest), want[i]));
    assert_int_equal(rest.n, 0);
    assert_int_equal(str_line(&rest).n, 0);
    rest = STR("x\n");
    assert_true(str_eqc(str_line(&rest), "x"));
    assert_int_equal(rest.n, 0);
}

static void numbers(void **state)
{
    unsigned long long v = 7;

    (void)state;
    assert_true(str_to_u64(STR("0"), &v) && v == 0);
    assert_true(str_to_u64(STR("18446744073709551615"), &v) && v == UINT64_MAX);
    assert_true(str_to_u64(STR("007"), &v) && v == 7);
    assert_false(str_to_u64(STR("18446744073709551616"), &v));
    assert_false(str_to_u64(STR("99999999999999999999999"), &v));
    assert_false(str_to_u64(STR(""), &v));
    assert_false(str_to_u64(STR("-1"), &v));
    assert_false(str_to_u64(STR("1 "), &v));
    assert_int_equal(v, 7);
}

static void a_buffer_fills_to_its_cap(void **state)
{
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 100);
    for (i = 0; i < 100; i++)
        assert_true(buf_addc(&b, 'x'));
    assert_false(b.overflow);
    assert_false(buf_addc(&b, 'y'));
    assert_true(b.overflow);
    assert_int_equal(b.n, 100);
    assert_int_equal(strlen(b.p), 100);
    buf_reset(&b);
    assert_false(b.overflow);
    assert_true(buf_adds(&b, "again"));
    assert_string_equal(b.p, "again");
    buf_fini(&b);
    buf_fini(&b);
    buf_fini(NULL);
}

static void after_an_overflow_nothing_is_added(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 10);
    assert_true(buf_adds(&b, "12345"));
    assert_false(buf_adds(&b, "1234567"));
    assert_false(buf_adds(&b, "6"));
    assert_false(buf_addf(&b, "%d", 6));
    assert_null(buf_reserve(&b, 0));
    assert_true(str_eqc(buf_str(&b), "12345"));
}

static void sizes_that_overflow_are_refused(void **state)
{
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, 10);
    buf_adds(&b, "123");
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_null(buf_reserve(&b, SIZE_MAX - 2));
}

static void formatted(void **state)
{
    AUTO_BUF struct buf b;
    char big[1000];

    (void)state;
    memset(big, 'z', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    buf_init(&b, 2000);
    assert_true(buf_addf(&b, "%d:", 42));
    assert_true(buf_addf(&b, "%s", big));
    assert_int_equal(b.n, 3 + 999);
    assert_memory_equal(b.p, "42:zzz", 6);
    assert_int_equal(b.p[b.n], '\0');
    assert_true(buf_addf(&b, "%s", ""));
    assert_false(buf_addf(&b, "%s", big));
    assert_int_equal(b.n, 3 + 999);
}

static void written_in_place(void **state)
{
    AUTO_BUF struct buf b;
    char *p;

    (void)state;
    buf_init(&b, 100);
    p = buf_reserve(&b, 50);
    memcpy(p, "abc", 3);
    buf_commit(&b, 3);
    assert_string_equal(b.p, "abc");
    buf_consume(&b, 1);
    assert_string_equal(b.p, "bc");
    buf_consume(&b, 99);
    assert_int_equal(b.n, 0);
    buf_consume(&b, 1);
}

static void taking_the_bytes(void **state)
{
    struct buf b;
    char *p;

    (void)state;
    buf_init(&b, 10);
    p = buf_take(&b);
    assert_string_equal(p, "");
    free(p);
    buf_adds(&b, "abc");
    p = buf_take(&b);
    assert_string_equal(p, "abc");
    assert_int_equal(b.n, 0);
    assert_null(b.p);
    assert_true(buf_adds(&b, "0123456789"));
    assert_true(str_eqc(buf_str(&b), "0123456789"));
    free(p);
    buf_fini(&b);
    assert_true(str_eq(buf_str(&b), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(cutting),
        cmocka_unit_test(finding),
        cmocka_unit_test(lines),
        cmocka_unit_test(numbers),
        cmocka_unit_test(a_buffer_fills_to_its_cap),
        cmocka_unit_test(after_an_overflow_nothing_is_added),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(formatted),
        cmocka_unit_test(written_in_place),
        cmocka_unit_test(taking_the_bytes),
    };

    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
