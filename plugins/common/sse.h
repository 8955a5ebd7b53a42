/* SPDX-License-Identifier: MIT */
/* Server-sent events as a push parser: bytes in, whole events out. Any split of the bytes gives the same events.
 *
 * Lines end in LF, CR or CRLF; one leading byte order mark is dropped; a block without data is no event; a block that
 * the stream leaves open is none either. What data means is the caller's business. */
#ifndef PLUGINS_COMMON_SSE_H
#define PLUGINS_COMMON_SSE_H

#include "bytes.h"

struct sse_event {
    struct sy_str type; /* field `event`, empty if there was none */
    struct sy_str data; /* its lines joined with LF */
    struct sy_str id;   /* field `id` of this block */
};

/* Called for each event; the strings are borrowed for the call. Not 0 means: stop, feed nothing more. */
typedef int (*sse_fn)(void *ctx, const struct sse_event *ev);

struct sse {
    struct bytes line, data, type, id;
    int64_t retry_ms; /* the last valid `retry` field, or -1 */
    int bom;          /* bytes of the mark seen; 3: the beginning is over */
    int has_data, skip_lf;
};

enum { SSE_TOO_BIG = -1 };

/* max_bytes bounds a line and an event. */
void sse_init(struct sse *s, size_t max_bytes);
void sse_fini(struct sse *s);
/* 0, or what fn returned if that was not 0, or SSE_TOO_BIG (also if there is no memory). */
int sse_feed(struct sse *s, const void *p, size_t n, sse_fn fn, void *ctx);

#endif
