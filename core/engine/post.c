/* SPDX-License-Identifier: MIT */
/* The steps, in order: neutralise, special tokens, fences, echo of the line, one line, blank ends, overlap with what
 * follows, repetition of what follows, closers, drops. */
#include "core/engine/post.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <string.h>

#define MAX_LINES 24

/* Marks of fill-in-the-middle families and chat formats: text ends at the first one. Model vendors write these in their
 * own cards; which template a model wants is the plugin's business, that none may leak is ours. */
static const char *const SPECIAL[] = {
    "<|fim_", "<|endoftext|>", "<|file_sep|>", "<|repo_name|>", "<|im_start|>", "<|im_end|>", "<|file_separator|>",
    "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<file_sep>", "<|eot_id|>", "<EOT>", "<PRE>", "<SUF>",
    "<MID>", "<\xef\xbd\x9c" "fim\xe2\x96\x81", "<\xef\xbd\x9c" "end\xe2\x96\x81of", "[PREFIX]", "[SUFFIX]", "</s>",
    "<|code_", "<|end_of_text|>", "<[end\xe2\x96\x81of", "<[fim-", "<end_of_turn>", "<eos>"};

static struct str cut_special(struct str s)
{
    for (size_t i = 0; i < ARRAY_LEN(SPECIAL); i++) {
        ptrdiff_t at = str_find(s, str_c(SPECIAL[i]));

        if (at >= 0)
            s.n = (size_t)at;
    }
    return s;
}

/* "```c\ncode\n```" is code; a fence later on ends it. A leading <think> block is dropped with its content. */
static struct str cut_fence(struct str s)
{
    struct str t = str_trim(s);
    ptrdiff_t at;

    if (str_starts(t, STR("<think>"))) {
        at = str_find(t, STR("</think>"));
        if (at < 0)
            return STR_NULL;
        s = t = str_trim(str_sub(t, (size_t)at + 8, t.n));
    }
    if (str_starts(t, STR("```"))) {
        (void)str_line(&t);
        s = t;
    }
    at = str_find(s, STR("\n```"));
    if (at >= 0)
        s.n = (size_t)at;
    return s;
}

/* The model may begin with the line so far: drop the longest beginning of the text that ends the line before. */
static struct str cut_echo(struct str s, struct str line)
{
    struct str body = line;
    size_t min;

    while (body.n && (body.p[0] == ' ' || body.p[0] == '\t'))
        body = str_sub(body, 1, body.n);
    min = body.n < 6 ? body.n : 6;
    if (body.n >= 3 && str_starts(s, line))
        return str_sub(s, line.n, s.n);
    for (size_t k = MIN(s.n, body.n); k >= min && k > 3; k--)
        if (memcmp(s.p, body.p + body.n - k, k) == 0)
            return str_sub(s, k, s.n);
    /* One blank too many where the line ends in one already. */
    if (s.n > 1 && s.p[0] == ' ' && s.p[1] != ' ' && line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
        return str_sub(s, 1, s.n);
    return s;
}

static size_t line_len(struct str s)
{
    const char *nl = s.n ? memchr(s.p, '\n', s.n) : NULL;

    return nl ? (size_t)(nl - s.p) : s.n;
}

static struct str cut_lines(struct str s, bool single)
{
    size_t at = 0;

    if (single) {
        s.n = line_len(s);
        return s;
    }
    for (int lines = 0; at < s.n; lines++) {
        if (lines == MAX_LINES)
            return str_sub(s, 0, at);
        at += line_len(str_sub(s, at, s.n)) + 1;
    }
    return s;
}

static struct str trim_end(struct str s)
{
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static struct str trim_line(struct str s)
{
    struct str line = str_sub(s, 0, line_len(s));

    return str_trim(line);
}

static bool is_closer_line(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (!strchr(")]};,", line.p[i]))
            return false;
    return true;
}

/* Stop where the generated text reaches the line that stands below already. */
static struct str cut_repeated_below(struct str s, struct str below)
{
    struct str next;
    size_t at;

    while (below.n && trim_line(below).n == 0)
        below = str_sub(below, line_len(below) + 1, below.n);
    next = trim_line(below);
    if (next.n == 0)
        return s;
    for (at = line_len(s); at < s.n;) {
        struct str rest = str_sub(s, at + 1, s.n), line = trim_line(rest);

        if (str_eq(line, next) && (!is_closer_line(line) || rest.n == line_len(rest)))
            return str_sub(s, 0, at);
        at += 1 + line_len(rest);
    }
    return s;
}

/* The text may end with what stands behind the caret on its line: take that away from the text. */
static struct str cut_overlap(struct str s, struct str after)
{
    struct str tail = str_trim(after);
    size_t first = line_len(s);

    if (tail.n == 0)
        return s;
    for (size_t k = MIN(tail.n, first); k > 0; k--) {
        struct str line = str_sub(s, 0, first);

        if (k == tail.n && memcmp(line.p + line.n - k, tail.p, k) == 0)
            return str_sub(s, 0, first - k);
    }
    return s;
}

/* Closers behind the caret that the text brings itself, in order: the item replaces them. */
static size_t closers_covered(struct str s, struct str after)
{
    struct str tail = trim_end(after);
    size_t at = 0, first = line_len(s);

    if (tail.n == 0)
        return 0;
    for (size_t i = 0; i < tail.n; i++) {
        if (!strchr(")]}>\"'`;,", tail.p[i]))
            return 0;
        while (at < first && s.p[at] != tail.p[i])
            at++;
        if (at++ >= first)
            return 0;
    }
    /* The text must not merely hold a matched pair of its own. */
    long depth = 0;
    for (size_t i = 0; i < first; i++)
        depth += strchr("([{", s.p[i]) != NULL, depth -= strchr(")]}", s.p[i]) != NULL;
    return depth < 0 || strchr("\"'`;,", tail.p[0]) ? tail.n : 0;
}

static const char *drop_reason(const struct context *c, struct str s)
{
    struct str above = str_sub(buf_str(&c->prefix), 0, c->prefix.n - c->line_before.n), line, prev = STR_NULL;

    if (str_trim(s).n == 0)
        return "the model had nothing to add";
    if (str_eq(str_trim(s), str_trim(c->line_after)))
        return "the suggestion stands there already";
    if (c->line_before.n == 0 || str_trim(c->line_before).n == 0) {
        line = trim_line(s);
        if (line.n && !is_closer_line(line) && str_eq(line, trim_line(c->below)))
            return "the suggestion repeats the next line";
        above = trim_end(above);
        for (size_t i = above.n; i > 0 && above.p[i - 1] != '\n'; i--)
            prev = str_sub(above, i - 1, above.n);
        if (line.n && s.n == line_len(s) && !is_closer_line(line) && str_eq(line, str_trim(prev)))
            return "the suggestion repeats the line above";
    }
    return NULL;
}

const char *post_process(const struct post *p, struct str raw, struct buf *out, size_t *ret_over)
{
    const struct context *c = p->context;
    AUTO_BUF struct buf clean, lf;
    struct str s;
    const char *why;

    *ret_over = 0;
    buf_init(&lf, MAX_COMPLETION_BYTES);
    buf_init(&clean, 3 * MAX_COMPLETION_BYTES);
    for (size_t i = 0; i < raw.n && i < MAX_COMPLETION_BYTES; i++)
        if (raw.p[i] != '\r' || i + 1 == raw.n || raw.p[i + 1] != '\n')
            buf_addc(&lf, raw.p[i]);
    utf8_neutralise(buf_str(&lf), &clean);
    s = buf_str(&clean);
    if (p->from_service) {
        s = cut_fence(cut_special(s));
        s = cut_echo(s, c->line_before);
    }
    s = trim_end(cut_lines(s, p->single_line));
    s = cut_overlap(s, c->line_after);
    s = cut_repeated_below(s, c->below);
    s = trim_end(s);
    why = drop_reason(c, s);
    if (why)
        return why;
    *ret_over = closers_covered(s, c->line_after);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n' && c->crlf)
            buf_addc(out, '\r');
        buf_addc(out, s.p[i]);
    }
    return NULL;
}

bool post_has_enough(const struct post *p, struct str so_far)
{
    size_t lines = 0;

    for (size_t i = 0; i < so_far.n; i++)
        lines += so_far.p[i] == '\n';
    if (lines == 0)
        return false;
    if (p->single_line || lines > MAX_LINES)
        return true;
    return cut_repeated_below(so_far, p->context->below).n < so_far.n && so_far.p[so_far.n - 1] == '\n';
}
