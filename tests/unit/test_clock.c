/* SPDX-License-Identifier: MIT */
/* The clocks run forwards and times are written as everybody reads them. */
#include "core/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void durations(void **state)
{
    uint64_t us = clock_us(), ms = clock_ms();
    struct timespec nap = { 0, 5000000 };

    (void)state;
    nanosleep(&nap, NULL);
    assert_in_range(clock_us() - us, 5000, 60000000);
    assert_in_range(clock_ms() - ms, 4, 60000);
    assert_in_range(clock_wall_ms() / 1000, time(NULL) - 1, time(NULL) + 1);
}

static void assert_iso(int64_t wall_ms, const char *want)
{
    char text[32];

    clock_iso(wall_ms, text);
    assert_string_equal(text, want);
}

static void times_in_utc(void **state)
{
    (void)state;
    assert_iso(0, "1970-01-01T00:00:00.000Z");
    assert_iso(1772323199999, "2026-02-28T23:59:59.999Z");
    assert_iso(-1, "1969-12-31T23:59:59.999Z");
    assert_iso(951782400005, "2000-02-29T00:00:00.005Z");
    assert_iso(INT64_MAX, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(durations), cmocka_unit_test(times_in_utc) };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
