/* SPDX-License-Identifier: MIT */
/* The inside of struct syntax, for the files that ask its tree. */
#ifndef CORE_DOC_SYNTAX_PRIV_H
#define CORE_DOC_SYNTAX_PRIV_H

#include "core/doc/syntax.h"
#include <tree_sitter/api.h>

#define SYNTAX_WHOLE_BYTES ((size_t)256 << 10)  /* parsed whole up to here */
#define SYNTAX_WINDOW_BYTES ((size_t)128 << 10) /* else this much around the caret */
#define SYNTAX_MAX_LOG 64                       /* edits kept apart while a job is away */
#define SYNTAX_MAX_DEPTH 512                    /* nodes on the way from the root to the caret */

struct syntax {
    const struct lang *lang;
    const struct grammar *grammar;
    struct rope *text;      /* as of the last edit */
    TSTree *tree;           /* the last good one; NULL before the first parse. Ask for it by syntax_tree() */
    struct late_edit *late; /* what the tree has not been told yet */
    struct span window;     /* what the tree covers; end SIZE_MAX: everything */
    bool fresh;             /* the tree was parsed from exactly this text */
    struct syntax_job *job; /* being worked on here; NULL if none or away */
    uint64_t away;          /* number of the job that was taken, 0 if none */
    uint64_t last_number;
    TSInputEdit log[SYNTAX_MAX_LOG]; /* since the job's snapshot */
    size_t nlog;
};

/* The last good tree, moved along with every edit; NULL before the first parse. Edits reach it here and not at each key,
 * because somebody who types makes one long edit of many short ones. */
TSTree *syntax_tree(const struct syntax *s);

/* Parses `text` (all of it, or the window) starting from `old`, which may be NULL and is not changed. */
struct syntax_job *syntax_job_new(const struct grammar *g, struct rope *text, const TSTree *old, struct span window);
TSTree *syntax_job_result(struct syntax_job *j); /* borrowed; NULL unless done */

TSInputEdit syntax_input_edit(const struct rope *before, const struct rope *after, size_t start, size_t old_end,
                              size_t new_end);

struct query;
struct query_match;

/* The nodes from the root down to the byte before a caret: what holds the caret, and what ends right before it. */
struct path {
    size_t focus; /* that byte */
    size_t n;
    TSNode node[SYNTAX_MAX_DEPTH];
};
void syntax_path(const TSTree *tree, size_t at, struct path *ret);

/* Matches the query at every node of the path. */
void syntax_match(const struct path *p, const struct rope *text, const struct query *q, void *ctx,
                  void (*found)(void *ctx, const struct query_match *m));

/* A symbol, if the match has a name and a kind. */
bool syntax_symbol_of(const struct query_match *m, struct symbol *ret);

/* Broken places in the span, below `from` (itself included). */
size_t syntax_node_errors(TSNode from, struct span in, size_t cap);

#endif
