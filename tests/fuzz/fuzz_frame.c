/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for the framing parser: the same bytes fed whole, one by one and in pieces that the input itself
 * chooses must give the same events. Knows no JSON. Surprising: the cap is tiny, so that short inputs reach it. */
#include "core/base/hash.h"
#include "core/io/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 48 };

static void on_message(void *ctx, struct str body)
{
    if (body.n > CAP)
        abort();
    (void)buf_addf(ctx, "M%zu:", body.n);
    (void)buf_addstr(ctx, body);
}

static void on_error(void *ctx, const struct err *e)
{
    if (e->code != ERR_PROTO && e->code != ERR_TOO_BIG)
        abort();
    (void)buf_addf(ctx, "E%d:%s\n", e->code, e->text);
}

static const struct frame_handler handler = { on_message, on_error };

/* Pieces of at most `most` bytes; 0 = all at once. */
static void run(struct str in, size_t most, struct buf *out)
{
    uint64_t x = hash_bytes(most, in.p, in.n);
    struct frame f;
    size_t n;

    frame_init(&f, CAP, &handler, out);
    for (; in.n; in = str_sub(in, n, in.n)) {
        x = hash_mix(x + 1);
        n = most ? 1 + x % most : in.n;
        frame_feed(&f, str_sub(in, 0, n));
        if (f.body.n > CAP)
            abort();
    }
    (void)buf_addc(out, frame_is_idle(&f) ? '.' : '!');
    frame_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = { 1, 2, 7, 60, 4000 };
    struct str in = { size ? (const char *)data : "", size };
    struct buf whole, other;
    size_t i;

    buf_init(&whole, 64 << 20);
    buf_init(&other, 64 << 20);
    run(in, 0, &whole);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        buf_reset(&other);
        run(in, pieces[i], &other);
        if (!str_eq(buf_str(&whole), buf_str(&other)))
            abort();
    }
    buf_fini(&whole);
    buf_fini(&other);
    return 0;
}
