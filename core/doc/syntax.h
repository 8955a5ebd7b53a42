/* SPDX-License-Identifier: MIT */
/* The syntax of one document: a tree that follows the text, and what a completion wants to know from it.
 *
 * Every edit adjusts the tree (a few us); parsing happens when somebody asks, for a bounded time, and the last good tree
 * serves until the new one is there. Text up to 256 kB is parsed whole, larger text in a window of 128 kB around the
 * caret. Nothing here walks a tree without a limit. All of it belongs to the loop thread, except that a syntax_job may
 * run anywhere. Offsets are bytes. */
#ifndef CORE_DOC_SYNTAX_H
#define CORE_DOC_SYNTAX_H

#include "core/doc/lang.h"
#include "core/doc/rope.h"
#include <stdatomic.h>

struct err;
struct grammar;
struct syntax;
struct syntax_job;

struct syntax *syntax_new(const struct lang *l, const struct grammar *g, struct rope *text);
void syntax_free(struct syntax *s); /* a job that was taken stays valid; NULL is fine */

/* The text is now `after`; [start, old_end) of the text before became [start, new_end). */
void syntax_edit(struct syntax *s, struct rope *after, size_t start, size_t old_end, size_t new_end);

/* Brings the tree up to date around `caret` within budget_us. 0: it is; ERR_TIMEOUT: not yet, ask again, or let a
 * worker finish: take the job, run it there, adopt it here. While it is away this returns ERR_TIMEOUT at once. */
int syntax_update(struct syntax *s, size_t caret, uint64_t budget_us);
struct syntax_job *syntax_take_job(struct syntax *s); /* NULL if none is waiting */
bool syntax_is_fresh(const struct syntax *s, size_t caret);

/* Any thread. 0 when done, ERR_TIMEOUT when the budget is spent (run it again to go on), ERR_CANCELLED. */
int syntax_job_run(struct syntax_job *j, uint64_t budget_us, const atomic_bool *cancelled);

/* Gives the job back, whatever came of it; edits since then are replayed. The job is consumed. */
void syntax_adopt(struct syntax *s, struct syntax_job *j);
void syntax_job_free(struct syntax_job *j); /* for a job whose syntax is gone; NULL is fine */

/* Drops the tree and its memory (twenty times the text); the next update parses anew. For documents out of sight. */
void syntax_forget(struct syntax *s);

struct span {
    size_t start, end; /* both 0: none */
};

/* The place of the caret. */
struct site {
    enum lang_scope scope;
    bool from_tree;      /* false: only the line was looked at, spans are empty */
    bool in_error;       /* the line up to the caret does not parse, or what it is part of */
    bool block_empty;    /* the innermost block has nothing but comments in it */
    bool opens_block;    /* what stands before the caret opens a block, and nothing follows on the line but closers */
    struct span node;    /* the smallest named node around the caret */
    struct span block;   /* the innermost block, with its braces where it has some */
    struct span function;
    struct span container; /* class, module, … */
};

/* s may be NULL (no grammar); then, and before the first parse, the line decides. Text is the document's present one. */
void syntax_site(const struct syntax *s, const struct lang *l, const struct rope *text, size_t at, struct site *ret);

enum symbol_kind {
    SYMBOL_FUNCTION, SYMBOL_METHOD, SYMBOL_CLASS, SYMBOL_STRUCT, SYMBOL_INTERFACE, SYMBOL_ENUM, SYMBOL_TYPE,
    SYMBOL_MODULE, SYMBOL_CONSTANT, SYMBOL_VARIABLE, SYMBOL_FIELD, SYMBOL_MACRO, SYMBOL_SECTION
};
const char *symbol_kind_name(enum symbol_kind k);

struct symbol {
    enum symbol_kind kind;
    unsigned depth; /* 0 at top level; +1 inside another symbol */
    struct span name, range;
};

/* The symbols that the tree defines, in order of the text; at most cap, within budget_us. Returns how many. */
size_t syntax_outline(const struct syntax *s, struct symbol *ret, size_t cap, uint64_t budget_us);

/* The symbols around `at`, outermost first; at most cap, the innermost ones. */
size_t syntax_enclosing(const struct syntax *s, size_t at, struct symbol *ret, size_t cap);

/* Nodes that stand for broken syntax and touch the span: unexpected text, missing tokens. At most `cap` are counted. */
size_t syntax_errors(const struct syntax *s, struct span in, size_t cap);

/* The bytes that the tree covers; empty without a tree. */
struct span syntax_covers(const struct syntax *s);

/* The tree as an S-expression: for tests and for looking at small texts. Heap; NULL without a tree. */
char *syntax_dump(const struct syntax *s);

#endif
