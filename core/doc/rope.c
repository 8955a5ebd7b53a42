/* SPDX-License-Identifier: MIT */
/* The rope's public face: edits, and the questions that editors and parsers ask about a text.
 * Knows how to gather the leaves around an edit; how trees are joined and shared is rope_tree.c's business.
 * Surprising: every question is one or two searches by some metric and a look into one leaf, so they all cost the same. */
#include "core/doc/rope.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/rope_tree.h"

#include <assert.h>
#include <string.h>

struct rope {
    uint32_t refs; /* atomic */
    struct tree tree;
};

static struct rope *rope_of(struct tree take)
{
    struct rope *r = mem_alloc(sizeof *r);

    *r = (struct rope) { 1, take };
    return r;
}

struct rope *rope_new(struct str text)
{
    return rope_of(tree_build(text));
}

struct rope *rope_ref(struct rope *r)
{
    __atomic_fetch_add(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

void rope_unref(struct rope *r)
{
    if (!r || __atomic_fetch_sub(&r->refs, 1, __ATOMIC_ACQ_REL) > 1)
        return;
    tree_unref(r->tree);
    free(r);
}

void rope_check(const struct rope *r)
{
    tree_check(r->tree);
}

size_t rope_bytes(const struct rope *r)
{
    return r->tree.sum.n[BYTES];
}

size_t rope_lines(const struct rope *r)
{
    return r->tree.sum.n[LINES] + 1u;
}

/* ---- editing ---- */

/* The leaf that an edit at `at` goes to: the one that ends there rather than the one that begins there, so that typing
 * on and on stays in one leaf. */
static struct spot spot_left_of(struct tree t, size_t at)
{
    return tree_seek(t, BYTES, at ? at - 1 : 0);
}

static size_t spot_start(const struct spot *s)
{
    return s->before.n[BYTES];
}

static size_t spot_end(const struct spot *s)
{
    return s->before.n[BYTES] + s->sum.n[BYTES];
}

/* May the edit be done in this leaf alone, which then keeps its size and its seams? A seam can only come to cut a character
 * if what follows it begins with a continuation byte; such leaves are rare enough to always take the long way. The edit
 * never touches the first byte of any leaf but the first: it would belong to the leaf before. */
static bool fits_leaf(struct tree t, const struct spot *s, size_t start, size_t end, struct str text)
{
    size_t n;

    if (end > spot_end(s) || text.n > LEAF_MAX)
        return false;
    n = s->leaf->node.n - (end - start) + text.n;
    if (n > LEAF_MAX || (n < LEAF_MIN && t.node->height > 0))
        return false;
    return !s->next_tail && (spot_start(s) == 0 || !s->sum.first_tail);
}

/* The long way: the leaves around the edit are written anew and put between what lies before and behind them. One more
 * leaf on a side is taken in where the text would be too short for a leaf of its own or where a character might now
 * lie over the seam. */
static void rebuild(struct rope *r, size_t start, size_t end, struct str text)
{
    struct tree old = r->tree, head, tail;
    struct spot first = spot_left_of(old, start), last = spot_left_of(old, end);
    size_t from = spot_start(&first), to = spot_end(&last), total = rope_bytes(r);
    struct buf b;

    if (from > 0 && (start - from + text.n + to - end < LEAF_MIN || first.sum.first_tail)) {
        first = spot_left_of(old, from);
        from = spot_start(&first);
    }
    if (to < total && (start - from + text.n + to - end < LEAF_MIN || last.next_tail)) {
        last = tree_seek(old, BYTES, to);
        to = spot_end(&last);
    }
    buf_init(&b, start - from + text.n + to - end);
    rope_copy(r, from, start, &b);
    buf_addstr(&b, text);
    rope_copy(r, end, to, &b);
    head = tree_slice(old, 0, from);
    tail = tree_slice(old, to, total);
    r->tree = tree_join(tree_join(head, tree_build(buf_str(&b))), tail);
    tree_unref(old);
    buf_fini(&b);
}

void rope_replace(struct rope **rp, size_t start, size_t end, struct str text)
{
    struct rope *r = *rp;
    struct spot spot;

    end = MIN(end, rope_bytes(r));
    start = MIN(start, end);
    assert(text.n < UINT32_MAX - rope_bytes(r));
    if (start == end && text.n == 0)
        return;
    if (__atomic_load_n(&r->refs, __ATOMIC_ACQUIRE) > 1) {
        *rp = rope_of(tree_ref(r->tree));
        rope_unref(r);
        r = *rp;
    }
    spot = spot_left_of(r->tree, start);
    if (fits_leaf(r->tree, &spot, start, end, text))
        tree_edit_leaf(&r->tree, start, end, text);
    else
        rebuild(r, start, end, text);
}

struct rope *rope_edit(const struct rope *r, size_t start, size_t end, struct str text)
{
    struct rope *copy = rope_of(tree_ref(r->tree));

    rope_replace(&copy, start, end, text);
    return copy;
}

/* ---- reading ---- */

const char *rope_chunk(const struct rope *r, size_t at, size_t *ret_n)
{
    struct spot s;

    *ret_n = 0;
    if (at >= rope_bytes(r))
        return "";
    s = tree_seek(r->tree, BYTES, at);
    *ret_n = spot_end(&s) - at;
    return s.leaf->text + (at - spot_start(&s));
}

void rope_copy(const struct rope *r, size_t from, size_t to, struct buf *out)
{
    const char *p;
    size_t n;

    to = MIN(to, rope_bytes(r));
    for (; from < to; from += n) {
        p = rope_chunk(r, from, &n);
        n = MIN(n, to - from);
        if (!buf_add(out, p, n))
            return;
    }
}

int rope_byte(const struct rope *r, size_t at)
{
    size_t n;
    const char *p = rope_chunk(r, at, &n);

    return n ? (unsigned char)p[0] : -1;
}

/* ---- lines ---- */

/* Offset behind the k-th line end (from 1) in s; a LF behind CR counts with its CR, so the offset may lie between. */
static size_t behind_line_end(struct str s, bool prev_cr, size_t k)
{
    size_t i;

    for (i = 0; i < s.n && k; i++) {
        if (s.p[i] == '\r' || (s.p[i] == '\n' && !prev_cr))
            k--;
        prev_cr = s.p[i] == '\r';
    }
    return i;
}

static size_t behind_lf(struct str s, size_t k)
{
    const char *p = s.p, *end = s.p + s.n;

    for (; k && p < end; k--) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : end;
    }
    return (size_t)(p - s.p);
}

size_t rope_line_start(const struct rope *r, size_t line)
{
    struct spot s;
    struct str text;
    size_t at, k;

    if (line == 0)
        return 0;
    if (line >= rope_lines(r))
        return rope_bytes(r);
    s = tree_seek(r->tree, LINES, line - 1);
    text = (struct str) { s.leaf->text, s.leaf->node.n };
    k = line - s.before.n[LINES];
    /* Without a lone CR in the leaf and a CRLF cut by its edges every line end is a LF, which is quicker to find. */
    if (s.sum.n[LINES] == s.sum.n[LF] && !s.before.last_cr)
        return spot_start(&s) + behind_lf(text, k);
    at = spot_start(&s) + behind_line_end(text, s.before.last_cr, k);
    return at + (rope_byte(r, at) == '\n' && rope_byte(r, at - 1) == '\r');
}

size_t rope_line_end(const struct rope *r, size_t line)
{
    size_t at;

    if (line + 1 >= rope_lines(r))
        return rope_bytes(r);
    at = rope_line_start(r, line + 1) - 1;
    return at - (at > 0 && rope_byte(r, at) == '\n' && rope_byte(r, at - 1) == '\r');
}

/* All counts of the text before `at`. */
static struct sum sum_before(const struct rope *r, size_t at)
{
    struct spot s = tree_seek(r->tree, BYTES, at);
    struct str text = { s.leaf->text, s.leaf->node.n };

    return sum_add(s.before, sum_of(str_sub(text, 0, utf8_floor(text, at - MIN(at, spot_start(&s))))));
}

size_t rope_line_of(const struct rope *r, size_t at)
{
    struct sum s = sum_before(r, at);

    return s.n[LINES] - (s.last_cr && rope_byte(r, at) == '\n');
}

void rope_point(const struct rope *r, size_t at, uint32_t *ret_row, uint32_t *ret_column)
{
    struct spot s;
    struct str text;
    const char *lf;
    size_t row;

    at = MIN(at, rope_bytes(r));
    s = tree_seek(r->tree, BYTES, at);
    text = (struct str) { s.leaf->text, at - spot_start(&s) };
    row = s.before.n[LF] + sum_of(text).n[LF];
    *ret_row = (uint32_t)row;
    lf = memrchr(text.p, '\n', text.n);
    if (lf) {
        *ret_column = (uint32_t)(text.p + text.n - (lf + 1));
    } else if (row == 0) {
        *ret_column = (uint32_t)at;
    } else {
        s = tree_seek(r->tree, LF, row - 1);
        text = (struct str) { s.leaf->text, s.leaf->node.n };
        *ret_column = (uint32_t)(at - spot_start(&s) - behind_lf(text, row - s.before.n[LF]));
    }
}

/* ---- units ---- */

size_t rope_floor(const struct rope *r, size_t at)
{
    struct spot s;

    if (at >= rope_bytes(r))
        return rope_bytes(r);
    s = tree_seek(r->tree, BYTES, at);
    return spot_start(&s) + utf8_floor((struct str) { s.leaf->text, s.leaf->node.n }, at - spot_start(&s));
}

size_t rope_u16_of(const struct rope *r, size_t at)
{
    return sum_before(r, at).n[U16];
}

size_t rope_u32_of(const struct rope *r, size_t at)
{
    return sum_before(r, at).n[U32];
}

size_t rope_at_u16(const struct rope *r, size_t u16)
{
    struct spot s = tree_seek(r->tree, U16, u16);

    return spot_start(&s) + utf8_at_u16((struct str) { s.leaf->text, s.leaf->node.n }, u16 - s.before.n[U16]);
}

size_t rope_at_u32(const struct rope *r, size_t u32)
{
    struct spot s = tree_seek(r->tree, U32, u32);

    return spot_start(&s) + utf8_at_u32((struct str) { s.leaf->text, s.leaf->node.n }, u32 - s.before.n[U32]);
}
