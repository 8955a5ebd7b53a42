/* SPDX-License-Identifier: MIT */
/* The base protocol's framing (Content-Length headers, LSP 3.18 "Base Protocol") as a push parser.
 *
 * Bytes in, message bodies out; any split of the bytes gives the same events. A malformed header block is reported once
 * and the parser looks for the next line that ends in "Content-Length: N", wherever on the line that begins (a body ends
 * without a line end, and no JSON text can hold such a line), so that one bad sender does not end the connection. A
 * length over the cap is reported and that many bytes are skipped without being stored. Knows no JSON. */
#ifndef CORE_IO_FRAME_H
#define CORE_IO_FRAME_H

#include "core/base/err.h"
#include "core/base/str.h"

/* Neither may feed or finish the parser that calls it. */
struct frame_handler {
    void (*message)(void *ctx, struct str body);       /* borrowed for the call */
    void (*error)(void *ctx, const struct err *e);     /* ERR_PROTO or ERR_TOO_BIG; parsing goes on */
};

struct frame {
    const struct frame_handler *handler;
    void *ctx;
    size_t max_bytes;
    struct buf line, body;     /* the header line, the body that is not complete yet */
    size_t block_bytes;        /* read of the present header block */
    unsigned long long length; /* what the block has announced, if has_length */
    unsigned long long need;   /* body bytes still missing or to be skipped */
    bool has_length;
    int state;
};

void frame_init(struct frame *f, size_t max_bytes, const struct frame_handler *handler, void *ctx);
void frame_fini(struct frame *f);
void frame_feed(struct frame *f, struct str bytes);
bool frame_is_idle(const struct frame *f); /* between messages: an end of input here loses nothing */

/* Appends header and body to out: both or, on overflow, neither. */
bool frame_write(struct buf *out, struct str body);

#endif
