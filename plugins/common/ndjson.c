/* SPDX-License-Identifier: MIT */
/* Lines of JSON. A line that arrives whole in one feed is not copied. */
#include "ndjson.h"

#include <string.h>

void ndjson_init(struct ndjson *s, size_t max_bytes)
{
    bytes_init(&s->line, max_bytes);
}

void ndjson_fini(struct ndjson *s)
{
    bytes_fini(&s->line);
}

static int end_line(struct sy_str line, ndjson_fn fn, void *ctx)
{
    line = text_trim(line);
    return line.n > 0 ? fn(ctx, line) : 0;
}

int ndjson_feed(struct ndjson *s, const void *bytes, size_t n, ndjson_fn fn, void *ctx)
{
    const char *p = bytes, *end = p + n;

    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct sy_str line = {p, (size_t)((lf ? lf : end) - p)};
        int r;

        if (!lf || s->line.n > 0) {
            bytes_addstr(&s->line, line);
            line = bytes_str(&s->line);
        }
        if (s->line.failed || line.n > s->line.max)
            return NDJSON_TOO_BIG;
        if (!lf)
            return 0;
        r = end_line(line, fn, ctx);
        bytes_reset(&s->line);
        if (r != 0)
            return r;
        p = lf + 1;
    }
    return 0;
}

int ndjson_end(struct ndjson *s, ndjson_fn fn, void *ctx)
{
    int r = end_line(bytes_str(&s->line), fn, ctx);

    bytes_reset(&s->line);
    return r;
}
