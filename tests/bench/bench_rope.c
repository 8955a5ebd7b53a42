/* SPDX-License-Identifier: MIT */
/* What a keystroke and a position cost in the rope, beside a floor: a flat buffer with a gap, which is as cheap as
 * editing gets as long as one types in one place and nobody wants a snapshot. One table row a size; the ratio is rope to
 * floor. Only times, no judgement: the limits are the runner's business. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/doc/position.h"
#include "core/doc/rope.h"

#include <stdio.h>
#include <string.h>

enum { EDITS = 20000, ROUNDS = 5 };

static uint64_t rng_state = 1;

static size_t below(size_t n)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(rng_state >> 33) % n;
}

static double now_ns(void)
{
    return (double)clock_us() * 1000.0;
}

/* ---- the floor ---- */

struct gap {
    char *p;
    size_t n, cap, start, end; /* the gap is [start, end) */
};

static void gap_init(struct gap *g, struct str text)
{
    g->cap = text.n + 2 * EDITS;
    g->p = mem_alloc(g->cap);
    memcpy(g->p, text.p, text.n);
    g->n = text.n;
    g->start = text.n;
    g->end = g->cap;
}

static void gap_insert(struct gap *g, size_t at, char c)
{
    size_t n;

    if (at < g->start) {
        n = g->start - at;
        memmove(g->p + g->end - n, g->p + at, n);
        g->start -= n;
        g->end -= n;
    } else if (at > g->start) {
        n = at - g->start;
        memmove(g->p + g->start, g->p + g->end, n);
        g->start += n;
        g->end += n;
    }
    g->p[g->start++] = c;
    g->n++;
}

/* ---- what is measured ---- */

/* Source-like text: 30 bytes a line, some of it not ASCII. */
static char *make_text(size_t n, bool ascii)
{
    static const char *const lines[] = { "static int value_of(int x)\n", "{\n", "    return x + 1; /* one more */\n", "}\n",
        "\n", "    if (a < b && c != NULL)\n" };
    static const char *const wide[] = { "    /* \xe6\xbc\xa2\xe5\xad\x97\xe3\x81\xa8\xe3\x81\x8b */\n", "    r\xc3\xa9sum\xc3\xa9 = 1;\n" };
    char *p = mem_alloc(n + 64);
    size_t i = 0, k = 0;

    while (i < n) {
        const char *line = !ascii && k % 3 == 0 ? wide[k % ARRAY_LEN(wide)] : lines[k % ARRAY_LEN(lines)];
        size_t len = strlen(line);

        memcpy(p + i, line, len);
        i += len;
        k++;
    }
    return p;
}

enum how { TYPE, SNAPSHOT, SCATTER };

/* Nanoseconds an edit: typing at one place, the same while somebody keeps a snapshot of every text, or all over it. */
static double rope_edits(struct str text, enum how how, size_t edits)
{
    struct rope *r = rope_new(text), *kept = NULL;
    size_t i, at = text.n / 2;
    double began = now_ns(), took;

    for (i = 0; i < edits; i++) {
        if (how == SCATTER)
            at = below(text.n);
        if (how == SNAPSHOT) {
            rope_unref(kept);
            kept = rope_ref(r);
        }
        rope_replace(&r, at, at, STR("x"));
        at++;
    }
    took = now_ns() - began;
    rope_unref(kept);
    rope_unref(r);
    return took / (double)edits;
}

static double gap_edits(struct str text, enum how how, size_t edits)
{
    size_t i, at = text.n / 2;
    double began, took;
    struct gap g;

    gap_init(&g, text);
    gap_insert(&g, at, 'x');
    began = now_ns();
    for (i = 0; i < edits; i++) {
        if (how == SCATTER)
            at = below(text.n);
        gap_insert(&g, ++at, 'x');
    }
    took = now_ns() - began;
    free(g.p);
    return took / (double)edits;
}

static double building(struct str text)
{
    size_t i, times = 1 + 2000000 / text.n;
    double began = now_ns();

    for (i = 0; i < times; i++)
        rope_unref(rope_new(text));
    return (now_ns() - began) / (double)times;
}

static double copying(struct str text)
{
    size_t i, times = 1 + 2000000 / text.n;
    double began = now_ns();

    for (i = 0; i < times; i++) {
        char *copy = mem_strndup(text.p, text.n);

        __asm__ volatile("" : : "r"(copy) : "memory");
        free(copy);
    }
    return (now_ns() - began) / (double)times;
}

static double positions(struct str text, bool back)
{
    struct rope *r = rope_new(text);
    size_t i, lines = rope_lines(r), sum = 0;
    double began = now_ns(), took;

    for (i = 0; i < EDITS; i++) {
        if (back)
            sum += pos_of_byte(r, POS_UTF16, below(text.n)).col;
        else
            sum += pos_to_byte(r, POS_UTF16, (struct pos) { (uint32_t)below(lines), (uint32_t)below(30) });
    }
    took = now_ns() - began;
    __asm__ volatile("" : : "r"(sum));
    rope_unref(r);
    return took / EDITS;
}

#define BEST(expression)                                                                                               \
    (__extension__({                                                                                                   \
        double best_ns = 1e18;                                                                                         \
        for (int round_ = 0; round_ < ROUNDS; round_++) {                                                              \
            double ns_ = (expression);                                                                                 \
            best_ns = MIN(best_ns, ns_);                                                                               \
        }                                                                                                              \
        best_ns;                                                                                                       \
    }))

static void measure(size_t n, bool ascii)
{
    AUTO_FREE char *p = make_text(n, ascii);
    struct str text = { p, n };
    /* A gap that jumps about moves half the text: fewer of those. */
    size_t jumps = MIN((size_t)EDITS, 400000000 / n);
    double type = BEST(rope_edits(text, TYPE, EDITS)), floor_type = BEST(gap_edits(text, TYPE, EDITS));
    double scatter = BEST(rope_edits(text, SCATTER, EDITS)), floor_scatter = BEST(gap_edits(text, SCATTER, jumps));
    double build = BEST(building(text)), floor_build = BEST(copying(text));

    printf("%6zu kB %-5s | %6.0f %4.0f %5.1fx | %6.0f | %6.0f %7.0f %6.3fx | %6.2f %6.2f %5.1fx | %5.0f %5.0f\n", n / 1000,
        ascii ? "ascii" : "mixed", type, floor_type, type / floor_type, BEST(rope_edits(text, SNAPSHOT, EDITS)), scatter,
        floor_scatter, scatter / floor_scatter, build / 1e6, floor_build / 1e6, build / floor_build,
        BEST(positions(text, false)), BEST(positions(text, true)));
}

int main(void)
{
    static const size_t sizes[] = { 10000, 100000, 1000000, 10000000 };
    size_t i;

    puts("                | typing ns          | shared | scattered ns            | rope_new ms          | position ns");
    puts("  size    text  |   rope gap   ratio |     ns |   rope     gap    ratio |   rope memcpy  ratio | to    of");
    for (i = 0; i < ARRAY_LEN(sizes); i++) {
        measure(sizes[i], true);
        measure(sizes[i], false);
    }
    return 0;
}
