/* SPDX-License-Identifier: MIT */
/* Length, length, checksum, headers, payload, checksum. What is held is one unfinished message at most; whole ones that
 * come in one piece are read where they are. */
#include "eventstream.h"

#include <string.h>

#define PRELUDE 12
#define TAIL 4

/* Table for four bits: small enough to be written out, fast enough for text that a model makes. */
uint32_t crc32_of(struct sy_str s)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= (unsigned char)s.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static uint32_t big32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static uint16_t big16(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (uint16_t)(u[0] << 8 | u[1]);
}

void eventstream_init(struct eventstream *s)
{
    s->broken = 0;
    bytes_init(&s->held, PRELUDE + EVENTSTREAM_MAX_HEADERS + EVENTSTREAM_MAX_PAYLOAD + TAIL);
}

void eventstream_fini(struct eventstream *s)
{
    bytes_fini(&s->held);
}

int eventstream_is_between(const struct eventstream *s)
{
    return s->held.n == 0 && !s->broken;
}

/* ---- headers ---- */

/* Bytes of a value without its length field, or -1 for an unknown type. *prefix: bytes of the length field. */
static long value_size(int type, struct sy_str at, size_t *prefix)
{
    static const int sizes[] = {[ES_TRUE] = 0, [ES_FALSE] = 0, [ES_BYTE] = 1, [ES_SHORT] = 2, [ES_INT] = 4,
                                [ES_LONG] = 8, [ES_TIME] = 8, [ES_UUID] = 16};

    *prefix = 0;
    if (type == ES_BYTES || type == ES_STRING) {
        *prefix = 2;
        return at.n >= 2 ? big16(at.p) : -1;
    }
    return type >= 0 && type <= ES_UUID ? sizes[type] : -1;
}

int eventstream_header(struct sy_str *rest, struct sy_str *name, int *type, struct sy_str *value)
{
    struct sy_str at = *rest;
    size_t len = at.n > 0 ? (unsigned char)*at.p : 0, prefix;
    long size;

    if (len == 0 || at.n < len + 2)
        return 0;
    *name = (struct sy_str){at.p + 1, len};
    *type = (unsigned char)at.p[1 + len];
    at = (struct sy_str){at.p + len + 2, at.n - len - 2};
    size = value_size(*type, at, &prefix);
    if (size < 0 || at.n < prefix + (size_t)size)
        return 0;
    *value = (struct sy_str){at.p + prefix, (size_t)size};
    *rest = (struct sy_str){at.p + prefix + size, at.n - prefix - (size_t)size};
    return 1;
}

struct sy_str eventstream_get(struct sy_str headers, const char *wanted)
{
    struct sy_str name, value;
    int type;

    while (eventstream_header(&headers, &name, &type, &value))
        if (type == ES_STRING && text_eq(name, wanted))
            return value;
    return (struct sy_str){NULL, 0};
}

/* Headers are few: a message with more than this many is none that a service sends. */
#define MAX_COUNT 64

static int headers_are_sound(struct sy_str headers)
{
    struct sy_str names[MAX_COUNT], value;
    size_t n = 0;
    int type;

    while (headers.n > 0) {
        if (n == MAX_COUNT || !eventstream_header(&headers, &names[n], &type, &value))
            return 0;
        for (size_t i = 0; i < n; i++)
            if (names[i].n == names[n].n && memcmp(names[i].p, names[n].p, names[n].n) == 0)
                return 0;
        n++;
    }
    return 1;
}

/* ---- messages ---- */

/* Bytes of the whole message, from a prelude that is there; 0 if it is not to be believed. */
static size_t message_size(const char *p)
{
    size_t total = big32(p), headers = big32(p + 4);

    if (big32(p + 8) != crc32_of((struct sy_str){p, 8}) || headers > EVENTSTREAM_MAX_HEADERS ||
        total < PRELUDE + TAIL + headers || total - headers - PRELUDE - TAIL > EVENTSTREAM_MAX_PAYLOAD)
        return 0;
    return total;
}

static int read_message(const char *p, size_t total, eventstream_fn fn, void *ctx)
{
    size_t headers = big32(p + 4);
    struct eventstream_message m = {{p + PRELUDE, headers}, {p + PRELUDE + headers, total - headers - PRELUDE - TAIL}};

    if (big32(p + total - TAIL) != crc32_of((struct sy_str){p, total - TAIL}) || !headers_are_sound(m.headers))
        return EVENTSTREAM_BROKEN;
    return fn(ctx, &m);
}

/* Adds to what is held until that is `want` bytes. */
static int fill(struct eventstream *s, struct sy_str *in, size_t want)
{
    size_t n = want - s->held.n < in->n ? want - s->held.n : in->n;

    bytes_add(&s->held, in->p, n);
    in->p += n;
    in->n -= n;
    return s->held.n == want;
}

static int step(struct eventstream *s, struct sy_str *in, eventstream_fn fn, void *ctx)
{
    const char *at = s->held.n == 0 && in->n >= PRELUDE ? in->p : NULL;
    size_t total;
    int r;

    if (!at && s->held.n < PRELUDE && !fill(s, in, PRELUDE))
        return s->held.failed ? EVENTSTREAM_BROKEN : 0;
    total = message_size(at ? at : s->held.p);
    if (total == 0)
        return EVENTSTREAM_BROKEN;
    if (at && in->n >= total) {
        *in = (struct sy_str){at + total, in->n - total};
        return read_message(at, total, fn, ctx);
    }
    if (!fill(s, in, total))
        return s->held.failed ? EVENTSTREAM_BROKEN : 0;
    r = read_message(s->held.p, total, fn, ctx);
    bytes_reset(&s->held);
    return r;
}

int eventstream_feed(struct eventstream *s, const void *p, size_t n, eventstream_fn fn, void *ctx)
{
    struct sy_str in = {p, n};
    int r = s->broken ? EVENTSTREAM_BROKEN : 0;

    while (r == 0 && in.n > 0)
        r = step(s, &in, fn, ctx);
    if (r == EVENTSTREAM_BROKEN)
        s->broken = 1;
    return r;
}
