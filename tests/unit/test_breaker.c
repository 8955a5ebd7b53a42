/* SPDX-License-Identifier: MIT */
/* Long random histories of one target beside a model of what its breaker promises, and the ends of the number range.
 * test_health.c has the single steps. Time is a number that the test moves. */
#include "core/engine/health.h"
#include "core/base/err.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

/* The model: what is known without looking into struct health. */
struct model {
    unsigned failures;
    uint64_t open_until;
};

static void random_outcome(struct health *h, struct model *m, uint64_t now, bool probe)
{
    switch (rnd(5)) {
    case 0:
        health_ok(h, rnd(100000));
        *m = (struct model){0};
        break;
    case 1:
        health_abandoned(h);
        break;
    case 2:
        health_failed(h, ERR_INVALID, "x", 0, now);
        break;
    default:
        health_failed(h, ERR_IO, "x", 0, now);
        if (++m->failures >= 3 || probe)
            m->open_until = now + 60000;
        break;
    }
}

static void test_histories(void **state)
{
    size_t probes = 0, rests = 0;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct health h = {0};
        struct model m = {0};
        uint64_t now = 1;

        rng = round + 1;
        for (int i = 0; i < 200; i++) {
            bool resting = m.open_until && now < m.open_until, probe = m.open_until && !resting;

            assert_int_equal(health_resting(&h, now), resting);
            rests += resting;
            probes += probe;
            if (!resting) {
                health_started(&h, now);
                assert_int_equal(health_resting(&h, now), probe); /* one probe keeps the next request away */
                random_outcome(&h, &m, now, probe);
            }
            now += rnd(4) ? rnd(1000) : rnd(70000);
        }
    }
    assert_true(probes > 1000 && rests > 1000);
}

static void test_extremes(void **state)
{
    struct health h = {0};
    char why[1000];

    (void)state;
    health_failed(&h, ERR_RATE, "never", UINT64_MAX, 20000); /* asked again after an hour; the sum does not wrap */
    assert_int_equal(h.wait_until_ms, 20000 + 3600000);
    memset(why, 'w', sizeof why);
    why[sizeof why - 1] = '\0';
    health_failed(&h, ERR_IO, why, 0, 0);
    assert_int_equal(strlen(h.problem), sizeof h.problem - 1);
}

static void test_first_token(void **state)
{
    struct health h = {0};

    (void)state;
    health_ok(&h, 100000);
    assert_true(h.ttft_ms > 99.9 && h.ttft_ms < 100.1);
    for (int i = 0; i < 40; i++)
        health_ok(&h, 300000);
    assert_true(h.ttft_ms > 299 && h.ttft_ms < 300);
    health_failed(&h, ERR_IO, "x", 0, 0); /* failures are no measurements */
    assert_true(h.ttft_ms > 299);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories), cmocka_unit_test(test_extremes), cmocka_unit_test(test_first_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
