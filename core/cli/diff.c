/* SPDX-License-Identifier: MIT */
/* A one-hunk unified diff. An edit is one replaced range, so there is nothing for a longest common subsequence to find
 * that trimming both ends would not; it knows no files and no sessions. */
#include "core/cli/diff.h"
#include "core/base/mem.h"
#include "core/cli/cli.h"

#include <string.h>

#define CONTEXT 3

struct lines {
    struct str *line; /* each with its LF; the last one perhaps without */
    size_t n, cap;
};

static struct lines split(struct str text)
{
    struct lines l = {0};

    while (text.n) {
        const char *lf = memchr(text.p, '\n', text.n);
        size_t n = lf ? (size_t)(lf - text.p) + 1 : text.n;

        MEM_GROW(l.line, l.n, l.cap);
        l.line[l.n++] = str_sub(text, 0, n);
        text = str_sub(text, n, text.n);
    }
    return l;
}

static void add_line(struct buf *out, char mark, struct str line)
{
    static const enum style STYLES[] = {['+'] = STYLE_GOOD, ['-'] = STYLE_BAD, [' '] = STYLE_NONE};

    buf_addf(out, "%s%c", mark == ' ' ? "" : style(STYLES[(unsigned char)mark]), mark);
    output_add(out, str_ends(line, STR("\n")) ? str_sub(line, 0, line.n - 1) : line);
    buf_addf(out, "%s\n", mark == ' ' ? "" : style(STYLE_NONE));
    if (!str_ends(line, STR("\n")))
        buf_adds(out, "\\ No newline at end of file\n");
}

static void add_lines(struct buf *out, char mark, const struct lines *l, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        add_line(out, mark, l->line[i]);
}

/* "12,5", "12" for one line; an empty range is named by the line before it. */
static void add_range(struct buf *out, char mark, size_t from, size_t to)
{
    size_t n = to - from;

    buf_addf(out, "%c%zu", mark, n ? from + 1 : from);
    if (n != 1)
        buf_addf(out, ",%zu", n);
}

void diff_write(struct buf *out, const char *path, struct str before, struct str after)
{
    struct lines a = split(before), b = split(after);
    size_t head = 0, tail = 0, first, rest;

    while (head < MIN(a.n, b.n) && str_eq(a.line[head], b.line[head]))
        head++;
    while (tail < MIN(a.n, b.n) - head && str_eq(a.line[a.n - 1 - tail], b.line[b.n - 1 - tail]))
        tail++;
    if (head < MAX(a.n, b.n)) {
        bool relative = *path != '/';

        first = head - MIN(head, CONTEXT);
        rest = MIN(tail, CONTEXT);
        buf_addf(out, "%s--- %s%s\n+++ %s%s%s\n", style(STYLE_BOLD), relative ? "a/" : "", path, relative ? "b/" : "", path,
            style(STYLE_NONE));
        buf_adds(out, "@@ ");
        add_range(out, '-', first, a.n - tail + rest);
        buf_addc(out, ' ');
        add_range(out, '+', first, b.n - tail + rest);
        buf_adds(out, " @@\n");
        add_lines(out, ' ', &a, first, head);
        add_lines(out, '-', &a, head, a.n - tail);
        add_lines(out, '+', &b, head, b.n - tail);
        add_lines(out, ' ', &a, a.n - tail, a.n - tail + rest);
    }
    free(a.line);
    free(b.line);
}
