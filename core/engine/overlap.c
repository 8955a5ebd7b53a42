/* SPDX-License-Identifier: MIT */
#include "core/engine/overlap.h"
#include "core/base/mem.h"
#include "core/doc/lang.h"
#include "core/engine/brackets.h"

#include <ctype.h>
#include <string.h>

#define LONG_LINE 20    /* so many visible bytes are no chance, whatever the indentation */
#define LEAST_OVERLAP 6 /* of a part of the line behind the caret */

static struct str trim_end(struct str s)
{
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

static size_t line_length(struct str s)
{
    const char *nl = s.n ? memchr(s.p, '\n', s.n) : NULL;

    return nl ? (size_t)(nl - s.p) : s.n;
}

struct str overlap_next_line(const struct context *c)
{
    struct str below = c->below, line = STR("");

    while (below.n > 0 && line.n == 0)
        line = trim_end(str_line(&below));
    return line;
}

/* ---- lines below ---- */

static bool is_closer_line(struct str line, const struct lang *l)
{
    line = str_trim(line);
    return (line.n && strchr(")]}", line.p[0])) || (l && lang_line_closes(l, line));
}

static bool repeats(struct str line, struct str next, const struct lang *l, const struct brackets *b)
{
    line = trim_end(line);
    if (line.n == 0)
        return false;
    if (is_closer_line(line, l))
        return b->depth == 0 && str_eq(line, next);
    return str_eq(line, next) || (str_trim(line).n >= LONG_LINE && str_eq(str_trim(line), str_trim(next)));
}

struct str overlap_below(struct str s, const struct context *c, const struct lang *l)
{
    struct str next = overlap_next_line(c);
    struct brackets b;

    if (next.n == 0)
        return s;
    brackets_init(&b, l, c->line_before);
    b.depth = 0; /* the line below may well close what the caret's line opens: indentation tells */
    for (size_t at = 0; at < s.n;) {
        struct str rest = str_sub(s, at, s.n);
        size_t n = line_length(rest);

        if (at > 0 && repeats(str_sub(rest, 0, n), next, l, &b))
            return str_sub(s, 0, at - 1);
        for (size_t i = 0; i < n; i++)
            (void)brackets_step(&b, rest.p[i]);
        (void)brackets_step(&b, '\n');
        at += n + 1;
    }
    return s;
}

/* ---- the caret's line ---- */

/* Matching the suggestion's unmatched closers with those behind the caret, in order. */
struct cover {
    struct str tail;  /* behind the caret, without blanks at its end */
    size_t covered;   /* bytes of it that the text brings */
    size_t first;     /* where in the text that begins */
    bool begun;
    bool exact;       /* nothing but what is covered, and blanks, has come since `first` */
    bool close_by;    /* the same since the last covered character */
};

static size_t next_in_tail(const struct cover *v)
{
    size_t i = v->covered;

    while (i < v->tail.n && isblank((unsigned char)v->tail.p[i]))
        i++;
    return i;
}

/* Takes the text's character c at `at`. False: a closer that is not the tail's next, so the rest is something else. */
static bool cover_take(struct cover *v, char c, size_t at, enum bracket_step step)
{
    size_t i = next_in_tail(v);
    bool same = i < v->tail.n && v->tail.p[i] == c;
    bool wanted = step == BRACKET_UNMATCHED || (v->close_by && strchr(";,:{", c));

    if (same && wanted && c) {
        if (!v->begun) {
            v->first = at;
            v->begun = v->exact = true;
        }
        v->close_by = true;
        v->covered = i + 1;
        return true;
    }
    if (!isspace((unsigned char)c))
        v->exact = v->close_by = false;
    return step != BRACKET_UNMATCHED;
}

/* What the line opened before the caret and the tail does not close is for the text to close. */
static void leave_to_text(struct brackets *b, struct str tail)
{
    size_t closers = 0;

    for (size_t i = 0; i < tail.n; i++)
        closers += strchr(")]}", tail.p[i]) != NULL;
    b->depth -= MIN(b->depth, closers);
    if (b->outer_quote && !memchr(tail.p, b->quote, tail.n))
        b->outer_quote = false;
}

static bool first_on_line(struct str s, size_t at)
{
    while (at > 0 && isblank((unsigned char)s.p[at - 1]))
        at--;
    return at > 0 && s.p[at - 1] == '\n';
}

static bool cover_closers(struct str *s, const struct context *c, const struct lang *l, struct str tail, size_t *ret_over)
{
    struct cover v = {.tail = tail};
    struct brackets b;

    brackets_init(&b, l, c->line_before);
    leave_to_text(&b, tail);
    for (size_t i = 0; i < s->n; i++)
        if (!cover_take(&v, s->p[i], i, brackets_step(&b, s->p[i])))
            break;
    /* What the text opened last may need the very closer that it seems to bring. */
    if (!v.begun || (!v.exact && brackets_wanted(&b) == tail.p[0]))
        return false;
    /* Best is to leave the closers where they are; but one with a line of its own has to come with the text. */
    if (v.exact && !first_on_line(*s, v.first))
        *s = trim_end(str_sub(*s, 0, v.first));
    else
        *ret_over = v.covered;
    return true;
}

/* Does s from `at` on leave everything open that was opened before? */
static bool stands_alone(struct str s, size_t at, const struct context *c, const struct lang *l)
{
    struct brackets b;
    size_t depth = 0;

    brackets_init(&b, l, c->line_before);
    leave_to_text(&b, c->line_after);
    for (size_t i = 0; i < s.n; i++) {
        if (i == at)
            depth = b.depth;
        (void)brackets_step(&b, s.p[i]);
        if (i >= at && b.depth < depth)
            return false;
    }
    return true;
}

/* Length of the text's end that is the tail or a good part of its beginning. */
static size_t common_length(struct str s, struct str tail)
{
    for (size_t k = MIN(s.n, tail.n); k > 0; k--)
        if ((k == tail.n || k >= LEAST_OVERLAP) && memcmp(s.p + s.n - k, tail.p, k) == 0)
            return k;
    return 0;
}

struct str overlap_tail(struct str s, const struct context *c, const struct lang *l, size_t *ret_over)
{
    struct str tail = trim_end(c->line_after);
    size_t k;

    *ret_over = 0;
    if (tail.n == 0 || s.n == 0 || cover_closers(&s, c, l, tail, ret_over))
        return s;
    k = common_length(s, tail);
    if (k == 0) {
        tail = str_trim(tail);
        k = common_length(s, tail);
    }
    if (k > 0 && stands_alone(s, s.n - k, c, l)) {
        s.n -= k;
        return tail.p == c->line_after.p && isblank((unsigned char)tail.p[0]) ? trim_end(s) : s;
    }
    return s;
}
