/* SPDX-License-Identifier: MIT */
/* Suggestions that are served again: typing along, going back, other files, other surroundings; then random edits beside
 * a model that compares whole texts. The model is told what the module promises, not how it hashes. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/doc/lang.h"
#include "core/engine/session_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEFORE 256 /* bytes that have to be the same, as the module has it */
#define AFTER 64

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

static struct document *make(const char *uri, const char *text)
{
    return document_new(uri, lang_plain(), 1, str_c(text));
}

static void replace(struct document *d, size_t from, size_t to, struct str text)
{
    rope_replace(&d->rope, from, to, text);
}

static void put(struct reuse *r, const struct document *d, size_t caret, const char *text, const char *id)
{
    reuse_put(r, d, caret, str_c(text), 0, "t", 0.5, id);
}

static void expect(struct reuse *r, const struct document *d, size_t caret, const char *text, const char *id)
{
    struct reuse_hit hit = {0};
    bool found = reuse_find(r, d, caret, &hit);

    if (!text) {
        if (found)
            fail_msg("found '%.*s'", (int)hit.text.n, hit.text.p);
        return;
    }
    if (!found)
        fail_msg("'%s' was not found", text);
    assert_int_equal(hit.text.n, strlen(text));
    assert_memory_equal(hit.text.p, text, hit.text.n);
    assert_string_equal(hit.id, id);
    assert_string_equal(hit.target, "t");
}

static void test_typing_along(void **state)
{
    struct reuse *r = reuse_new();
    struct document *d = make("file:///a", "x = ;\n");

    (void)state;
    expect(r, d, 4, NULL, NULL);
    put(r, d, 4, "alpha + 1", "1-1-1");
    expect(r, d, 4, "alpha + 1", "1-1-1");
    replace(d, 4, 4, STR("al"));
    expect(r, d, 6, "pha + 1", "1-1-1");
    expect(r, d, 5, NULL, NULL); /* what follows is not what followed */
    replace(d, 6, 6, STR("x"));
    expect(r, d, 7, NULL, NULL);
    replace(d, 6, 7, STR("")); /* and back again */
    expect(r, d, 6, "pha + 1", "1-1-1");
    replace(d, 4, 6, STR(""));
    expect(r, d, 4, "alpha + 1", "1-1-1");
    replace(d, 4, 4, STR("alpha + 1"));
    expect(r, d, 13, NULL, NULL); /* nothing is left of it */
    document_unref(d);
    reuse_free(r);
    reuse_free(NULL);
}

static void test_same_place_only(void **state)
{
    struct reuse *r = reuse_new();
    struct document *a = make("file:///a", "x = ;\n"), *b = make("file:///b", "x = ;\n");

    (void)state;
    put(r, a, 4, "alpha", "1-1-1");
    expect(r, b, 4, NULL, NULL); /* the same text in another file */
    replace(a, 0, 1, STR("y"));
    expect(r, a, 4, NULL, NULL);
    replace(a, 0, 1, STR("x"));
    expect(r, a, 4, "alpha", "1-1-1");
    replace(a, 4, 5, STR(","));
    expect(r, a, 4, NULL, NULL);
    replace(a, 4, 5, STR(";"));
    reuse_drop(r, "1-1-2");
    expect(r, a, 4, "alpha", "1-1-1");
    reuse_drop(r, "1-1-1");
    expect(r, a, 4, NULL, NULL);
    put(r, a, 4, "alpha", "1-2-1");
    put(r, b, 4, "beta", "1-3-1");
    reuse_forget(r, a);
    expect(r, a, 4, NULL, NULL);
    expect(r, b, 4, "beta", "1-3-1");
    reuse_forget(r, NULL);
    expect(r, b, 4, NULL, NULL);
    document_unref(a);
    document_unref(b);
    reuse_free(r);
}

/* Of one request the best, which was put first; of several requests the newest. */
static void test_order(void **state)
{
    struct reuse *r = reuse_new();
    struct document *d = make("file:///a", "x = ;\n");

    (void)state;
    put(r, d, 4, "old", "1-1-1");
    put(r, d, 4, "best", "1-2-1");
    put(r, d, 4, "good", "1-2-2");
    put(r, d, 4, "gone", "1-2-3");
    expect(r, d, 4, "best", "1-2-1");
    replace(d, 4, 4, STR("g"));
    expect(r, d, 5, "ood", "1-2-2");
    replace(d, 5, 5, STR("on"));
    expect(r, d, 7, "e", "1-2-3");
    replace(d, 4, 7, STR("o"));
    expect(r, d, 5, "ld", "1-1-1");
    document_unref(d);
    reuse_free(r);
}

static void test_many(void **state)
{
    struct reuse *r = reuse_new();
    struct document *d = make("file:///a", "");
    size_t found = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char text[20], id[20];
        int n = snprintf(text, sizeof text, "%u\n", i);

        snprintf(id, sizeof id, "1-%u-1", i);
        put(r, d, rope_bytes(d->rope), "more", id);
        replace(d, rope_bytes(d->rope), rope_bytes(d->rope), (struct str){text, (size_t)n});
    }
    for (size_t at = 0; at < rope_bytes(d->rope); at++) {
        struct reuse_hit hit;

        found += reuse_find(r, d, at, &hit);
    }
    assert_int_equal(found, 0); /* each was made at the end of the text, which is elsewhere now */
    put(r, d, rope_bytes(d->rope), "more", "1-2000-1");
    expect(r, d, rope_bytes(d->rope), "more", "1-2000-1");
    document_unref(d);
    reuse_free(r);
}

/* ---- beside a model ---- */

struct made {
    char *before, *after, *text; /* whole texts around the place where it was made */
    size_t nbefore, nafter, n;
};

static char *copy(const struct document *d, size_t from, size_t to, size_t *ret_n)
{
    struct buf b;

    buf_init(&b, to - from + 1);
    rope_copy(d->rope, from, to, &b);
    *ret_n = b.n;
    return buf_take(&b);
}

static bool same_end(const char *a, size_t na, const char *b, size_t nb, size_t n)
{
    size_t ka = MIN(na, n), kb = MIN(nb, n);

    return ka == kb && memcmp(a + na - ka, b + nb - kb, ka) == 0;
}

static bool same_start(const char *a, size_t na, const char *b, size_t nb, size_t n)
{
    size_t ka = MIN(na, n), kb = MIN(nb, n);

    return ka == kb && memcmp(a, b, ka) == 0;
}

/* What may be served at the caret from m: the length typed of it, or -1. */
static long model_fits(const struct made *m, const struct document *d, size_t caret)
{
    size_t nb, na, typed = caret - m->nbefore;
    AUTO_FREE char *before = copy(d, 0, caret, &nb);
    AUTO_FREE char *after = copy(d, caret, rope_bytes(d->rope), &na);

    if (caret < m->nbefore || typed >= m->n || memcmp(before + m->nbefore, m->text, typed) != 0)
        return -1;
    if (!same_end(before, m->nbefore, m->before, m->nbefore, BEFORE) || !same_start(after, na, m->after, m->nafter, AFTER))
        return -1;
    return (long)typed;
}

static void test_random(void **state)
{
    size_t hits = 0, misses = 0;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct reuse *r = reuse_new();
        struct document *d = make("file:///a", "aab\nab\nba;\n");
        struct made made[40];
        size_t n = 0;

        rng = round + 1;
        for (int i = 0; i < 150; i++) {
            size_t caret = rnd((unsigned)rope_bytes(d->rope) + 1);
            static const char *const pieces[] = {"a", "b", "ab", "ba", "\n", "aab"};

            if (rnd(3) == 0 && n < ARRAY_LEN(made)) {
                struct made *m = &made[n];
                char id[20];
                struct str t = str_c(pieces[rnd(ARRAY_LEN(pieces))]);

                snprintf(id, sizeof id, "1-%zu-1", n);
                reuse_put(r, d, caret, t, 0, "t", 0, id);
                m->before = copy(d, 0, caret, &m->nbefore);
                m->after = copy(d, caret, rope_bytes(d->rope), &m->nafter);
                m->text = mem_strndup(t.p, t.n);
                m->n = t.n;
                n++;
            } else if (rnd(2)) {
                struct str t = str_c(pieces[rnd(ARRAY_LEN(pieces))]);

                replace(d, caret, MIN(caret + rnd(3), rope_bytes(d->rope)), t);
            } else {
                struct reuse_hit hit;
                bool found = reuse_find(r, d, caret, &hit);
                long best = -1;
                size_t k = n;

                while (k > 0 && best < 0)
                    best = model_fits(&made[--k], d, caret);
                assert_int_equal(found, best >= 0);
                hits += found;
                misses += !found;
                if (found) {
                    assert_int_equal(hit.text.n, made[k].n - (size_t)best);
                    assert_memory_equal(hit.text.p, made[k].text + best, hit.text.n);
                }
            }
        }
        while (n > 0) {
            n--;
            free(made[n].before);
            free(made[n].after);
            free(made[n].text);
        }
        document_unref(d);
        reuse_free(r);
    }
    print_message("%zu hits, %zu misses\n", hits, misses);
    assert_true(hits > 200 && misses > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing_along), cmocka_unit_test(test_same_place_only), cmocka_unit_test(test_order),
        cmocka_unit_test(test_many), cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
