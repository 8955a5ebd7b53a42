/* SPDX-License-Identifier: MIT */
/* The rules in the order in which they are cheapest to know. */
#include "core/engine/gate.h"
#include "core/base/utf.h"
#include "core/engine/config.h"

#include <ctype.h>
#include <string.h>

#define MAX_LINE_BYTES 2000
#define MIN_TEXT_BYTES 10

/* May this text stand behind the caret and still be "the end of the line"? Closers, quotes and a terminator. */
static bool tail_is_light(struct str tail)
{
    tail = str_trim(tail);
    for (size_t i = 0; i < tail.n; i++)
        if (!strchr(")]}>\"'`:;,{ \t", tail.p[i]))
            return false;
    return true;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static const char *policy(const struct gate *g)
{
    if (!g->settings->enabled)
        return "completion is switched off";
    if (strncmp(g->uri, "file:", 5) != 0 && strncmp(g->uri, "untitled:", 9) != 0 && strncmp(g->uri, "buffer:", 7) != 0)
        return "not a file";
    if (memchr(g->context->prefix.p ? g->context->prefix.p : "", '\0', g->context->prefix.n))
        return "a binary file";
    if (g->context->cut_line || g->context->line_before.n + g->context->line_after.n > MAX_LINE_BYTES)
        return "the line is too long";
    return NULL;
}

const char *gate_refuses(const struct gate *g)
{
    const struct context *c = g->context;
    struct str before = str_trim(c->line_before);
    const char *no = policy(g);

    if (no || g->invoked)
        return no;
    if (!tail_is_light(c->line_after))
        return "in the middle of a line";
    if (c->line_before.n && c->line_after.n && is_word(c->line_before.p[c->line_before.n - 1]) && is_word(c->line_after.p[0]))
        return "inside a word";
    if (g->document_bytes < MIN_TEXT_BYTES)
        return "too little text to go by";
    if (g->scope == LANG_STRING && !g->settings->in_strings)
        return "inside a string";
    if (g->scope == LANG_COMMENT && !g->settings->in_comments)
        return "inside a comment";
    /* A finished statement: nothing is missing on this line. */
    if (before.n && c->line_before.n && strchr(";})]", before.p[before.n - 1]) && str_trim(c->line_after).n == 0 &&
        c->line_before.p[c->line_before.n - 1] == before.p[before.n - 1])
        return "the line looks finished";
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
