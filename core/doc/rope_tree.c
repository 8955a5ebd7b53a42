/* SPDX-License-Identifier: MIT */
/* A B+ tree that is never changed while shared: joining, slicing and editing share what they do not touch.
 * Knows bytes, line ends and UTF-8 seams; knows no positions. Recursion goes as deep as the tree is high, which is six
 * for the largest document.
 * Surprising: every change is either "edit within one leaf" or "slice, build, join". There is no insertion into a node
 * and no rebalancing on deletion, because joining two trees already is both. */
#include "core/doc/rope_tree.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <assert.h>
#include <string.h>

/* ---- summaries ---- */

/* Sixteen bytes at a time, in the compilers' own notation for what every processor can do. A comparison gives -1 in every
 * lane that is equal, so subtracting it counts. */
typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t words __attribute__((vector_size(16)));

static uint32_t lanes_total(lanes v)
{
    uint32_t n = 0;
    size_t i;

    for (i = 0; i < sizeof v; i++)
        n += v[i];
    return n;
}

static lanes all_lanes(uint8_t c)
{
    return (lanes) { 0 } + c;
}

struct tally {
    uint32_t lf, cr;
    bool ascii;
};

/* A lane counts to 255, and LEAF_MAX is 64 vectors. */
static struct tally tally_of(struct str s)
{
    const lanes lf = all_lanes('\n'), cr = all_lanes('\r');
    lanes v, any = { 0 }, n_lf = { 0 }, n_cr = { 0 };
    words high;
    size_t i;

    for (i = 0; i + sizeof v <= s.n; i += sizeof v) {
        memcpy(&v, s.p + i, sizeof v);
        any |= v;
        n_lf -= (lanes)(v == lf);
        n_cr -= (lanes)(v == cr);
    }
    if (i < s.n) {
        v = all_lanes(0);
        memcpy(&v, s.p + i, s.n - i);
        any |= v;
        n_lf -= (lanes)(v == lf);
        n_cr -= (lanes)(v == cr);
    }
    high = (words)(any & all_lanes(0x80));
    return (struct tally) { lanes_total(n_lf), lanes_total(n_cr), !(high[0] | high[1]) };
}

static uint32_t count_crlf(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    uint32_t n = 0;

    while ((p = memchr(p, '\r', (size_t)(end - p)))) {
        p++;
        if (p < end && *p == '\n')
            n++;
    }
    return n;
}

struct sum sum_of(struct str s)
{
    size_t u16 = s.n, u32 = s.n;
    struct tally t;

    assert(s.n <= LEAF_MAX);
    t = tally_of(s);
    if (!t.ascii)
        utf_lens(s, &u16, &u32);
    return (struct sum) {
        .n = { (uint32_t)s.n, (uint32_t)u16, (uint32_t)u32, t.lf + t.cr - (t.cr ? count_crlf(s) : 0), t.lf },
        .first_lf = s.n && s.p[0] == '\n',
        .last_cr = s.n && s.p[s.n - 1] == '\r',
        .first_tail = s.n && utf8_is_tail(s.p[0]),
    };
}

/* Adds text behind *a. Neither is empty. */
static inline void sum_append(struct sum *a, const struct sum *b)
{
    size_t i;

    for (i = 0; i < METRICS; i++)
        a->n[i] += b->n[i];
    a->n[LINES] -= a->last_cr && b->first_lf;
    a->last_cr = b->last_cr;
}

struct sum sum_add(struct sum a, struct sum b)
{
    if (a.n[BYTES] == 0 || b.n[BYTES] == 0)
        return a.n[BYTES] ? a : b;
    sum_append(&a, &b);
    return a;
}

/* ---- nodes ---- */

static struct leaf *leaf_of(struct node *n)
{
    assert(n->height == 0);
    return (struct leaf *)n;
}

static struct inner *inner_of(struct node *n)
{
    assert(n->height > 0);
    return (struct inner *)n;
}

static struct str leaf_str(const struct leaf *leaf)
{
    return (struct str) { leaf->text, leaf->node.n };
}

static struct sum inner_sum(const struct inner *in)
{
    struct sum s = in->kids[0].sum;
    size_t i;

    for (i = 1; i < in->node.n; i++)
        sum_append(&s, &in->kids[i].sum);
    return s;
}

static struct tree tree_leaf(struct str s)
{
    struct leaf *leaf = mem_alloc(sizeof *leaf);

    leaf->node = (struct node) { .refs = 1, .n = (uint16_t)s.n };
    if (s.n)
        memcpy(leaf->text, s.p, s.n);
    return (struct tree) { &leaf->node, sum_of(s) };
}

/* Takes the children. */
static struct tree tree_inner(const struct tree *kids, size_t n)
{
    struct inner *in = mem_alloc(sizeof *in);

    assert(n >= 2 && n <= FAN);
    in->node = (struct node) { .refs = 1, .height = (uint16_t)(kids[0].node->height + 1), .n = (uint16_t)n };
    memcpy(in->kids, kids, n * sizeof *kids);
    return (struct tree) { &in->node, inner_sum(in) };
}

struct tree tree_ref(struct tree t)
{
    if (t.node)
        __atomic_fetch_add(&t.node->refs, 1, __ATOMIC_RELAXED);
    return t;
}

void tree_unref(struct tree t)
{
    size_t i;

    /* Acquire and release: whoever frees a node must see that all the others are done reading it. */
    if (!t.node || __atomic_fetch_sub(&t.node->refs, 1, __ATOMIC_ACQ_REL) > 1)
        return;
    if (t.node->height > 0)
        for (i = 0; i < t.node->n; i++)
            tree_unref(inner_of(t.node)->kids[i]);
    free(t.node);
}

/* The only reference is ours, so nobody can be about to take another one. */
static bool is_sole_owner(const struct node *n)
{
    return __atomic_load_n(&n->refs, __ATOMIC_ACQUIRE) == 1;
}

/* Makes the node of *t ours alone, with a copy if it is shared. */
static void tree_own(struct tree *t)
{
    struct tree old = *t;
    struct leaf *leaf;
    size_t i;

    if (is_sole_owner(old.node))
        return;
    if (old.node->height > 0) {
        struct inner *in = inner_of(old.node);

        for (i = 0; i < in->node.n; i++)
            tree_ref(in->kids[i]);
        *t = tree_inner(in->kids, in->node.n);
    } else {
        leaf = mem_alloc(sizeof *leaf);
        leaf->node = (struct node) { .refs = 1, .n = old.node->n };
        memcpy(leaf->text, leaf_of(old.node)->text, old.node->n);
        t->node = &leaf->node;
    }
    tree_unref(old);
}

/* ---- building, joining, slicing ---- */

/* Where to end the next leaf of what is left. Never below LEAF_MIN unless all of it is. */
static size_t leaf_cut(struct str rest)
{
    size_t at = rest.n;

    if (rest.n > 2 * LEAF_FILL)
        at = LEAF_FILL;
    else if (rest.n > LEAF_MAX)
        at = rest.n / 2;
    return utf8_floor(rest, at);
}

struct tree tree_build(struct str text)
{
    size_t n = 0, groups, g, cut, room = text.n / (LEAF_FILL - 3) + 2;
    struct tree *level = mem_array(NULL, room, sizeof *level), root;

    assert(text.n < UINT32_MAX);
    do {
        assert(n < room);
        cut = leaf_cut(text);
        level[n++] = tree_leaf(str_sub(text, 0, cut));
        text = str_sub(text, cut, text.n);
    } while (text.n);
    while (n > 1) {
        groups = (n + FAN - 1) / FAN;
        for (g = 0; g < groups; g++)
            level[g] = tree_inner(level + n * g / groups, n * (g + 1) / groups - n * g / groups);
        n = groups;
    }
    root = level[0];
    free(level);
    return root;
}

/* Takes an inner node apart: its children, each with a reference, go to `to`. Returns how many. */
static size_t spill(struct tree t, struct tree *to)
{
    struct inner *in = inner_of(t.node);
    size_t i, n = in->node.n;

    memcpy(to, in->kids, n * sizeof *to);
    if (is_sole_owner(t.node)) {
        free(in);
        return n;
    }
    for (i = 0; i < n; i++)
        tree_ref(to[i]);
    tree_unref(t);
    return n;
}

/* Takes both and makes one or two trees of them, as high as the higher one. Returns how many. Only the two nodes that
 * meet at the seam can be short of children, and they are merged or balanced here. */
static size_t join_level(struct tree a, struct tree b, struct tree out[2])
{
    int ha = a.node->height, hb = b.node->height;
    struct tree room[2 * FAN], pair[2], *kids = room;
    size_t n, half;

    if (ha == hb && (ha == 0 || (a.node->n >= FAN_MIN && b.node->n >= FAN_MIN))) {
        out[0] = a;
        out[1] = b;
        return 2;
    }
    if (ha == hb) {
        n = spill(a, room);
        n += spill(b, room + n);
    } else if (ha > hb) {
        n = spill(a, room) - 1;
        n += join_level(room[n], b, room + n);
    } else {
        n = spill(b, room + 1) - 1;
        half = join_level(a, room[1], pair);
        kids = room + 2 - half;
        memcpy(kids, pair, half * sizeof *pair);
        n += half;
    }
    half = n <= FAN ? n : n / 2;
    out[0] = tree_inner(kids, half);
    if (half == n)
        return 1;
    out[1] = tree_inner(kids + half, n - half);
    return 2;
}

struct tree tree_join(struct tree a, struct tree b)
{
    struct tree out[2];

    if (!a.node || !b.node)
        return a.node ? a : b;
    return join_level(a, b, out) == 1 ? out[0] : tree_inner(out, 2);
}

/* The subtree of some neighbouring children, which stay shared. */
static struct tree siblings(const struct tree *kids, size_t n)
{
    struct tree copy[FAN];
    size_t i;

    if (n == 0)
        return (struct tree) { 0 };
    for (i = 0; i < n; i++)
        copy[i] = tree_ref(kids[i]);
    return n == 1 ? copy[0] : tree_inner(copy, n);
}

struct tree tree_slice(struct tree t, size_t from, size_t to)
{
    struct tree left = { 0 }, middle, right = { 0 };
    size_t i, start, end, first, off = 0;
    const struct inner *in;

    if (from >= to)
        return (struct tree) { 0 };
    if (from == 0 && to == t.sum.n[BYTES])
        return tree_ref(t);
    in = inner_of(t.node);
    for (i = 0; i < in->node.n && off + in->kids[i].sum.n[BYTES] <= from; i++)
        off += in->kids[i].sum.n[BYTES];
    start = off;
    end = off + in->kids[i].sum.n[BYTES];
    if (to <= end)
        return tree_slice(in->kids[i], from - start, to - start);
    if (from > start) {
        left = tree_slice(in->kids[i++], from - start, end - start);
        off = end;
    }
    for (first = i; i < in->node.n && off + in->kids[i].sum.n[BYTES] <= to; i++)
        off += in->kids[i].sum.n[BYTES];
    middle = siblings(in->kids + first, i - first);
    if (off < to)
        right = tree_slice(in->kids[i], 0, to - off);
    return tree_join(tree_join(left, middle), right);
}

/* ---- editing and searching ---- */

void tree_edit_leaf(struct tree *t, size_t start, size_t end, struct str text)
{
    struct inner *in;
    struct leaf *leaf;
    size_t i;

    tree_own(t);
    if (t->node->height > 0) {
        in = inner_of(t->node);
        for (i = 0; start > in->kids[i].sum.n[BYTES]; i++) {
            start -= in->kids[i].sum.n[BYTES];
            end -= in->kids[i].sum.n[BYTES];
        }
        tree_edit_leaf(&in->kids[i], start, end, text);
        t->sum = inner_sum(in);
        return;
    }
    leaf = leaf_of(t->node);
    assert(start <= end && end <= leaf->node.n && leaf->node.n - (end - start) + text.n <= LEAF_MAX);
    memmove(leaf->text + start + text.n, leaf->text + end, leaf->node.n - end);
    if (text.n)
        memcpy(leaf->text + start, text.p, text.n);
    leaf->node.n = (uint16_t)(leaf->node.n - (end - start) + text.n);
    t->sum = sum_of(leaf_str(leaf));
}

struct spot tree_seek(struct tree t, enum metric m, size_t value)
{
    struct spot s = { .leaf = NULL };

    while (t.node->height > 0) {
        const struct inner *in = inner_of(t.node);
        size_t i, last = in->node.n - 1u;

        for (i = 0; i < last; i++) {
            const struct sum *kid = &in->kids[i].sum;
            size_t crlf = m == LINES && s.before.last_cr && kid->first_lf;

            if (s.before.n[m] + kid->n[m] - crlf > value)
                break;
            sum_append(&s.before, kid);
        }
        if (i < last)
            s.next_tail = in->kids[i + 1].sum.first_tail;
        t = in->kids[i];
    }
    s.leaf = leaf_of(t.node);
    s.sum = t.sum;
    return s;
}

/* ---- checking ---- */

static bool sum_eq(struct sum a, struct sum b)
{
    return memcmp(a.n, b.n, sizeof a.n) == 0 && a.first_lf == b.first_lf && a.last_cr == b.last_cr
        && a.first_tail == b.first_tail;
}

/* `seam` collects up to three bytes on each side of the seam behind the leaf before this one. */
static void check_node(struct tree t, bool is_root, char seam[3])
{
    const struct inner *in;
    struct leaf *leaf;
    char joint[6];
    size_t i;

    assert(__atomic_load_n(&t.node->refs, __ATOMIC_RELAXED) > 0);
    if (t.node->height == 0) {
        leaf = leaf_of(t.node);
        assert(leaf->node.n <= LEAF_MAX && (is_root || leaf->node.n >= LEAF_MIN));
        assert(sum_eq(t.sum, sum_of(leaf_str(leaf))));
        if (is_root)
            return;
        memcpy(joint, seam, 3);
        memcpy(joint + 3, leaf->text, 3);
        assert(utf8_floor((struct str) { joint, 6 }, 3) == 3);
        memcpy(seam, leaf->text + leaf->node.n - 3, 3);
        return;
    }
    in = inner_of(t.node);
    assert(in->node.n <= FAN && in->node.n >= (is_root ? 2 : FAN_MIN));
    assert(sum_eq(t.sum, inner_sum(in)));
    for (i = 0; i < in->node.n; i++) {
        assert(in->kids[i].node->height + 1 == in->node.height);
        check_node(in->kids[i], false, seam);
    }
}

void tree_check(struct tree t)
{
    char seam[3] = { 0 };

    check_node(t, true, seam);
}
