/* SPDX-License-Identifier: MIT */
/* The tree below a rope, private to rope.c and rope_tree.c: reference-counted nodes and their summaries.
 *
 * A `struct tree` is a value: one reference to a node and what the text below it adds up to. Summaries live beside the
 * pointer, in the parent, so that a search never touches a node that it does not enter. Functions that say "takes"
 * consume the reference; the others borrow.
 *
 * Invariant: all leaves are at the same depth. A leaf holds LEAF_MIN..LEAF_MAX bytes and an inner node FAN_MIN..FAN
 * children; only a root may have fewer.
 * Invariant: no seam between two leaves cuts a character, so counts of units simply add up. */
#ifndef CORE_DOC_ROPE_TREE_H
#define CORE_DOC_ROPE_TREE_H

#include "core/base/str.h"
#include <stdint.h>

/* A leaf with its head is just below the size up to which malloc keeps freed pieces at hand. */
enum { LEAF_MAX = 1016, LEAF_MIN = 256, LEAF_FILL = 896, FAN = 16, FAN_MIN = FAN / 2 };

enum metric { BYTES, U16, U32, LINES, LF, METRICS };

/* Adds up like numbers do, but for one thing: CR at the end of one text and LF at the start of the next are one line
 * end, not two. The flags are what it takes to see that, and what an edit must know of its right neighbour. */
struct sum {
    uint32_t n[METRICS];
    bool first_lf, last_cr;
    bool first_tail; /* begins with a continuation byte: not UTF-8, or a character was cut */
};

struct node {
    uint32_t refs; /* atomic */
    uint16_t height; /* 0 is a leaf */
    uint16_t n; /* bytes or children */
};
struct tree {
    struct node *node; /* NULL is the empty tree */
    struct sum sum;
};
struct leaf {
    struct node node;
    char text[LEAF_MAX];
};
struct inner {
    struct node node;
    struct tree kids[FAN];
};

/* Where a search ended. */
struct spot {
    const struct leaf *leaf;
    struct sum before; /* all text in front of the leaf */
    struct sum sum; /* the leaf's own */
    bool next_tail; /* first_tail of the next leaf */
};

struct sum sum_of(struct str s); /* at most LEAF_MAX bytes */
struct sum sum_add(struct sum a, struct sum b);

struct tree tree_build(struct str text); /* never the empty tree: "" gives a leaf without bytes */
struct tree tree_ref(struct tree t);
void tree_unref(struct tree t);
struct tree tree_join(struct tree a, struct tree b); /* takes both */
struct tree tree_slice(struct tree t, size_t from, size_t to); /* both must be seams */

/* Replaces bytes [start, end) of the leaf that holds byte start - 1 (or the first). The result must fit that leaf. Nodes
 * that nobody else holds are changed in place, the others are copied first. */
void tree_edit_leaf(struct tree *t, size_t start, size_t end, struct str text);

/* The first leaf where the metric, counted from the start of the text to the leaf's end, exceeds `value`; the last leaf
 * if there is none. */
struct spot tree_seek(struct tree t, enum metric m, size_t value);

void tree_check(struct tree t); /* asserts the invariants; O(n) */

#endif
