/* SPDX-License-Identifier: MIT */
/* What a target's failures mean for the next request: the breaker, the waits that a service asks for, and what says
 * nothing. The clock is the test's. */
#include "core/engine/health.h"
#include "core/engine/retry.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HOUR 3600000u

static void three_failures_open_the_breaker(void **state)
{
    struct health h = {0};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_false(health_resting(&h, 1000));
        health_failed(&h, ERR_IO, "down", 0, 1000);
    }
    assert_true(health_resting(&h, 1000));
    assert_true(health_resting(&h, 60999));
    assert_string_equal(h.problem, "down");
    assert_false(health_resting(&h, 61000)); /* one probe may go */
    health_started(&h, 61000);
    assert_true(health_resting(&h, 61000)); /* and only one */
    health_failed(&h, ERR_TIMEOUT, "slow", 0, 61500);
    assert_true(health_resting(&h, 121000));
    health_started(&h, 130000);
    health_ok(&h, 7000);
    assert_false(health_resting(&h, 130000));
    assert_int_equal(h.problem[0], '\0');
    assert_int_equal(h.failed, 4);
    assert_int_equal(h.served, 1);
    health_failed(&h, ERR_IO, "down", 0, 130000);
    assert_false(health_resting(&h, 130000)); /* it counts from nought again */
}

static void a_probe_that_was_abandoned_gives_its_place_back(void **state)
{
    struct health h = {0};

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        health_failed(&h, ERR_PROTO, "nonsense", 0, 0);
    health_started(&h, 60000);
    assert_true(health_resting(&h, 60000));
    health_abandoned(&h);
    assert_false(health_resting(&h, 60000));
}

static void what_says_nothing_about_the_target(void **state)
{
    struct health h = {0};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        health_failed(&h, ERR_CANCELLED, "", 0, 10);
        health_failed(&h, ERR_INVALID, "wrong", 0, 10);
        health_failed(&h, ERR_TOO_BIG, "long", 0, 10);
    }
    assert_false(health_resting(&h, 10));
    assert_int_equal(h.wait_until_ms, 0);
}

static void waits_by_kind(void **state)
{
    static const struct {
        int code;
        uint64_t told, wait;
    } row[] = {
        {ERR_RATE, 0, 5000},          {ERR_RATE, 1500, 1500},       {ERR_LOADING, 0, 2000},
        {ERR_LOADING, 500, 500},      {ERR_QUOTA, 0, 2 * HOUR},     {ERR_QUOTA, 3000, 2 * HOUR},
        {ERR_QUOTA, 9 * HOUR, 2 * HOUR}, {ERR_OVERLOADED, 800, 800},
        {ERR_RATE, 9 * HOUR, HOUR},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct health h = {0};

        for (unsigned k = 0; k < 5; k++)
            health_failed(&h, row[i].code, "later", row[i].told, 100);
        assert_int_equal(h.wait_until_ms, 100 + row[i].wait);
        assert_false(health_resting(&h, 100)); /* being told to wait is no breakage */
    }
}

static uint64_t after(const char *value)
{
    /* 2026-11-22 12:00:00 UTC */
    return retry_after_ms(STR_NULL, str_c(value), STR_NULL, INT64_C(1795348800000));
}

static void retry_after_in_its_forms(void **state)
{
    static const char *const nonsense[] = {"", "soon", "-3", "1e9", "0x10", "inf", "nan", "3 s", "Sun, 22 Nov 2026",
                                           "Sun, 22 Nov 2026 12:00:09 GMT+1", "0"};

    (void)state;
    assert_int_equal(after("7"), 7000);
    assert_int_equal(after(" 0.25 "), 250);
    assert_int_equal(after("Sun, 22 Nov 2026 12:00:09 GMT"), 9000);
    assert_int_equal(after("Sunday, 22-Nov-26 12:00:09 GMT"), 9000);
    assert_int_equal(after("Sun Nov 22 12:00:09 2026"), 9000);
    assert_int_equal(after("Sun, 22 Nov 2026 11:59:00 GMT"), 0); /* over */
    assert_int_equal(after("99999999999"), 24 * HOUR);
    assert_int_equal(after("Sun, 22 Nov 2099 12:00:00 GMT"), 24 * HOUR);
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
        assert_int_equal(after(nonsense[i]), 0);
}

static void milliseconds_win_and_dates_count_from_the_services_clock(void **state)
{
    (void)state;
    assert_int_equal(retry_after_ms(STR("123.5"), STR("9"), STR_NULL, 0), 123);
    assert_int_equal(retry_after_ms(STR("soon"), STR("9"), STR_NULL, 0), 9000);
    assert_int_equal(retry_after_ms(STR_NULL, STR("Sun, 22 Nov 2026 12:00:09 GMT"), STR("Sun, 22 Nov 2026 12:00:06 GMT"), 5), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_failures_open_the_breaker),
        cmocka_unit_test(a_probe_that_was_abandoned_gives_its_place_back),
        cmocka_unit_test(what_says_nothing_about_the_target),
        cmocka_unit_test(waits_by_kind),
        cmocka_unit_test(retry_after_in_its_forms),
        cmocka_unit_test(milliseconds_win_and_dates_count_from_the_services_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
