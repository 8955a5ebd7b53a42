/* SPDX-License-Identifier: MIT */
/* Patterns over syntax nodes, in the notation of tree-sitter's queries, matched at one node at a time.
 *
 * tree-sitter's own query compiler analyses the whole parse table: 3 to 40 ms for each file and language, on the way to a
 * first completion. This one resolves names and no more (tens of us), and since our questions are always about the path
 * from the root to the caret, matching node by node is all they need. What it reads is a subset that means the same to
 * tree-sitter: nodes, fields, anonymous nodes, "_", captures, "." before a first child, alternation of plain nodes, #eq?
 * and #any-of? with strings.
 * A pattern that names what this version of the grammar does not have is dropped, the others work. */
#ifndef CORE_DOC_QUERY_H
#define CORE_DOC_QUERY_H

#include "core/base/err.h"
#include "core/doc/rope.h"
#include <tree_sitter/api.h>

/* The captures that our query files may use. Names that start with '_' are for predicates only. */
#define CAPTURES(X)                                                                                              \
    X(COMMENT, "comment") X(STRING, "string") X(CODE, "code") X(TEXT, "text")                                   \
    X(BLOCK, "block") X(NAME, "name") X(FUNCTION, "function") X(METHOD, "method") X(CLASS, "class")             \
    X(STRUCT, "struct") X(INTERFACE, "interface") X(ENUM, "enum") X(TYPE, "type") X(MODULE, "module")           \
    X(CONSTANT, "constant") X(VARIABLE, "variable") X(FIELD, "field") X(MACRO, "macro") X(SECTION, "section")
enum capture {
    CAP_NONE,
#define X(id, name) CAP_##id,
    CAPTURES(X)
#undef X
    CAP_PRIVATE,
};
const char *capture_name(enum capture c);

struct query;

/* NULL with ERR_PARSE ("PATH:LINE: …") if the text is no query. Names unknown to the language are no error. */
struct query *query_new(const TSLanguage *ts, struct str text, const char *path, struct err *e);
void query_free(struct query *q);

/* How many patterns were dropped because the grammar lacks a name in them; *ret_first is the first such name. */
size_t query_dropped(const struct query *q, const char **ret_first);

#define QUERY_MAX_STEPS 16
struct query_match {
    size_t n;
    enum capture capture[QUERY_MAX_STEPS];
    TSNode node[QUERY_MAX_STEPS];
};

struct query_run {
    const struct query *q;
    const struct rope *rope; /* text for predicates */
    size_t focus;            /* only captures around this byte matter; QUERY_ALL: all of them */
    unsigned steps;          /* work left; matching stops at 0 */
    void (*found)(void *ctx, const struct query_match *m);
    void *ctx;
};
#define QUERY_ALL SIZE_MAX

/* Calls run->found for every match of a pattern whose outermost node is `node`. */
void query_at(struct query_run *run, TSNode node);

#endif
