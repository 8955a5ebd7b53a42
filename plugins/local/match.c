/* SPDX-License-Identifier: MIT */
#include "match.h"

#include "mem.h"

#include <string.h>

enum { POOL = 1024, SEL = MATCH_MAX * 4 + 4 };

struct match {
    struct cursor pool[POOL];
    uint8_t sel[POOL];
    unsigned n;
    uint64_t seen[64]; /* a filter over the positions of a hypothesis' cursors */
};

struct quota { /* positions compared, per index; and cursors kept */
    unsigned before, after, near, near_file, files, keep;
};

static const struct quota deep_quota = { 200, 80, 400, 48, QUERY_NEAR, 128 };
static const struct quota step_quota = { 48, 24, 96, 8, 16, 40 };
/* Short contexts stand everywhere: a few of the nearest places tell enough. */
static const struct quota deep_short = { 40, 20, 40, 8, 12, 128 };
static const struct quota step_short = { 16, 8, 16, 4, 6, 40 };

struct match *match_new(void)
{
    struct match *m = mem_resize(NULL, sizeof *m);
    return m;
}

void match_free(struct match *m)
{
    free(m);
}

void hyp_init(struct hyp *h, const struct query *q)
{
    memcpy(h->tok, q->tok, sizeof q->tok);
    memcpy(h->skel, q->skel, sizeof q->skel);
    h->n = h->base = q->n;
    h->line_tok = q->line_tok;
    h->prev_line_tok = q->prev_line_tok;
    h->ncursor = 0;
    h->depth = 0;
    h->logp = h->min = h->first = 0;
}

/* ---- comparing contexts ------------------------------------------------------------------------------------------- */

static bool add_map(struct cursor *c, uint32_t from, uint32_t to)
{
    unsigned k;

    for (k = 0; k < c->nmap; k++)
        if (c->from[k] == from || c->to[k] == to)
            return c->from[k] == from && c->to[k] == to;
    if (c->nmap == CURSOR_MAPS)
        return false;
    c->from[c->nmap] = from;
    c->to[c->nmap++] = to;
    return true;
}

/* Is this place of the document before the end of the caret's line? */
static bool is_before(const struct query *q, uint32_t seg, uint32_t i)
{
    return seg < q->cseg || (seg == q->cseg && i < q->c1);
}

/* Steps to the token before; false at the start of the file. */
static bool step_back(const struct file *f, uint32_t *seg, uint32_t *i)
{
    while (*i == 0) {
        if (*seg == 0)
            return false;
        *i = f->seg[--*seg].ntok;
    }
    --*i;
    return true;
}

static bool can_stand_for(uint8_t skel)
{
    return skel_is_word(skel) || skel == SKEL_NUM;
}

/* Walks back over both contexts, exactly at first and then with identifiers replaced. */
static void align(struct cursor *c, const struct query *q, const struct hyp *h)
{
    const uint32_t *t = h->tok + SEG_LEAD + h->n;
    const uint8_t *skel = h->skel + SEG_LEAD + h->n;
    uint32_t seg = c->seg, i = c->i, left = h->n < MATCH_MAX ? h->n : MATCH_MAX;
    bool exact = true, after = c->f == q->doc && !is_before(q, seg, i);

    for (; left > 0 && step_back(c->f, &seg, &i); left--) {
        const struct seg *g = &c->f->seg[seg];

        t--;
        skel--;
        /* Across the caret's line the text below would match itself and be proposed once more. */
        if (after && is_before(q, seg, i))
            return;
        if (g->tok[i] == *t) {
            c->agree += skel_is_word(*skel);
        } else if (g->skel[i] == *skel && can_stand_for(*skel) && add_map(c, g->tok[i], *t)) {
            exact = false;
        } else {
            return;
        }
        c->exact = (uint8_t)(c->exact + exact);
        c->aligned++;
    }
}

/* ---- what else tells a cursor's worth ----------------------------------------------------------------------------- */

static uint8_t distance_class(const struct query *q, const struct cursor *c, bool before)
{
    static const unsigned step[] = { 3, 10, 40, 150 };
    const struct seg *g = &c->f->seg[c->seg];
    unsigned line = q->seg_line[c->seg] + seg_line_at(g, c->i)->line, k = 0;
    unsigned d = before ? q->line - line : line - q->line;

    while (k < (before ? 4u : 3u) && d > step[k])
        k++;
    return (uint8_t)((before ? SRC_BEFORE : SRC_AFTER) + k);
}

static uint8_t rank_class(unsigned rank)
{
    return (uint8_t)(SRC_NEAR + (rank == 0 ? 0 : rank < 4 ? 1 : rank < 12 ? 2 : 3));
}

static uint8_t compare_below(const struct query *q, const struct cursor *c)
{
    uint32_t seg = c->seg, i = c->i, n = 0, far;
    bool exact = true;

    if (q->nbelow < 2)
        return BELOW_NONE;
    for (far = 0; far < 120 && n < q->nbelow; i++, far++) {
        while (seg < c->f->nseg && i >= c->f->seg[seg].ntok) {
            seg++;
            i = 0;
        }
        if (seg == c->f->nseg)
            break;
        const struct seg *g = &c->f->seg[seg];

        if (id_is_line(g->tok[i])) {
            if (n++ > 0)
                return BELOW_OTHER; /* it is shorter */
        } else if (n > 0) {
            if (g->skel[i] != q->below_skel[n])
                return BELOW_OTHER;
            exact = exact && g->tok[i] == q->below[n];
            n++;
        }
    }
    return n < q->nbelow ? BELOW_OTHER : exact ? BELOW_EXACT : BELOW_SKELETON;
}

/* The line that a cursor writes to: for a line token that is the one it ends. */
static const struct seg_line *own_line(const struct cursor *c)
{
    const struct seg *g = &c->f->seg[c->seg];
    uint32_t seg = c->seg;

    if (!id_is_line(g->tok[c->i]))
        return seg_line_at(g, c->i);
    if (c->i > 0)
        return seg_line_at(g, c->i - 1u);
    while (seg-- > 0)
        if (c->f->seg[seg].nline > 0)
            return &c->f->seg[seg].line[c->f->seg[seg].nline - 1];
    return g->line;
}

static void describe(const struct query *q, struct cursor *c)
{
    const struct seg_line *ln = own_line(c);

    c->same_indent = ln->tabs == q->tabs && ln->spaces == q->spaces;
    c->below = compare_below(q, c);
}

/* ---- retrieval ---------------------------------------------------------------------------------------------------- */

static unsigned seen_bit(const struct file *f, uint32_t seg, uint32_t i)
{
    uint32_t h = (uint32_t)f->npath * 0x85ebca6bu + seg * 0x9e3779b1u + i * 0xc2b2ae35u;

    return (h ^ h >> 15) & 4095;
}

/* Is this position a cursor already? */
static bool is_known(const struct match *m, const struct hyp *h, const struct file *f, uint32_t seg, uint32_t i)
{
    unsigned bit = seen_bit(f, seg, i), k;

    if (!(m->seen[bit / 64] >> bit % 64 & 1))
        return false;
    for (k = 0; k < h->ncursor; k++)
        if (h->cursor[k].i == i && h->cursor[k].seg == seg && h->cursor[k].f == f)
            return true;
    return false;
}

/* Does the context at a cursor equal ours as far as an index looks? */
static bool fits_index(const struct cursor *c, int index)
{
    switch (index) {
    case SEG_EXACT4: return c->exact >= 4;
    case SEG_EXACT2: return c->exact >= 2;
    case SEG_EXACT1: return c->exact >= 1;
    case SEG_SKEL4: return c->aligned >= 4;
    default: return c->aligned >= 2;
    }
}

static bool fits_earlier(const struct cursor *c, int index)
{
    while (index-- > 0)
        if (fits_index(c, index))
            return true;
    return false;
}

/* Tries a position; counts it when its context really is the one looked for. Returns false when the pool is full. */
static bool try_position(struct match *m, const struct query *q, const struct hyp *h, const struct file *f, uint32_t seg,
                         uint16_t i, int index, unsigned *count)
{
    struct cursor *c = &m->pool[m->n];
    unsigned sel;

    if (m->n == POOL)
        return false;
    c->f = f;
    c->seg = seg;
    c->i = i;
    c->exact = c->aligned = c->nmap = c->agree = c->age = 0;
    align(c, q, h);
    if (!fits_index(c, index))
        return true;
    ++*count;
    if (fits_earlier(c, index))
        return true; /* found with a longer context before */
    if (is_known(m, h, f, seg, i))
        return true;
    sel = c->exact * 3u + c->aligned;
    m->sel[m->n++] = (uint8_t)sel;
    return true;
}

/* Positions of one segment in [lo, hi), from the back if `back`. */
static void try_segment(struct match *m, const struct query *q, const struct hyp *h, const struct file *f, uint32_t seg,
                        uint32_t lo, uint32_t hi, bool back, int index, unsigned max, unsigned *count)
{
    const uint32_t *t = h->tok + SEG_LEAD + h->n;
    const uint8_t *skel = h->skel + SEG_LEAD + h->n;
    unsigned n, k;
    const uint16_t *post = seg_find(&f->seg[seg], index, seg_hash(index, t, skel), &n);

    for (k = 0; k < n && *count < max; k++) {
        uint16_t i = post[back ? n - 1 - k : k];

        if (i >= lo && i < hi && !try_position(m, q, h, f, seg, i, index, count))
            return;
    }
}

static void find_in_doc(struct match *m, const struct query *q, const struct hyp *h, int index, const struct quota *quota)
{
    const struct file *f = q->doc;
    unsigned count = 0, from = m->n, k;
    uint32_t seg;

    if (f->nseg == 0)
        return;
    for (seg = q->cseg + 1; seg-- > 0 && count < quota->before;)
        try_segment(m, q, h, f, seg, 0, seg == q->cseg ? q->ctyped : UINT32_MAX, true, index, quota->before, &count);
    for (k = from; k < m->n; k++)
        m->pool[k].src = distance_class(q, &m->pool[k], true);
    count = 0;
    from = m->n;
    for (seg = q->cseg; seg < f->nseg && count < quota->after; seg++)
        try_segment(m, q, h, f, seg, seg == q->cseg ? q->c1 : 0, UINT32_MAX, false, index, quota->after, &count);
    for (k = from; k < m->n; k++)
        m->pool[k].src = distance_class(q, &m->pool[k], false);
}

static void find_in_near(struct match *m, const struct query *q, const struct hyp *h, int index, const struct quota *quota)
{
    unsigned total = 0, rank, k;
    uint32_t seg;

    for (rank = 0; rank < q->nnear && rank < quota->files && total < quota->near; rank++) {
        const struct file *f = q->near[rank];
        unsigned count = 0, from = m->n, max = quota->near - total;

        if (max > quota->near_file)
            max = quota->near_file;
        for (seg = 0; seg < f->nseg && count < max; seg++)
            try_segment(m, q, h, f, seg, 0, UINT32_MAX, false, index, max, &count);
        for (k = from; k < m->n; k++)
            m->pool[k].src = rank_class(rank);
        total += count;
    }
}

/* Takes the cursors with the longest contexts; among equals those found first, which are the nearest. */
static void take_best(struct match *m, const struct query *q, struct hyp *h, unsigned keep)
{
    unsigned count[SEL + 1] = { 0 }, k, min = SEL, sum = 0;

    if (keep > HYP_CURSORS - h->ncursor)
        keep = HYP_CURSORS - h->ncursor;
    for (k = 0; k < m->n; k++)
        count[m->sel[k]]++;
    while (min > 0 && sum + count[min] <= keep)
        sum += count[min--];
    sum = keep - sum; /* so many of those at `min` still fit */
    for (k = 0; k < m->n && keep > 0; k++) {
        if (m->sel[k] < min || (m->sel[k] == min && sum == 0))
            continue;
        sum -= m->sel[k] == min;
        keep--;
        describe(q, &m->pool[k]);
        h->cursor[h->ncursor++] = m->pool[k];
    }
}

void match_find(struct match *m, const struct query *q, struct hyp *h, bool deep)
{
    const struct quota *quota = deep ? &deep_quota : &step_quota, *few = deep ? &deep_short : &step_short;
    unsigned k, bit;
    int index;

    m->n = 0;
    memset(m->seen, 0, sizeof m->seen);
    for (k = 0; k < h->ncursor; k++) {
        bit = seen_bit(h->cursor[k].f, h->cursor[k].seg, h->cursor[k].i);
        m->seen[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    for (index = 0; index < SEG_INDEXES; index++) {
        find_in_doc(m, q, h, index, index < SEG_EXACT1 ? quota : few);
        find_in_near(m, q, h, index, index < SEG_EXACT1 ? quota : few);
    }
    take_best(m, q, h, quota->keep);
    h->max_exact = h->max_aligned = 0;
    for (k = 0; k < h->ncursor; k++) {
        if (h->cursor[k].exact > h->max_exact)
            h->max_exact = h->cursor[k].exact;
        if (h->cursor[k].aligned > h->max_aligned)
            h->max_aligned = h->cursor[k].aligned;
    }
}

/* ---- following ---------------------------------------------------------------------------------------------------- */

uint32_t cursor_token(const struct cursor *c, uint8_t *ret_space, bool *ret_mapped)
{
    const struct seg *g = &c->f->seg[c->seg];
    uint32_t id = g->tok[c->i];
    unsigned k;

    *ret_space = g->space[c->i];
    *ret_mapped = false;
    for (k = 0; k < c->nmap; k++) {
        if (c->from[k] == id) {
            *ret_mapped = true;
            return c->to[k];
        }
    }
    return id;
}

/* Moves a cursor on; false at the end of its file or at the caret's own line. */
static bool cursor_next(struct cursor *c, const struct query *q)
{
    c->i++;
    while (c->i >= c->f->seg[c->seg].ntok) {
        if (++c->seg >= c->f->nseg)
            return false;
        c->i = 0;
    }
    return c->f != q->doc || c->seg != q->cseg || c->i < q->ctyped || c->i >= q->c1;
}

static bool cursor_follow(struct cursor *c, const struct query *q, uint32_t id, uint8_t skel)
{
    const struct seg *g = &c->f->seg[c->seg];
    uint32_t own = g->tok[c->i], guess;
    uint8_t space;
    bool mapped;

    guess = cursor_token(c, &space, &mapped);
    if (guess != id) {
        if (mapped || g->skel[c->i] != skel || !can_stand_for(skel) || !add_map(c, own, id))
            return false;
    }
    if (own == id) {
        c->exact = (uint8_t)(c->exact < MATCH_MAX ? c->exact + 1 : MATCH_MAX);
        c->agree += skel_is_word(skel) && c->agree < 200;
    } else {
        c->exact = 0;
    }
    if (c->aligned < MATCH_MAX)
        c->aligned++;
    if (c->age < 200)
        c->age++;
    return cursor_next(c, q);
}

void hyp_push(struct hyp *h, const struct query *q, uint32_t id, uint8_t space)
{
    const struct vocab_entry *e = &q->store->vocab.entry[id];
    uint32_t at = SEG_LEAD + h->n, k, kept = 0;

    h->tok[at] = id;
    h->skel[at] = e->skel;
    h->space[at] = space;
    if (id_is_line(id)) {
        h->prev_line_tok = h->line_tok;
        h->line_tok = h->n;
    }
    h->n++;
    if (e->kind == TK_PUNCT && e->len == 1) {
        if (strchr("([{", e->text[0]))
            h->depth++;
        else if (strchr(")]}", e->text[0]))
            h->depth--;
    }
    for (k = 0; k < h->ncursor; k++)
        if (cursor_follow(&h->cursor[k], q, id, e->skel))
            h->cursor[kept++] = h->cursor[k];
    h->ncursor = kept;
}
