/* SPDX-License-Identifier: MIT */
/* The rules in the order in which they are cheapest to know. */
#include "core/engine/gate.h"
#include "core/engine/config.h"

#include <ctype.h>
#include <string.h>

#define MAX_LINE_BYTES 2000
#define MIN_VISIBLE_BYTES 10
#define SMALL_BYTES 1000 /* documents from here on are not counted */

/* May this text stand behind the caret and still be "the end of the line"? Closers, quotes and a terminator. */
static bool tail_is_light(struct str tail)
{
    for (size_t i = 0; i < tail.n; i++)
        if (!strchr(")]}>\"'`:;,{ \t", tail.p[i]))
            return false;
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool splits_word(struct str before, struct str after)
{
    return before.n && after.n && is_word(before.p[before.n - 1]) && is_word(after.p[0]);
}

static bool has_nul(const struct buf *b)
{
    return b->n && memchr(b->p, '\0', b->n);
}

static bool has_uri_scheme(const char *uri, const char *scheme)
{
    return strncmp(uri, scheme, strlen(scheme)) == 0;
}

static size_t count_visible(const struct buf *b, size_t up_to)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n && n < up_to; i++)
        n += !isspace((unsigned char)b->p[i]);
    return n;
}

static bool too_little_text(const struct gate *g)
{
    size_t n;

    if (g->document_bytes >= SMALL_BYTES)
        return false;
    n = count_visible(&g->context->prefix, MIN_VISIBLE_BYTES);
    return n + count_visible(&g->context->suffix, MIN_VISIBLE_BYTES) < MIN_VISIBLE_BYTES;
}

/* A statement with its closer, and the caret right behind it: nothing is missing on this line. */
static bool line_is_finished(const struct context *c)
{
    struct str before = c->line_before;

    return before.n && strchr(";})]", before.p[before.n - 1]) && str_trim(c->line_after).n == 0;
}

/* What holds whoever asks. */
static const char *policy(const struct gate *g)
{
    const struct context *c = g->context;

    if (!g->settings->enabled)
        return "completion is switched off";
    if (!has_uri_scheme(g->uri, "file:") && !has_uri_scheme(g->uri, "untitled:") && !has_uri_scheme(g->uri, "buffer:"))
        return "not a file";
    if (has_nul(&c->prefix) || has_nul(&c->suffix))
        return "a binary file";
    if (c->cut_line || c->line_before.n + c->line_after.n > MAX_LINE_BYTES)
        return "the line is too long";
    return NULL;
}

const char *gate_refuses(const struct gate *g)
{
    const struct context *c = g->context;
    const char *no = policy(g);

    if (no || g->invoked)
        return no;
    if (splits_word(c->line_before, c->line_after))
        return "inside a word";
    if (!tail_is_light(c->line_after))
        return "in the middle of a line";
    if (g->scope == LANG_STRING && !g->settings->in_strings)
        return "inside a string";
    if (g->scope == LANG_COMMENT && !g->settings->in_comments)
        return "inside a comment";
    if (line_is_finished(c))
        return "the line looks finished";
    if (too_little_text(g))
        return "too little text to go by";
    return NULL;
}

bool gate_single_line(const struct gate *g)
{
    const struct context *c = g->context;

    if (g->settings->multi_line >= 0)
        return g->settings->multi_line == 0;
    if (g->scope == LANG_COMMENT || g->scope == LANG_STRING)
        return true;
    if (str_trim(c->line_after).n > 0)
        return true;
    /* Where a line or a block begins there may be several lines; behind started code the rest of the line is asked. */
    return !(str_trim(c->line_before).n == 0 || lang_line_opens(g->lang, c->line_before));
}
