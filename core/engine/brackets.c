/* SPDX-License-Identifier: MIT */
#include "core/engine/brackets.h"
#include "core/doc/lang.h"

#include <string.h>

void brackets_init(struct brackets *b, const struct lang *l, struct str before)
{
    *b = (struct brackets){.quotes = l ? l->quotes : "\""};
    for (size_t i = 0; i < before.n; i++)
        (void)brackets_step(b, before.p[i]);
    b->outer_quote = b->quote != 0;
}

static enum bracket_step in_string(struct brackets *b, char c)
{
    bool was_outer = b->outer_quote;

    if (b->escaped) {
        b->escaped = false;
    } else if (c == '\\') {
        b->escaped = true;
    } else if (c == b->quote) {
        b->quote = 0;
        b->outer_quote = false;
        return was_outer ? BRACKET_UNMATCHED : BRACKET_NONE;
    }
    return BRACKET_NONE;
}

enum bracket_step brackets_step(struct brackets *b, char c)
{
    if (c == '\n' && b->quote != '`')
        b->quote = 0;
    if (b->quote)
        return in_string(b, c);
    b->escaped = b->outer_quote = false;
    if (c == '\0')
        return BRACKET_NONE;
    if (strchr(b->quotes, c)) {
        b->quote = c;
    } else if (strchr("([{", c)) {
        if (b->depth < sizeof b->open)
            b->open[b->depth] = c;
        b->depth++;
        return BRACKET_OPENS;
    } else if (strchr(")]}", c)) {
        if (b->depth == 0)
            return BRACKET_UNMATCHED;
        b->depth--;
        return BRACKET_CLOSES;
    }
    return BRACKET_NONE;
}

char brackets_wanted(const struct brackets *b)
{
    if (b->depth == 0 || b->depth > sizeof b->open)
        return 0;
    switch (b->open[b->depth - 1]) {
    case '(':
        return ')';
    case '[':
        return ']';
    default:
        return '}';
    }
}
