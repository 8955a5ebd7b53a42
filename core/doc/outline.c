/* SPDX-License-Identifier: MIT */
/* The symbols of a tree and its broken places: walks over many nodes, so both have a limit and a cursor, no recursion.
 *
 * Surprising: a symbol can be found before one that stands in front of it, because a pattern may begin at a node that
 * holds both; so the list is sorted at the end. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"
#include "core/doc/query.h"
#include "core/doc/syntax_priv.h"

#include <stdlib.h>

#define CLOCK_EVERY 128u       /* nodes between looks at the clock */
#define OUTLINE_STEPS 2000000u /* of matching */
#define ERROR_STEPS 50000u     /* nodes visited for counting errors */

const char *symbol_kind_name(enum symbol_kind k)
{
    return capture_name((enum capture)(CAP_FUNCTION + (int)k));
}

struct outline {
    struct symbol *out;
    size_t n, cap;
};

static void outline_found(void *ctx, const struct query_match *m)
{
    struct outline *o = ctx;
    struct symbol symbol;

    if (o->n == o->cap || !syntax_symbol_of(m, &symbol))
        return;
    symbol.depth = (unsigned)o->n; /* the order of finding, until sorted */
    o->out[o->n++] = symbol;
}

static int by_name(const void *pa, const void *pb)
{
    const struct symbol *a = pa, *b = pb;

    if (a->name.start != b->name.start)
        return a->name.start < b->name.start ? -1 : 1;
    /* "const f = () => …" is a variable as well, but who looks for it looks for a function. */
    if ((a->kind == SYMBOL_VARIABLE) != (b->kind == SYMBOL_VARIABLE))
        return a->kind == SYMBOL_VARIABLE ? 1 : -1;
    return a->depth < b->depth ? -1 : a->depth > b->depth;
}

/* Sorts, drops what two patterns found twice, and fills in the depths. */
static size_t finish(struct outline *o)
{
    size_t kept = 0, open = 0, i;
    struct span stack[64];

    if (o->n)
        qsort(o->out, o->n, sizeof *o->out, by_name);
    for (i = 0; i < o->n; i++) {
        if (kept && o->out[kept - 1].name.start == o->out[i].name.start)
            continue;
        o->out[kept] = o->out[i];
        while (open && stack[open - 1].end < o->out[i].range.end)
            open--;
        while (open && stack[open - 1].end <= o->out[i].range.start)
            open--;
        o->out[kept++].depth = (unsigned)open;
        if (open < ARRAY_LEN(stack))
            stack[open++] = o->out[i].range;
    }
    return kept;
}

/* To the next node in preorder. False at the end. */
static bool next_node(TSTreeCursor *cursor)
{
    if (ts_tree_cursor_goto_first_child(cursor))
        return true;
    while (!ts_tree_cursor_goto_next_sibling(cursor))
        if (!ts_tree_cursor_goto_parent(cursor))
            return false;
    return true;
}

size_t syntax_outline(const struct syntax *s, struct symbol *ret, size_t cap, uint64_t budget_us)
{
    uint64_t deadline = clock_us() + budget_us;
    struct outline o = { ret, 0, cap };
    struct query_run run = { .focus = QUERY_ALL, .steps = OUTLINE_STEPS, .found = outline_found, .ctx = &o };
    TSTreeCursor cursor;
    unsigned visited = 0;

    if (!syntax_tree(s) || !cap)
        return 0;
    run.q = s->grammar->symbols;
    run.rope = s->text;
    cursor = ts_tree_cursor_new(ts_tree_root_node(syntax_tree(s)));
    do {
        if (visited++ % CLOCK_EVERY == 0 && clock_us() >= deadline)
            break;
        query_at(&run, ts_tree_cursor_current_node(&cursor));
    } while (o.n < cap && run.steps && next_node(&cursor));
    ts_tree_cursor_delete(&cursor);
    return finish(&o);
}

/* To the next node in preorder that may touch the span: subtrees and siblings on its far sides are not visited. */
static bool next_touching(TSTreeCursor *cursor, struct span in, bool into)
{
    uint32_t goal = in.start ? (uint32_t)in.start - 1 : 0; /* a missing token has no length */

    if (into && ts_tree_cursor_goto_first_child_for_byte(cursor, goal) >= 0)
        return true;
    while (ts_node_start_byte(ts_tree_cursor_current_node(cursor)) > in.end || !ts_tree_cursor_goto_next_sibling(cursor))
        if (!ts_tree_cursor_goto_parent(cursor))
            return false;
    return true;
}

size_t syntax_node_errors(TSNode from, struct span in, size_t cap)
{
    TSTreeCursor cursor = ts_tree_cursor_new(from);
    unsigned steps = 0;
    size_t count = 0;
    bool into;
    TSNode node;

    do {
        node = ts_tree_cursor_current_node(&cursor);
        into = ts_node_has_error(node) && ts_node_start_byte(node) <= in.end && ts_node_end_byte(node) >= in.start;
        if (into && (ts_node_is_error(node) || ts_node_is_missing(node)))
            count++;
    } while (count < cap && steps++ < ERROR_STEPS && next_touching(&cursor, in, into));
    ts_tree_cursor_delete(&cursor);
    return count;
}

size_t syntax_errors(const struct syntax *s, struct span in, size_t cap)
{
    return syntax_tree(s) ? syntax_node_errors(ts_tree_root_node(syntax_tree(s)), in, cap) : 0;
}
