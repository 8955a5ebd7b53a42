/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for binary event streams. The first byte says how: the rest as it is, or as headers and payload of a
 * message whose checksums are made right, since no fuzzer guesses those. Pieces and the whole must give the same. */
#include "plugins/common/eventstream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void add32(struct bytes *b, size_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes_addc(b, (char)(v >> shift & 0xff));
}

static void add_message(struct bytes *b, struct sy_str headers, struct sy_str payload)
{
    size_t from = b->n;

    add32(b, 16 + headers.n + payload.n);
    add32(b, headers.n);
    add32(b, crc32_of((struct sy_str){b->p + from, 8}));
    bytes_addstr(b, headers);
    bytes_addstr(b, payload);
    add32(b, crc32_of((struct sy_str){b->p + from, b->n - from}));
}

struct reading {
    struct bytes out;
    int result;
};

static int on_message(void *ctx, const struct eventstream_message *m)
{
    struct reading *r = ctx;
    struct sy_str rest = m->headers, name, value;
    int type;

    while (eventstream_header(&rest, &name, &type, &value)) {
        must(name.n > 0 && type >= ES_TRUE && type <= ES_UUID);
        bytes_addstr(&r->out, name);
        bytes_addstr(&r->out, value);
    }
    must(rest.n == 0); /* unsound headers never come here */
    eventstream_get(m->headers, ":event-type");
    bytes_addstr(&r->out, m->payload);
    return m->payload.n == 3; /* stops now and then */
}

static void read_all(struct reading *r, struct sy_str s, size_t step)
{
    struct eventstream es;

    bytes_init(&r->out, (size_t)64 << 20);
    r->result = 0;
    eventstream_init(&es);
    for (size_t at = 0; at < s.n && r->result == 0; at += step)
        r->result = eventstream_feed(&es, s.p + at, s.n - at < step ? s.n - at : step, on_message, r);
    must(r->result != EVENTSTREAM_BROKEN || !eventstream_is_between(&es));
    eventstream_fini(&es);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading whole, pieces;
    struct sy_str rest;
    struct bytes b;

    if (size < 3)
        return 0;
    bytes_init(&b, (size_t)16 << 20);
    rest = (struct sy_str){(const char *)data + 3, size - 3};
    if (data[0] & 1) {
        size_t headers = data[1] < rest.n ? data[1] : rest.n;

        add_message(&b, (struct sy_str){rest.p, headers}, (struct sy_str){rest.p + headers, rest.n - headers});
        add_message(&b, (struct sy_str){rest.p, headers}, (struct sy_str){rest.p, rest.n > 3 ? 3 : rest.n});
    } else {
        bytes_addstr(&b, rest);
    }
    read_all(&whole, bytes_str(&b), b.n + 1);
    read_all(&pieces, bytes_str(&b), data[2] % 61 + 1u);
    must(whole.result == pieces.result && whole.out.n == pieces.out.n);
    must(whole.out.n == 0 || memcmp(whole.out.p, pieces.out.p, whole.out.n) == 0);
    bytes_fini(&whole.out);
    bytes_fini(&pieces.out);
    bytes_fini(&b);
    return 0;
}
