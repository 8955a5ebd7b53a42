/* SPDX-License-Identifier: MIT */
/* The framing parser: header lines are collected until an empty one, then the body is counted. It knows no JSON and does
 * no I/O. Surprising: a body that arrives in one piece is handed on without being copied; only a split one is stored.
 *
 * Invariant: what happens at a byte depends only on the bytes before it, never on where they were cut. */
#include "core/io/frame.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum frame_state { FRAME_HEAD, FRAME_BODY, FRAME_SKIP, FRAME_RESYNC };

enum {
    RESYNC_BYTES = 128,     /* end of a line in which a lost header is looked for */
    KEPT_BYTES = 1 << 20,   /* storage kept between messages */
};

/* A number above this is no announcement that anyone could wait for. */
#define LENGTH_SANE (1ull << 40)

static const struct str length_name = { "content-length", 14 };

void frame_init(struct frame *f, size_t max_bytes, const struct frame_handler *handler, void *ctx)
{
    *f = (struct frame) { .handler = handler, .ctx = ctx, .max_bytes = max_bytes, .state = FRAME_HEAD };
    buf_init(&f->line, MAX_HEADER_BYTES);
    buf_init(&f->body, max_bytes);
}

void frame_fini(struct frame *f)
{
    buf_fini(&f->line);
    buf_fini(&f->body);
}

bool frame_is_idle(const struct frame *f)
{
    return f->state == FRAME_HEAD && f->block_bytes == 0;
}

static void start_block(struct frame *f, enum frame_state state)
{
    f->state = state;
    f->block_bytes = 0;
    f->has_length = false;
    buf_reset(&f->line);
}

static void report(struct frame *f, const struct err *e)
{
    f->handler->error(f->ctx, e);
}

static bool is_length_name(struct str s)
{
    return s.n == length_name.n && strncasecmp(s.p, length_name.p, s.n) == 0;
}

/* RFC 9110 tokens, which is what a header's name is made of. */
static bool is_token(struct str s)
{
    size_t i;

    for (i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.n > 0;
}

static bool parse_length(struct str value, unsigned long long *ret)
{
    return str_to_u64(str_trim(value), ret) && *ret <= LENGTH_SANE;
}

/* Does the line end in "Content-Length: N"? Looks at its last RESYNC_BYTES only, so that memory stays bounded. */
static bool find_length(struct str line, unsigned long long *ret)
{
    struct str tail = str_sub(line, line.n - MIN(line.n, (size_t)RESYNC_BYTES), line.n);
    size_t colon = tail.n;
    struct str name;

    while (colon > 0 && tail.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || !parse_length(str_sub(tail, colon, tail.n), ret))
        return false;
    name = str_trim(str_sub(tail, 0, colon - 1));
    return name.n >= length_name.n && is_length_name(str_sub(name, name.n - length_name.n, name.n));
}

static void resync_line(struct frame *f, struct str line)
{
    unsigned long long length = 0;
    bool found = find_length(line, &length); /* before the line's storage is reset */

    start_block(f, FRAME_RESYNC);
    if (!found)
        return;
    f->state = FRAME_HEAD;
    f->block_bytes = 1; /* not idle: a block has begun */
    f->has_length = true;
    f->length = length;
}

static void fail_line(struct frame *f, struct str line, const char *why)
{
    struct err e = { 0 };

    err_set(&e, ERR_PROTO, "malformed message header: %s", why);
    report(f, &e);
    resync_line(f, line);
}

static void header_line(struct frame *f, struct str line)
{
    const char *colon = memchr(line.p, ':', line.n);
    unsigned long long length;
    struct str name;

    if (!colon) {
        fail_line(f, line, "a line without a colon");
        return;
    }
    name = str_trim(str_sub(line, 0, (size_t)(colon - line.p)));
    if (is_length_name(name)) {
        if (!parse_length(str_sub(line, (size_t)(colon - line.p) + 1, line.n), &length))
            fail_line(f, line, "Content-Length is not a length");
        else if (f->has_length && f->length != length)
            fail_line(f, line, "two different Content-Lengths");
        else {
            f->has_length = true;
            f->length = length;
        }
    } else if (!is_token(name)) {
        fail_line(f, line, "a header name with forbidden characters");
    } else if (find_length(line, &length)) {
        fail_line(f, line, "bytes before Content-Length");
    }
}

static void end_body(struct frame *f, struct str body)
{
    start_block(f, FRAME_HEAD); /* first, so that the handler finds the parser between messages */
    f->handler->message(f->ctx, body);
    if (f->body.cap > KEPT_BYTES)
        buf_fini(&f->body);
    else
        buf_reset(&f->body);
}

static void end_block(struct frame *f)
{
    struct err e = { 0 };

    if (!f->has_length) {
        fail_line(f, STR(""), "no Content-Length");
        return;
    }
    f->need = f->length;
    start_block(f, f->need > f->max_bytes ? FRAME_SKIP : FRAME_BODY);
    if (f->state == FRAME_SKIP) {
        err_set(&e, ERR_TOO_BIG, "a message of %llu bytes, at most %zu are taken", f->need, f->max_bytes);
        report(f, &e);
    } else if (f->need == 0) {
        end_body(f, STR(""));
    }
}

static void end_line(struct frame *f)
{
    struct str line = buf_str(&f->line);
    bool is_first = f->block_bytes <= line.n;

    line.n--; /* the LF */
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    if (f->state == FRAME_RESYNC)
        resync_line(f, line);
    else if (line.n)
        header_line(f, line);
    else if (is_first)
        start_block(f, FRAME_HEAD); /* a stray empty line between messages is harmless */
    else
        end_block(f);
    buf_reset(&f->line);
}

/* Takes bytes up to and including the next LF; returns how many. */
static size_t feed_line(struct frame *f, struct str bytes)
{
    const char *lf = memchr(bytes.p, '\n', bytes.n);
    size_t n = lf ? (size_t)(lf - bytes.p) + 1 : bytes.n;
    size_t keep = RESYNC_BYTES + 2; /* CR LF */

    if (f->state == FRAME_HEAD) {
        n = MIN(n, MAX_HEADER_BYTES + 1 - f->block_bytes);
        f->block_bytes += n;
        if (f->block_bytes > MAX_HEADER_BYTES) {
            struct err e = { 0 };

            err_set(&e, ERR_PROTO, "malformed message header: longer than %u bytes", MAX_HEADER_BYTES);
            report(f, &e);
            f->state = FRAME_RESYNC;
            return 0; /* these bytes are read again as part of a lost line */
        }
        (void)buf_add(&f->line, bytes.p, n);
    } else {
        if (n > keep) {
            bytes = str_sub(bytes, n - keep, n);
            buf_reset(&f->line);
        } else if (f->line.n + n > keep) {
            buf_consume(&f->line, f->line.n + n - keep);
        }
        (void)buf_add(&f->line, bytes.p, MIN(n, keep));
    }
    if (lf)
        end_line(f);
    return n;
}

static size_t feed_body(struct frame *f, struct str bytes)
{
    size_t n = f->need < bytes.n ? (size_t)f->need : bytes.n;

    f->need -= n;
    if (f->state == FRAME_SKIP) {
        if (f->need == 0)
            start_block(f, FRAME_HEAD);
        return n;
    }
    if (f->need == 0 && f->body.n == 0) {
        end_body(f, str_sub(bytes, 0, n));
        return n;
    }
    if (f->body.n == 0) /* not all at once: an announcement is not yet a message */
        (void)buf_reserve(&f->body, n + (size_t)MIN(f->need, (unsigned long long)KEPT_BYTES));
    (void)buf_add(&f->body, bytes.p, n);
    if (f->need == 0)
        end_body(f, buf_str(&f->body));
    return n;
}

void frame_feed(struct frame *f, struct str bytes)
{
    size_t n;

    while (bytes.n) {
        n = f->state == FRAME_HEAD || f->state == FRAME_RESYNC ? feed_line(f, bytes) : feed_body(f, bytes);
        bytes = str_sub(bytes, n, bytes.n);
    }
}

bool frame_write(struct buf *out, struct str body)
{
    char head[48];
    int n = snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n", body.n);

    return buf_reserve(out, (size_t)n + body.n) && buf_add(out, head, (size_t)n) && buf_addstr(out, body);
}
