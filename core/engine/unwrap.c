/* SPDX-License-Identifier: MIT */
#include "core/engine/unwrap.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <string.h>

#define LEAST_ECHO 6

/* Marks of fill-in-the-middle families and chat formats: text ends at the first one. Model vendors write these in their
 * own cards; which template a model wants is the plugin's business, that none may leak is ours. */
static const char *const SPECIAL[] = {
    "<|fim_", "<|endoftext|>", "<|file_sep|>", "<|repo_name|>", "<|im_start|>", "<|im_end|>", "<|file_separator|>",
    "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<file_sep>", "<|eot_id|>", "<EOT>", "<PRE>", "<SUF>",
    "<MID>", "<\xef\xbd\x9c" "fim\xe2\x96\x81", "<\xef\xbd\x9c" "end\xe2\x96\x81of", "[PREFIX]", "[SUFFIX]", "</s>",
    "<|code_", "<|end_of_text|>", "<[end\xe2\x96\x81of", "<[fim-", "<end_of_turn>", "<eos>"};

static bool in_document(const struct context *c, struct str mark)
{
    return str_find(buf_str(&c->prefix), mark) >= 0 || str_find(buf_str(&c->suffix), mark) >= 0;
}

/* Text comes in pieces and is looked at with each of them, so this stops only where a mark may begin. */
static struct str cut_special(struct str s, const struct context *c, bool *ret_closed)
{
    for (size_t at = 0; at < s.n; at++) {
        struct str rest;

        if (s.p[at] != '<' && s.p[at] != '[')
            continue;
        rest = str_sub(s, at, s.n);
        for (size_t i = 0; i < ARRAY_LEN(SPECIAL); i++) {
            struct str mark = str_c(SPECIAL[i]);

            if (!str_starts(rest, mark) || in_document(c, mark))
                continue;
            *ret_closed = true;
            return str_sub(s, 0, at);
        }
    }
    return s;
}

static bool is_blank_line(struct str line)
{
    return str_trim(line).n == 0;
}

/* Without the blank lines that it begins with. */
static struct str skip_blank_lines(struct str s)
{
    struct str rest = s;

    while (rest.n > 0) {
        struct str line = str_line(&rest);

        if (!is_blank_line(line) || rest.p == line.p + line.n)
            break;
        s = rest;
    }
    return s;
}

/* Drops a thought in front of the answer; its beginning may have been part of the prompt. */
static struct str cut_thinking(struct str s, const struct context *c)
{
    static const char *const tags[][2] = {{"<think>", "</think>"}, {"<thinking>", "</thinking>"}};

    if (!memmem(s.p, s.n, "think", 5))
        return s;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        struct str end = str_c(tags[i][1]);
        ptrdiff_t open = str_find(s, str_c(tags[i][0])), close = str_find(s, end);
        bool leads = open >= 0 && is_blank_line(str_sub(s, 0, (size_t)open));

        if ((close < 0 && !leads) || in_document(c, end))
            continue;
        if (close < 0)
            return STR("");
        if (leads || open < 0 || open > close)
            return skip_blank_lines(str_sub(s, (size_t)close + end.n, s.n));
    }
    return s;
}

/* ---- fences ---- */

static size_t fence_length(struct str line)
{
    size_t n = 0;

    while (n < line.n && line.p[n] == '`')
        n++;
    return n >= 3 ? n : 0;
}

/* "Here is the code:" */
static bool is_preamble(struct str s)
{
    static const char *const words[] = {"Here", "Sure", "Certainly", "Of course", "The ", "Below", "Okay", "This "};

    s = str_trim(s);
    if (!str_ends(s, STR(":")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_starts(s, str_c(words[i])))
            return true;
    return false;
}

/* What the fence holds that begins with line `open`; `rest` is what follows that line. A fence with a word behind it opens
 * another one inside. */
static struct str inside_fence(struct str open, struct str rest, bool *ret_closed)
{
    struct str all = rest;
    size_t depth = 1;

    while (rest.n > 0) {
        struct str line = str_line(&rest);
        size_t n = fence_length(line);

        if (n < fence_length(open))
            continue;
        if (str_trim(line).n > n) {
            depth++;
        } else if (--depth == 0) {
            *ret_closed = *ret_closed || line.p + line.n < all.p + all.n; /* else a word may still follow it */
            return str_sub(all, 0, (size_t)(line.p - all.p) - (line.p > all.p));
        }
    }
    return all;
}

static struct str cut_fence(struct str s, const struct context *c, bool *ret_closed)
{
    struct str rest = skip_blank_lines(s), line;
    ptrdiff_t at;

    at = str_find(s, STR("\n```"));
    if (at < 0 && !fence_length(rest))
        return s;
    if (in_document(c, STR("\n```")) || str_starts(buf_str(&c->prefix), STR("```")))
        return s;
    if (!fence_length(rest)) {
        if (!is_preamble(str_sub(s, 0, (size_t)at))) {
            *ret_closed = true;
            return str_sub(s, 0, (size_t)at);
        }
        rest = str_sub(s, (size_t)at + 1, s.n);
    }
    line = str_line(&rest);
    return inside_fence(line, rest, ret_closed);
}

/* ---- the line so far ---- */

static struct str skip_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_sub(s, 1, s.n);
    return s;
}

static size_t last_word(struct str s)
{
    size_t n = 0;

    while (n < s.n && (isalnum((unsigned char)s.p[s.n - 1 - n]) || s.p[s.n - 1 - n] == '_'))
        n++;
    return n;
}

/* How much of the text's beginning is the end of the line once more. */
static size_t echo_length(struct str s, struct str line)
{
    struct str body = skip_blanks(line);
    size_t least = MIN(body.n, MAX((size_t)LEAST_ECHO, last_word(body)));

    if (body.n >= 3 && str_starts(s, line))
        return line.n;
    for (size_t k = MIN(s.n, body.n); k >= least && k > 3; k--)
        if (memcmp(s.p, body.p + body.n - k, k) == 0)
            return k;
    return 0;
}

static struct str cut_echo(struct str s, struct str line)
{
    size_t n = echo_length(s, line);

    if (n)
        return str_sub(s, n, s.n);
    /* One blank too many where the line ends in one already. */
    if (s.n > 1 && s.p[0] == ' ' && s.p[1] != ' ' && line.n && isblank((unsigned char)line.p[line.n - 1]))
        return str_sub(s, 1, s.n);
    return s;
}

/* On a line of blanks the answer may begin with line ends, and then with the line's own indentation. */
static struct str cut_blank_start(struct str s, struct str line)
{
    struct str t = is_blank_line(line) ? skip_blank_lines(s) : s;

    return t.n < s.n && str_starts(t, line) ? str_sub(t, line.n, t.n) : t;
}

struct str unwrap(struct str s, const struct context *c, bool *ret_closed)
{
    *ret_closed = false;
    s = cut_special(s, c, ret_closed);
    s = cut_thinking(s, c);
    s = cut_fence(s, c, ret_closed);
    s = cut_blank_start(s, c->line_before);
    return cut_echo(s, c->line_before);
}
