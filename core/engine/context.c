/* SPDX-License-Identifier: MIT */
#include "core/engine/context.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <string.h>

#define STEP_LINES 32
#define STEP_BYTES 512 /* where lines are so long that they do not help */

static size_t round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

/* Where the window before the caret starts: a line start, at a multiple of as many lines as leave half of the budget, so
 * that it stays put while one types. */
static size_t window_start(const struct rope *r, size_t caret, size_t budget)
{
    size_t line, start;

    if (caret <= budget)
        return 0;
    line = rope_line_of(r, caret - budget) + 1;
    for (size_t step = STEP_LINES; step > 0; step /= 2) {
        start = rope_line_start(r, round_up(line, step));
        if (start + budget / 2 <= caret)
            return start;
    }
    return MIN(rope_floor(r, round_up(caret - budget, STEP_BYTES)), caret);
}

static size_t window_end(const struct rope *r, size_t caret, size_t budget)
{
    size_t want = caret + budget, line;

    if (want >= rope_bytes(r))
        return rope_bytes(r);
    line = rope_line_start(r, rope_line_of(r, want));
    return line > caret ? line : MAX(rope_floor(r, want), caret);
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

static bool is_line_end(int c)
{
    return c == '\n' || c == '\r';
}

static size_t last_line(struct str s)
{
    size_t i = s.n;

    while (i > 0 && !is_line_end(s.p[i - 1]))
        i--;
    return i;
}

static size_t first_line_end(struct str s)
{
    size_t i = 0;

    while (i < s.n && !is_line_end(s.p[i]))
        i++;
    return i;
}

/* The nearest line end says how the document ends its lines. */
static bool ends_in_crlf(struct str before, struct str after)
{
    const char *lf = before.n ? memrchr(before.p, '\n', before.n) : NULL;

    if (lf)
        return lf > before.p && lf[-1] == '\r';
    return str_starts(str_sub(after, first_line_end(after), after.n), STR("\r\n"));
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
    c->cut_line = i == 0 && from > 0 && !is_line_end(rope_byte(text, from - 1));
    c->crlf = ends_in_crlf(p, s);
    i = first_line_end(s);
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
