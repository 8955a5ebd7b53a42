/* SPDX-License-Identifier: MIT */
/* Reads binary event streams given as hexadecimal lines on stdin and prints what is in each as one line of JSON, after
 * trying every split and every flipped bit:
 *
 *   {"broken", "between", "messages": [{"headers": [[name, type, hex]], "payload": hex}]}
 *
 * A stream that a flipped bit leaves readable prints a complaint on stderr and makes the program fail. */
#include "plugins/common/crypto.h"
#include "plugins/common/eventstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct bytes out;
    size_t messages;
    int broken, between;
};

static int on_message(void *ctx, const struct eventstream_message *m)
{
    struct reading *r = ctx;
    struct sy_str rest = m->headers, name, value;
    const char *comma = "";
    int type;

    bytes_addf(&r->out, "%s{\"headers\":[", r->messages++ ? "," : "");
    while (eventstream_header(&rest, &name, &type, &value)) {
        bytes_addf(&r->out, "%s[\"%.*s\",%d,\"", comma, (int)name.n, name.p, type);
        add_hex(&r->out, (const unsigned char *)value.p, value.n);
        bytes_addstr(&r->out, TEXT("\"]"));
        comma = ",";
    }
    bytes_addstr(&r->out, TEXT("],\"payload\":\""));
    add_hex(&r->out, (const unsigned char *)m->payload.p, m->payload.n);
    bytes_addstr(&r->out, TEXT("\"}"));
    return 0;
}

/* In pieces of `step` bytes, the first of `first`; each piece lies in a block of its size. */
static void read_all(struct reading *r, struct sy_str s, size_t first, size_t step)
{
    struct eventstream es;

    *r = (struct reading){.messages = 0};
    bytes_init(&r->out, (size_t)64 << 20);
    eventstream_init(&es);
    for (size_t at = 0, n; at < s.n && !r->broken; at += n) {
        char *piece;

        n = at == 0 && first ? first : step;
        n = n < s.n - at ? n : s.n - at;
        piece = malloc(n);
        if (!piece)
            exit(2);
        memcpy(piece, s.p + at, n);
        r->broken = eventstream_feed(&es, piece, n, on_message, r) != 0;
        free(piece);
    }
    r->between = eventstream_is_between(&es);
    eventstream_fini(&es);
}

static int same(const struct reading *a, const struct reading *b)
{
    return a->broken == b->broken && a->between == b->between && a->out.n == b->out.n &&
           (a->out.n == 0 || memcmp(a->out.p, b->out.p, a->out.n) == 0);
}

static int expect_same(struct sy_str s, const struct reading *whole, size_t first, size_t step)
{
    struct reading r;
    int ok;

    read_all(&r, s, first, step);
    ok = same(&r, whole);
    if (!ok)
        fprintf(stderr, "pieces of %zu, then %zu, read otherwise\n", first, step);
    bytes_fini(&r.out);
    return ok;
}

/* A flipped bit must cost at least the message that it is in, and never make up another. */
static int expect_refused(const struct bytes *b, const struct reading *whole, size_t bit)
{
    struct reading r;
    int ok;

    b->p[bit / 8] ^= (char)(1 << bit % 8);
    read_all(&r, bytes_str(b), 0, b->n);
    b->p[bit / 8] ^= (char)(1 << bit % 8);
    ok = r.broken && r.messages < whole->messages && (r.out.n == 0 || memcmp(r.out.p, whole->out.p, r.out.n) == 0);
    if (!ok)
        fprintf(stderr, "bit %zu flipped was not noticed\n", bit);
    bytes_fini(&r.out);
    return ok;
}

static int read_line(const char *hex, size_t n)
{
    struct reading whole;
    struct bytes b;
    char digits[3] = "";
    size_t stride;
    int ok = 1;

    bytes_init(&b, (size_t)16 << 20);
    for (size_t i = 0; i + 1 < n; i += 2) {
        memcpy(digits, hex + i, 2);
        bytes_addc(&b, (char)strtoul(digits, NULL, 16));
    }
    stride = b.n > 4000 ? b.n / 50 : 1;
    read_all(&whole, bytes_str(&b), 0, b.n);
    for (size_t step = 1; step < b.n && step < 40; step += stride)
        ok &= expect_same(bytes_str(&b), &whole, 0, step);
    for (size_t at = 1; at < b.n; at += stride)
        ok &= expect_same(bytes_str(&b), &whole, at, b.n);
    for (size_t bit = 0; !whole.broken && whole.between && bit < 8 * b.n; bit += stride)
        ok &= expect_refused(&b, &whole, bit);
    printf("{\"broken\":%s,\"between\":%s,\"messages\":[%s]}\n", whole.broken ? "true" : "false",
           whole.between ? "true" : "false", whole.out.p ? whole.out.p : "");
    bytes_fini(&whole.out);
    bytes_fini(&b);
    return ok;
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int ok = 1;

    while ((n = getline(&line, &cap, stdin)) > 0)
        ok &= read_line(line, (size_t)n - (line[n - 1] == '\n'));
    free(line);
    return ok ? 0 : 1;
}
