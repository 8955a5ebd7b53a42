/* SPDX-License-Identifier: MIT */
/* Counts brackets through text, past strings: which closer belongs to an opener in the text itself, and which to one that
 * stands before it. Knows quotes and brackets of a language and no more; a string ends at its line's end at the latest,
 * so one stray quote spoils one line. */
#ifndef CORE_ENGINE_BRACKETS_H
#define CORE_ENGINE_BRACKETS_H

#include "core/base/str.h"

struct lang;

enum bracket_step { BRACKET_NONE, BRACKET_OPENS, BRACKET_CLOSES, BRACKET_UNMATCHED };

struct brackets {
    const char *quotes;
    size_t depth;     /* openers seen that are not closed yet */
    char open[32];    /* the outermost of them */
    char quote;       /* in a string: the character that ends it */
    bool outer_quote; /* that string began before the text */
    bool escaped;
};

/* Reads what stands on the line before the text; its openers are in `depth`, for the caller to keep or to drop. l may be
 * NULL. */
void brackets_init(struct brackets *b, const struct lang *l, struct str before);
enum bracket_step brackets_step(struct brackets *b, char c);

/* The closer that the innermost open bracket waits for; 0 if none is open, or too many are. */
char brackets_wanted(const struct brackets *b);

#endif
