/* SPDX-License-Identifier: MIT */
/* The steps, in order: neutralise, unwrap, one line or a few, repetition, what stands below, what stands behind, drops. */
#include "core/engine/post.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/overlap.h"
#include "core/engine/unwrap.h"

#include <ctype.h>
#include <string.h>

#define MAX_LINES 24
#define SAME_LINES 3  /* in a row: the model is stuck */
#define MAX_PERIOD 64

static size_t line_len(struct str s)
{
    const char *nl = s.n ? memchr(s.p, '\n', s.n) : NULL;

    return nl ? (size_t)(nl - s.p) : s.n;
}

static struct str trim_end(struct str s)
{
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

static struct str cut_lines(struct str s, bool single)
{
    size_t at = 0;

    if (single)
        return str_sub(s, 0, line_len(s));
    for (int lines = 0; at < s.n; lines++) {
        if (lines == MAX_LINES)
            return str_sub(s, 0, at);
        at += line_len(str_sub(s, at, s.n)) + 1;
    }
    return s;
}

/* ---- a model that is stuck ---- */

/* Of the same line several times in a row the first one stays. */
static struct str cut_same_lines(struct str s)
{
    struct str rest = s, line, last = STR("");
    size_t same = 0, keep = 0;

    while (rest.n > 0) {
        line = trim_end(str_line(&rest));
        if (line.n == 0 || !str_eq(line, last)) {
            same = 0;
            keep = (size_t)(line.p - s.p) + line.n;
        }
        last = line;
        if (line.n && ++same == SAME_LINES)
            return str_sub(s, 0, keep);
    }
    return s;
}

static bool is_one_char(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] != s.p[0])
            return false;
    return true;
}

/* The same piece several times at the end of the text: the first one stays. A line of dashes is no such thing. */
static struct str cut_period(struct str s)
{
    for (size_t p = 3; p <= MAX_PERIOD && 3 * p <= s.n; p++) {
        size_t times = 1, least = p < 10 ? 5 : 3;

        while ((times + 1) * p <= s.n && memcmp(s.p + s.n - p, s.p + s.n - (times + 1) * p, p) == 0)
            times++;
        if (times >= least && !is_one_char(str_sub(s, s.n - p, s.n)))
            return str_sub(s, 0, s.n - (times - 1) * p);
    }
    return s;
}

/* ---- drops ---- */

static bool is_closer_line(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (!strchr(")]};,", line.p[i]))
            return false;
    return true;
}

/* Does the caret's line, completed by s, say what the next line says? */
static bool doubles_next_line(const struct context *c, struct str s)
{
    struct str first = trim_end(str_sub(s, 0, line_len(s))), before = c->line_before, next = overlap_next_line(c);

    if (str_trim(c->line_after).n > 0 || next.n != before.n + first.n || is_closer_line(str_trim(next)))
        return false;
    return str_starts(next, before) && str_ends(next, first);
}

static bool doubles_line_above(const struct context *c, struct str s)
{
    struct str above = str_sub(buf_str(&c->prefix), 0, c->prefix.n - c->line_before.n), line = str_trim(s);
    size_t i;

    if (str_trim(c->line_before).n > 0 || line_len(line) < line.n || is_closer_line(line))
        return false;
    above = trim_end(above);
    for (i = above.n; i > 0 && above.p[i - 1] != '\n';)
        i--;
    return str_eq(line, str_trim(str_sub(above, i, above.n)));
}

static bool is_tiny(struct str s)
{
    return utf32_len(s) < 2 && !strchr(")]}>;:,\"'`", s.p[0]);
}

static const char *drop_reason(const struct context *c, struct str s)
{
    struct str visible = str_trim(s);

    if (visible.n == 0)
        return "the model had nothing to add";
    if (str_eq(visible, str_trim(c->line_after)))
        return "the suggestion stands there already";
    if (is_tiny(visible))
        return "the suggestion is too short to help";
    if (doubles_next_line(c, s))
        return "the suggestion repeats the next line";
    if (doubles_line_above(c, s))
        return "the suggestion repeats the line above";
    return NULL;
}

/* ---- the whole ---- */

/* Line ends as LF, and nothing that a terminal or an editor could take for a command. */
static void clean_text(struct str raw, struct buf *out)
{
    AUTO_BUF struct buf lf;

    raw = str_sub(raw, 0, utf8_floor(raw, MAX_COMPLETION_BYTES));
    buf_init(&lf, MAX_COMPLETION_BYTES);
    for (size_t i = 0; i < raw.n; i++)
        if (raw.p[i] != '\r' || i + 1 == raw.n || raw.p[i + 1] != '\n')
            buf_addc(&lf, raw.p[i]);
    utf8_neutralise(buf_str(&lf), out);
}

/* Line ends as the document has them; what a service sends loses blanks at line ends and all but one blank line. */
static void put_text(struct str s, const struct post *p, struct buf *out)
{
    size_t blank_lines = 0;

    for (bool first = true; s.n > 0; first = false) {
        struct str line = str_line(&s);

        if (p->from_service && s.n > 0)
            line = trim_end(line);
        blank_lines = line.n ? 0 : blank_lines + 1;
        if (!first && p->from_service && blank_lines > 1)
            continue;
        buf_adds(out, first ? "" : p->context->crlf ? "\r\n" : "\n");
        buf_addstr(out, line);
    }
}

const char *post_process(const struct post *p, struct str raw, struct buf *out, size_t *ret_over)
{
    const struct context *c = p->context;
    AUTO_BUF struct buf clean;
    struct str s;
    const char *why;
    bool closed;

    *ret_over = 0;
    buf_init(&clean, 3 * MAX_COMPLETION_BYTES);
    clean_text(raw, &clean);
    s = buf_str(&clean);
    if (p->from_service)
        s = unwrap(s, c, &closed);
    s = trim_end(cut_lines(s, p->single_line));
    if (p->from_service)
        s = trim_end(cut_period(cut_same_lines(s)));
    s = trim_end(overlap_below(s, c, p->lang));
    s = overlap_tail(s, c, p->lang, ret_over);
    why = drop_reason(c, s);
    if (why)
        *ret_over = 0;
    else
        put_text(s, p, out);
    return why;
}

bool post_has_enough(const struct post *p, struct str so_far)
{
    struct str s = so_far;
    size_t lines = 0;
    bool closed = false;

    if (p->from_service)
        s = unwrap(s, p->context, &closed);
    for (size_t i = 0; i < s.n; i++)
        lines += s.p[i] == '\n';
    if (closed || lines == 0)
        return closed;
    if (p->single_line || lines > MAX_LINES)
        return true;
    return s.p[s.n - 1] == '\n' && overlap_below(s, p->context, p->lang).n < s.n;
}
