/* SPDX-License-Identifier: MIT */
/* Hashes: the same on every machine, and spread well enough for tables. */
#include "core/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void same_everywhere(void **state)
{
    (void)state;
    /* The first output of SplitMix64 from state 0 is the finaliser of its increment. */
    assert_true(hash_mix(0x9e3779b97f4a7c15u) == 0xe220a8397b1dcdafu);
    /* FNV-1a's published value for "a" is af63dc4c8601ec8c; the seed 0 adds nothing and the mix is one to one. */
    assert_true(hash_bytes(0, "a", 1) == hash_mix(0xaf63dc4c8601ec8cu));
    assert_true(hash_bytes(0, NULL, 0) == hash_mix(0xcbf29ce484222325u));
    assert_true(hash_bytes(1, "a", 1) != hash_bytes(0, "a", 1));
    assert_true(hash_bytes(0, "a\0b", 3) != hash_bytes(0, "a\0c", 3));
}

static void low_bits_are_spread(void **state)
{
    unsigned buckets[64] = { 0 }, i, most = 0, least = UINT32_MAX;

    (void)state;
    for (i = 0; i < 64 * 1000; i++)
        buckets[hash_bytes(0, &i, sizeof i) & 63]++;
    for (i = 0; i < 64; i++) {
        most = buckets[i] > most ? buckets[i] : most;
        least = buckets[i] < least ? buckets[i] : least;
    }
    assert_in_range(least, 850, 1000);
    assert_in_range(most, 1000, 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_everywhere), cmocka_unit_test(low_bits_are_spread) };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
