/* SPDX-License-Identifier: MIT */
/* The event stream format of the HTML standard. A line that arrives whole in one feed is not copied before its field is
 * known; a CR ends its line at once, and the LF that may follow, even in a later feed, is skipped. */
#include "sse.h"

#include <string.h>

void sse_init(struct sse *s, size_t max_bytes)
{
    *s = (struct sse){.retry_ms = -1};
    bytes_init(&s->line, max_bytes);
    bytes_init(&s->data, max_bytes);
    bytes_init(&s->type, max_bytes);
    bytes_init(&s->id, max_bytes);
}

void sse_fini(struct sse *s)
{
    bytes_fini(&s->line);
    bytes_fini(&s->data);
    bytes_fini(&s->type);
    bytes_fini(&s->id);
}

static int dispatch(struct sse *s, sse_fn fn, void *ctx)
{
    int r = 0;

    if (s->has_data) {
        struct sse_event ev = {bytes_str(&s->type), bytes_str(&s->data), bytes_str(&s->id)};

        r = fn(ctx, &ev);
    }
    s->has_data = 0;
    bytes_reset(&s->data);
    bytes_reset(&s->type);
    bytes_reset(&s->id);
    return r;
}

static void set(struct bytes *b, struct sy_str value)
{
    bytes_reset(b);
    bytes_addstr(b, value);
}

static int field(struct sse *s, struct sy_str name, struct sy_str value)
{
    uint64_t ms;

    if (text_eq(name, "data")) {
        if (s->has_data)
            bytes_addc(&s->data, '\n');
        bytes_addstr(&s->data, value);
        s->has_data = 1;
    } else if (text_eq(name, "event")) {
        set(&s->type, value);
    } else if (text_eq(name, "id")) {
        if (value.n == 0 || !memchr(value.p, '\0', value.n))
            set(&s->id, value);
    } else if (text_eq(name, "retry")) {
        if (text_u64(value, &ms))
            s->retry_ms = (int64_t)ms;
    }
    return s->data.failed || s->type.failed || s->id.failed ? SSE_TOO_BIG : 0;
}

static int end_line(struct sse *s, struct sy_str line, sse_fn fn, void *ctx)
{
    const char *colon;
    struct sy_str name = line, value = {NULL, 0};

    if (line.n == 0)
        return dispatch(s, fn, ctx);
    colon = memchr(line.p, ':', line.n);
    if (colon == line.p)
        return 0;
    if (colon) {
        name.n = (size_t)(colon - line.p);
        value = (struct sy_str){colon + 1, line.n - name.n - 1};
        if (value.n > 0 && *value.p == ' ') {
            value.p++;
            value.n--;
        }
    }
    return field(s, name, value);
}

/* How many bytes at p belong to a byte order mark at the very beginning. */
static size_t skip_bom(struct sse *s, const char *p, size_t n)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    size_t used = 0;

    while (used < n && s->bom < 3) {
        if (p[used] != mark[s->bom]) {
            bytes_add(&s->line, mark, (size_t)s->bom);
            s->bom = 3;
            break;
        }
        s->bom++;
        used++;
    }
    return used;
}

int sse_feed(struct sse *s, const void *bytes, size_t n, sse_fn fn, void *ctx)
{
    const char *p = bytes, *end = p + n;

    if (s->bom < 3)
        p += skip_bom(s, p, n);
    while (p < end) {
        const char *q = p;
        struct sy_str line;
        int r;

        if (s->skip_lf) {
            s->skip_lf = 0;
            if (*p == '\n') {
                p++;
                continue;
            }
        }
        while (q < end && *q != '\n' && *q != '\r')
            q++;
        line = (struct sy_str){p, (size_t)(q - p)};
        if (q == end || s->line.n > 0) {
            bytes_addstr(&s->line, line);
            line = bytes_str(&s->line);
        }
        if (s->line.failed || line.n > s->line.max)
            return SSE_TOO_BIG;
        if (q == end)
            return 0;
        s->skip_lf = *q == '\r';
        r = end_line(s, line, fn, ctx);
        bytes_reset(&s->line);
        if (r != 0)
            return r;
        p = q + 1;
    }
    return 0;
}
