/* SPDX-License-Identifier: MIT */
/* The inside of struct syntax, for the files that ask its tree. */
#ifndef CORE_DOC_SYNTAX_PRIV_H
#define CORE_DOC_SYNTAX_PRIV_H

#include "core/doc/syntax.h"
#include <tree_sitter/api.h>

#define SYNTAX_WHOLE_BYTES ((size_t)256 << 10)  /* parsed whole up to here */
#define SYNTAX_WINDOW_BYTES ((size_t)128 << 10) /* else this much around the caret */
#define SYNTAX_MAX_LOG 64                       /* edits kept apart while a job is away */
#define SYNTAX_MAX_DEPTH 4096                   /* nodes on the way from the root to the caret */

struct syntax {
    const struct lang *lang;
    const struct grammar *grammar;
    struct rope *text;      /* as of the last edit */
    TSTree *tree;           /* the last good one, moved along with every edit; NULL before the first parse */
    struct span window;     /* what the tree covers; end SIZE_MAX: everything */
    bool fresh;             /* the tree was parsed from exactly this text */
    struct syntax_job *job; /* being worked on here; NULL if none or away */
    uint64_t away;          /* number of the job that was taken, 0 if none */
    uint64_t last_number;
    TSInputEdit log[SYNTAX_MAX_LOG]; /* since the job's snapshot */
    size_t nlog;
};

/* Parses `text` (all of it, or the window) starting from `old`, which may be NULL and is not changed. */
struct syntax_job *syntax_job_new(const struct grammar *g, struct rope *text, const TSTree *old, struct span window);
TSTree *syntax_job_result(struct syntax_job *j); /* borrowed; NULL unless done */

TSInputEdit syntax_input_edit(const struct rope *before, const struct rope *after, size_t start, size_t old_end,
                              size_t new_end);

struct query;
struct query_match;

/* Matches the query at every node on the way from the root to the byte before `at`. */
void syntax_walk(const TSTree *tree, const struct rope *text, const struct query *q, size_t at, void *ctx,
                 void (*found)(void *ctx, const struct query_match *m));

/* A symbol, if the match has a name and a kind. */
bool syntax_symbol_of(const struct query_match *m, struct symbol *ret);

/* Broken places in any tree of this module. */
size_t syntax_tree_errors(const TSTree *tree, struct span in, size_t cap);

#endif
