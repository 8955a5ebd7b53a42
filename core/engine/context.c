/* SPDX-License-Identifier: MIT */
#include "core/engine/context.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <string.h>

#define STEP_LINES 32

/* Where the window before the caret starts: a line start, at a multiple of STEP_LINES where that leaves at least half of
 * the budget, so that it stays put while one types. */
static size_t window_start(const struct rope *r, size_t caret, size_t budget)
{
    size_t line, stepped;

    if (caret <= budget)
        return 0;
    line = rope_line_of(r, caret - budget) + 1;
    stepped = (line + STEP_LINES - 1) / STEP_LINES * STEP_LINES;
    if (rope_line_start(r, stepped) + budget / 2 <= caret)
        return rope_line_start(r, stepped);
    return rope_line_start(r, line) < caret ? rope_line_start(r, line) : caret - budget;
}

static size_t window_end(const struct rope *r, size_t caret, size_t budget)
{
    size_t want = caret + budget, line;

    if (want >= rope_bytes(r))
        return rope_bytes(r);
    line = rope_line_start(r, rope_line_of(r, want));
    return line > caret ? line : want;
}

static void copy_valid(const struct rope *r, size_t from, size_t to, struct buf *out)
{
    struct buf raw;

    buf_init(out, 3 * (to - from) + 16); /* each bad byte becomes three */
    rope_copy(r, from, to, out);
    if (utf8_valid(buf_str(out)))
        return;
    raw = *out;
    buf_init(out, raw.max);
    utf8_repair(buf_str(&raw), out);
    buf_fini(&raw);
}

static size_t last_line(struct str s)
{
    size_t i = s.n;

    while (i > 0 && s.p[i - 1] != '\n' && s.p[i - 1] != '\r')
        i--;
    return i;
}

void context_init(struct context *c, const struct rope *text, size_t caret, size_t prefix_bytes, size_t suffix_bytes)
{
    size_t from = window_start(text, caret, prefix_bytes), to = window_end(text, caret, suffix_bytes), i;
    struct str p, s;

    memset(c, 0, sizeof *c);
    copy_valid(text, from, caret, &c->prefix);
    copy_valid(text, caret, to, &c->suffix);
    p = buf_str(&c->prefix);
    s = buf_str(&c->suffix);
    i = last_line(p);
    c->line_before = str_sub(p, i, p.n);
    c->cut_line = i == 0 && from > 0;
    c->crlf = str_find(p, STR("\r\n")) >= 0 || (p.n < 2 && str_find(s, STR("\r\n")) >= 0);
    for (i = 0; i < s.n && s.p[i] != '\n' && s.p[i] != '\r';)
        i++;
    c->line_after = str_sub(s, 0, i);
    i += i < s.n && s.p[i] == '\r';
    i += i < s.n && s.p[i] == '\n';
    c->below = str_sub(s, i, s.n);
}

void context_fini(struct context *c)
{
    buf_fini(&c->prefix);
    buf_fini(&c->suffix);
}
