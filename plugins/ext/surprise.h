/* SPDX-License-Identifier: MIT */
/* "sy.surprise/1", a draft: how surprising is each line of a text to a provider that knows the workspace?
 *
 * For review: what fits the code around it takes few bits, what is unlike anything there takes many. The lines asked
 * about are no evidence for each other's future: each is measured from the text before it and from what follows the
 * last of them. Of what the provider was told of the same path only the words count, as known. Nothing asks for it yet. */
#ifndef SWITCHYARD_EXT_SURPRISE_H
#define SWITCHYARD_EXT_SURPRISE_H

#include "compute.h"

#define SY_EXT_SURPRISE "sy.surprise/1"

struct sy_surprise_text { /* all borrowed for the call */
    uint32_t size;
    struct sy_str path, language, text;
    uint64_t first, end; /* lines [first, end), counted from 0 */
};

struct sy_surprise_token {
    uint64_t start, end; /* bytes of the text */
    double bits;
};

struct sy_surprise_line {
    uint32_t size;
    uint32_t ntokens; /* may be fewer than the line has: long lines are measured in part, secrets not at all */
    uint64_t line;
    double bits;      /* of the tokens and of the line's end */
    const struct sy_surprise_token *tokens;
};

struct sy_surprise {
    uint32_t size;
    /* [open, worker thread] Calls line() for every line that has code, in order, until it returns a negative number.
     * A negative result fails with the sentence given to host->fail(). */
    int (*measure)(void *self, const struct sy_surprise_text *text, void *ctx,
                   int (*line)(void *ctx, const struct sy_surprise_line *line), const struct sy_cancel *cancel);
};

#endif
