/* SPDX-License-Identifier: MIT */
/* Binary event streams (application/vnd.amazon.eventstream) as a push parser: bytes in, whole messages out. Any split of
 * the bytes gives the same messages.
 *
 * A message says its lengths under a checksum of their own, which is looked at before the lengths are believed, so that a
 * flipped bit never makes this wait for gigabytes; sizes beyond the limits are refused before anything is allocated. What
 * a message means is the caller's business. */
#ifndef PLUGINS_COMMON_EVENTSTREAM_H
#define PLUGINS_COMMON_EVENTSTREAM_H

#include "bytes.h"

#define EVENTSTREAM_MAX_HEADERS ((size_t)128 << 10)
#define EVENTSTREAM_MAX_PAYLOAD ((size_t)8 << 20) /* the format allows 24 MiB; an answer has no use for that */

enum eventstream_type { ES_TRUE, ES_FALSE, ES_BYTE, ES_SHORT, ES_INT, ES_LONG, ES_BYTES, ES_STRING, ES_TIME, ES_UUID };

struct eventstream_message {
    struct sy_str headers, payload; /* as they came, headers checked */
};

/* Called for each message; it is borrowed for the call. Not 0 means: stop, feed nothing more. */
typedef int (*eventstream_fn)(void *ctx, const struct eventstream_message *m);

struct eventstream {
    struct bytes held;
    int broken;
};

enum { EVENTSTREAM_BROKEN = -1 };

void eventstream_init(struct eventstream *s);
void eventstream_fini(struct eventstream *s);
/* 0, or what fn returned if that was not 0, or EVENTSTREAM_BROKEN, from then on always. */
int eventstream_feed(struct eventstream *s, const void *p, size_t n, eventstream_fn fn, void *ctx);
int eventstream_is_between(const struct eventstream *s); /* no message has been begun */

/* The next header. *rest begins as the message's headers. 0 at the end. value: its bytes, numbers big-endian. */
int eventstream_header(struct sy_str *rest, struct sy_str *name, int *type, struct sy_str *value);
struct sy_str eventstream_get(struct sy_str headers, const char *name); /* a string header, or empty */

uint32_t crc32_of(struct sy_str s); /* as in zlib */

#endif
