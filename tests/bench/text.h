/* SPDX-License-Identifier: MIT */
/* C text of any size from a seed, and a person who types into the middle of it.
 *
 * The text is plausible to a parser, not to a reader. With `errors` about one function in six does not parse, as where
 * macros stand for syntax; half of real C files have such places. */
#ifndef TESTS_BENCH_TEXT_H
#define TESTS_BENCH_TEXT_H

#include "tests/bench/client.h"

struct typist {
    struct client *c;
    char uri[64];
    struct buf text, params;
    unsigned line, col, version, statements;
    char pending[80]; /* the rest of the statement that is being typed */
    size_t at;
};

void typist_init(struct typist *t, struct client *c, size_t bytes, bool errors);
void typist_fini(struct typist *t);
void typist_open(struct typist *t);
void typist_close(struct typist *t);
void typist_key(struct typist *t);     /* one didChange */
int typist_ask(struct typist *t);      /* one request for a completion, its id */
void typist_cancel(struct typist *t, int id);

#endif
