/* SPDX-License-Identifier: MIT */
/* The router's invariants on thousands of random tables: targets that are equal in all numbers share the work whatever
 * their order; the embedded model passes the same filters; a decision replays; an unknown price is never free. */
#include "core/engine/router.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "plugins/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TABLE 50
#define ROUTE 16 /* MAX_ROUTE_TARGETS */

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

static struct route_target random_target(void)
{
    static const double prices[] = {-1, 0, 0.1, 0.5, 3, 15, 75};
    static const uint64_t caps[] = {SY_CAP_FIM, SY_CAP_CHAT, SY_CAP_FIM | SY_CAP_CHAT, SY_CAP_FIM | SY_CAP_LOCAL, 0};
    static const uint32_t contexts[] = {0, 512, 4096, 200000};

    return (struct route_target){.caps = caps[rnd(5)], .tier = (enum tier)rnd(3), .has_format = rnd(8) > 0,
                                 .context_tokens = contexts[rnd(4)], .price_in = prices[rnd(7)],
                                 .price_out = prices[rnd(7)], .ttft_ms = rnd(3) ? rnd(2000) : 0, .resting = rnd(8) == 0,
                                 .wait_until_ms = rnd(8) ? 0 : rnd(2000)};
}

static struct route_request random_request(void)
{
    return (struct route_request){.task = TASK_COMPLETE, .need = rnd(4) ? SY_CAP_FIM : SY_CAP_CHAT,
                                  .prompt_tokens = rnd(6000), .answer_tokens = rnd(500),
                                  .seed = hash_mix(rng), .now_ms = rnd(2000)};
}

struct scene {
    struct route_target table[TABLE];
    unsigned order[ROUTE];
    size_t n;
    struct route_request req;
};

static void make_scene(struct scene *s, uint64_t seed)
{
    rng = seed;
    for (size_t i = 0; i < TABLE; i++)
        s->table[i] = random_target();
    s->n = rnd(ROUTE + 1);
    for (size_t i = 0; i < s->n; i++) { /* distinct */
        bool again;

        do {
            s->order[i] = rnd(TABLE);
            again = false;
            for (size_t k = 0; k < i; k++)
                again = again || s->order[k] == s->order[i];
        } while (again);
    }
    s->req = random_request();
}

static void decide(const struct scene *s, struct route_choice *c)
{
    memset(c, 0xa5, sizeof *c);
    route(&s->req, s->table, s->order, s->n, &ROUTE_DEFAULT_WEIGHTS, c);
}

/* The filters, told once more in the plainest way. */
static bool may_serve(const struct route_request *r, const struct route_target *t)
{
    bool fits = t->context_tokens == 0 || (uint64_t)r->prompt_tokens + r->answer_tokens <= t->context_tokens;

    return (t->caps & r->need) && t->has_format && fits && !t->resting && t->wait_until_ms <= r->now_ms;
}

static void test_shape(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct scene s;
        struct route_choice c;
        size_t kept = 0;

        make_scene(&s, seed);
        decide(&s, &c);
        assert_int_equal(c.n, s.n);
        for (size_t i = 0; i < c.n; i++) {
            const struct route_target *t = &s.table[c.c[i].target];
            size_t times = 0;

            for (size_t k = 0; k < s.n; k++)
                times += s.order[k] == c.c[i].target;
            assert_int_equal(times, 1); /* nobody is lost, nobody is made up */
            assert_int_equal(c.c[i].drop == ROUTE_KEPT, may_serve(&s.req, t));
            assert_int_equal(c.c[i].drop == ROUTE_KEPT, i < c.nkept); /* the kept ones come first */
            assert_true(c.c[i].drop < ROUTE_DROPS && route_drop_text(c.c[i].drop)[0]);
            kept += c.c[i].drop == ROUTE_KEPT;
            if (i == 0 || i >= c.nkept)
                continue;
            /* Tier is policy and comes first, then the score. */
            const struct route_target *last = &s.table[c.c[i - 1].target];

            assert_true(last->tier <= t->tier);
            if (last->tier == t->tier)
                assert_true(c.c[i - 1].score <= c.c[i].score);
        }
        assert_int_equal(kept, c.nkept);
    }
    assert_string_equal(route_drop_text(ROUTE_DROPS), "");
}

static void test_replay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct scene s, again;
        struct route_choice a, b;

        make_scene(&s, seed);
        decide(&s, &a);
        make_scene(&again, seed);
        decide(&again, &b);
        assert_int_equal(a.n, b.n);
        for (size_t i = 0; i < a.n; i++) {
            assert_int_equal(a.c[i].target, b.c[i].target);
            assert_int_equal(a.c[i].drop, b.c[i].drop);
            assert_true(a.c[i].score == b.c[i].score && a.c[i].tie == b.c[i].tie);
        }
    }
}

/* Where a target's row is in the table, and who else is in it, changes nothing. */
static void test_renumbering(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct scene s, moved;
        struct route_choice a, b;
        unsigned to[TABLE];

        make_scene(&s, seed);
        decide(&s, &a);
        moved = s;
        for (unsigned i = 0; i < TABLE; i++)
            to[i] = i;
        for (unsigned i = TABLE; i > 1; i--) {
            unsigned k = rnd(i), swap = to[k];

            to[k] = to[i - 1];
            to[i - 1] = swap;
        }
        for (unsigned i = 0; i < TABLE; i++)
            moved.table[to[i]] = s.table[i];
        for (size_t i = 0; i < s.n; i++)
            moved.order[i] = to[s.order[i]];
        decide(&moved, &b);
        assert_int_equal(a.nkept, b.nkept);
        for (size_t i = 0; i < a.n; i++)
            assert_int_equal(to[a.c[i].target], b.c[i].target);
    }
}

/* Listing a route in another order: the same set of targets is kept, with the same scores, and the first choice is one
 * of the best; which of several equal ones it is, only the tie-break says. */
static void test_permuting(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct scene s;
        struct route_choice a, b;

        make_scene(&s, seed);
        decide(&s, &a);
        for (size_t i = s.n; i > 1; i--) {
            size_t k = rnd((unsigned)i);
            unsigned swap = s.order[k];

            s.order[k] = s.order[i - 1];
            s.order[i - 1] = swap;
        }
        decide(&s, &b);
        assert_int_equal(a.nkept, b.nkept);
        for (size_t i = 0; i < a.nkept; i++) {
            assert_int_equal(s.table[a.c[i].target].tier, s.table[b.c[i].target].tier);
            assert_true(a.c[i].score == b.c[i].score);
        }
    }
}

/* Equal targets are first equally often, wherever they stand in the route. */
static void test_ties_are_fair(void **state)
{
    enum { ROUNDS = 40000 };

    (void)state;
    for (size_t n = 2; n <= ROUTE; n += 7) {
        struct scene s = {.n = n};
        size_t first[ROUTE] = {0};
        double expect = (double)ROUNDS / (double)n, chi2 = 0;

        for (unsigned i = 0; i < n; i++) {
            s.table[i] = (struct route_target){.caps = SY_CAP_FIM, .tier = TIER_SMALL, .has_format = true, .price_in = 1,
                                               .price_out = 2, .ttft_ms = 300};
            s.order[i] = i;
        }
        s.req = (struct route_request){.need = SY_CAP_FIM, .prompt_tokens = 1000, .answer_tokens = 50};
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            struct route_choice c;

            s.req.seed = seed; /* neighbouring seeds, the hardest case */
            decide(&s, &c);
            first[c.c[0].target]++;
        }
        for (size_t i = 0; i < n; i++)
            chi2 += ((double)first[i] - expect) * ((double)first[i] - expect) / expect;
        print_message("%zu equal targets: chi-square %.1f with %zu degrees of freedom\n", n, chi2, n - 1);
        assert_true(chi2 < 3.5 * (double)n + 12); /* far beyond the 0.1 % quantile for each n here */
    }
}

/* One bit or one unit is no privilege: the embedded model's row is treated like any other row of the same numbers. */
static void test_no_privilege(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct scene s;
        struct route_choice a, b;

        make_scene(&s, seed);
        s.req.need = SY_CAP_FIM;
        decide(&s, &a);
        for (size_t i = 0; i < TABLE; i++)
            s.table[i].caps ^= s.table[i].caps ? SY_CAP_LOCAL : 0;
        decide(&s, &b);
        assert_int_equal(a.n, b.n);
        for (size_t i = 0; i < a.n; i++) {
            assert_int_equal(a.c[i].target, b.c[i].target);
            assert_int_equal(a.c[i].drop, b.c[i].drop);
            assert_true(a.c[i].score == b.c[i].score);
        }
    }
}

static void test_unknown_price(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct route_target t = {.caps = SY_CAP_FIM, .tier = TIER_SMALL, .has_format = true, .ttft_ms = 300};
        struct scene s = {.n = 2, .order = {0, 1}};
        struct route_choice c;

        rng = seed;
        s.req = random_request();
        s.req.need = SY_CAP_FIM;
        s.req.prompt_tokens++;
        s.req.answer_tokens++;
        s.table[0] = s.table[1] = t;
        s.table[0].price_in = (double)rnd(10) - (rnd(2) ? 100 : 0); /* below 0: unknown */
        s.table[0].price_out = s.table[0].price_in < 0 ? (double)rnd(10) - (rnd(2) ? 100 : 0) : -1;
        /* Known, and not dearer than what is assumed: it always comes before the unknown one. */
        s.table[1].price_in = s.table[0].price_in < 0 ? rnd(14) : s.table[0].price_in;
        s.table[1].price_out = s.table[0].price_out < 0 ? rnd(14) : s.table[0].price_out;
        decide(&s, &c);
        assert_int_equal(c.nkept, 2);
        assert_int_equal(c.c[0].target, 1);
        assert_true(c.c[1].cost > 0); /* what is unknown costs something */
    }
    assert_true(ROUTE_DEFAULT_WEIGHTS.unknown_price > 0 && ROUTE_DEFAULT_WEIGHTS.unknown_ttft_ms > 0);
}

/* Each reason, with everything else in order. */
static void test_reasons(void **state)
{
    const struct route_target good = {.caps = SY_CAP_FIM, .tier = TIER_SMALL, .has_format = true, .context_tokens = 1000};
    struct {
        struct route_target t;
        enum route_drop drop;
    } t[] = {{good, ROUTE_KEPT}, {good, ROUTE_NO_PROVIDER}, {good, ROUTE_NO_CAPABILITY}, {good, ROUTE_NO_FORMAT},
             {good, ROUTE_NO_CONTEXT}, {good, ROUTE_BREAKER}, {good, ROUTE_RATE}, {good, ROUTE_KEPT}, {good, ROUTE_KEPT}};

    (void)state;
    t[1].t.caps = 0;
    t[2].t.caps = SY_CAP_CHAT;
    t[3].t.has_format = false;
    t[4].t.context_tokens = 999;
    t[5].t.resting = true;
    t[6].t.wait_until_ms = 51;
    t[7].t.wait_until_ms = 50;
    t[8].t.context_tokens = 0;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct scene s = {.n = 1, .table = {t[i].t}};
        struct route_choice c;

        s.req = (struct route_request){.need = SY_CAP_FIM, .prompt_tokens = 900, .answer_tokens = 100, .now_ms = 50};
        decide(&s, &c);
        assert_int_equal(c.c[0].drop, t[i].drop);
    }
}

static void test_extremes(void **state)
{
    struct scene s = {.n = 1};
    struct route_choice c;

    (void)state;
    s.table[0] = (struct route_target){.caps = SY_CAP_FIM, .has_format = true, .context_tokens = 4096, .price_in = 1e6,
                                       .price_out = 1e6, .ttft_ms = UINT32_MAX};
    s.req = (struct route_request){.need = SY_CAP_FIM, .prompt_tokens = UINT32_MAX, .answer_tokens = 2};
    decide(&s, &c);
    assert_int_equal(c.c[0].drop, ROUTE_NO_CONTEXT); /* the sum does not wrap */
    s.n = 0;
    decide(&s, &c);
    assert_int_equal(c.n, 0);
    assert_int_equal(c.nkept, 0);
}

/* No vendor may be named where decisions are made: the sources are read as they are. */
static void test_no_names(void **state)
{
    static const char *const names[] = {"openai", "anthropic", "mistral", "google", "gemini", "ollama", "llama", "qwen",
                                        "claude", "gpt", "deepseek", "bedrock", "oracle", "azure", "cohere", "codestral"};
    static const char *const files[] = {"router.c", "router.h", "health.c", "health.h", "targets.c"};
    const char *root = getenv("ROOT") ? getenv("ROOT") : ".";
    size_t read = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_FREE char *path = mem_printf("%s/core/engine/%s", root, files[i]);
        FILE *f = fopen(path, "r");
        char line[1000];

        if (!f)
            continue;
        read++;
        while (fgets(line, sizeof line, f))
            for (size_t k = 0; k < ARRAY_LEN(names); k++)
                if (strcasestr(line, names[k]))
                    fail_msg("%s names %s", files[i], names[k]);
        (void)fclose(f);
    }
    assert_int_equal(read, ARRAY_LEN(files));
}

static void test_cost(void **state)
{
    enum { TIMES = 20000 };
    struct scene s;
    struct route_choice c;
    uint64_t began;
    double each;
    size_t kept = 0;

    (void)state;
    make_scene(&s, 7);
    s.n = ROUTE;
    for (unsigned i = 0; i < ROUTE; i++)
        s.order[i] = i * 3;
    began = clock_us();
    for (unsigned i = 0; i < TIMES; i++) {
        s.req.seed = i;
        route(&s.req, s.table, s.order, s.n, &ROUTE_DEFAULT_WEIGHTS, &c);
        kept += c.nkept;
    }
    each = (double)(clock_us() - began) / TIMES;
    print_message("one decision among %d of %d targets: %.2f us\n", ROUTE, TABLE, each);
    assert_true(kept > 0);
#ifndef SANITIZED
    assert_true(each < 50);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape), cmocka_unit_test(test_replay), cmocka_unit_test(test_renumbering),
        cmocka_unit_test(test_permuting), cmocka_unit_test(test_ties_are_fair), cmocka_unit_test(test_no_privilege),
        cmocka_unit_test(test_unknown_price), cmocka_unit_test(test_reasons), cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_no_names), cmocka_unit_test(test_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
