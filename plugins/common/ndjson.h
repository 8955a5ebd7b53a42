/* SPDX-License-Identifier: MIT */
/* JSON documents one a line, as a push parser: bytes in, whole lines out. Any split of the bytes gives the same lines.
 *
 * Lines end in LF or CRLF; blanks around a line and lines of nothing but blanks are dropped. A last line that the stream
 * leaves without its end comes from ndjson_end(). What a line means is the caller's business. */
#ifndef PLUGINS_COMMON_NDJSON_H
#define PLUGINS_COMMON_NDJSON_H

#include "bytes.h"

/* Called for each line; the string is borrowed for the call. Not 0 means: stop, feed nothing more. */
typedef int (*ndjson_fn)(void *ctx, struct sy_str line);

struct ndjson {
    struct bytes line;
};

enum { NDJSON_TOO_BIG = -1 };

void ndjson_init(struct ndjson *s, size_t max_bytes); /* of a line */
void ndjson_fini(struct ndjson *s);
/* 0, or what fn returned if that was not 0, or NDJSON_TOO_BIG (also if there is no memory). */
int ndjson_feed(struct ndjson *s, const void *p, size_t n, ndjson_fn fn, void *ctx);
int ndjson_end(struct ndjson *s, ndjson_fn fn, void *ctx);

#endif
