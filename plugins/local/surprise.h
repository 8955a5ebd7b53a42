/* SPDX-License-Identifier: MIT */
/* The information content of a line: what its tokens cost, given the files the model knows and the text around it. It
 * completes nothing and knows no thresholds. */
#ifndef LOCAL_SURPRISE_H
#define LOCAL_SURPRISE_H

#include "model.h"

enum { SURPRISE_TOKENS = HYP_TOKENS - 8 };

struct surprise_token {
    size_t off, len; /* in the line */
    float bits;
};

struct surprise {
    struct surprise_token tok[SURPRISE_TOKENS];
    unsigned n;
    float bits; /* with the line's end, when the line was measured to its end */
};

/* Measures a line that was lexed to `ln`. The request's prefix ends at its first token, its suffix starts with a line end
 * or is empty. Returns false when there is nothing to measure. */
bool surprise_measure(struct model *m, struct query_request r, const char *line, const struct lex_line *ln,
                      struct surprise *ret);

#endif
