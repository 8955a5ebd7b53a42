/* SPDX-License-Identifier: MIT */
#include "beam.h"

#include "mem.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 3, STEPS = 60, MAX_LINES = 8 };

static const float floor_logp = -7.0f; /* less likely lines are not followed */
static const float cut_logp = -1.6f;   /* a beginning of a line is at least this likely */
static const float line_logp = -0.8f;  /* a further line, given those before it */

struct grow { /* a token that a hypothesis may go on with */
    unsigned hyp, share;
    float logp;
};

struct beam {
    struct match *match;
    struct hyp live[WIDTH], next[WIDTH], best, cut;
    struct dist dist[WIDTH];
    unsigned nlive;
    bool has_best, has_cut, tiny;
    float escape; /* at the caret, as the next two */
    unsigned exact, aligned;
    struct guess *out;
    unsigned nout;
    struct {
        uint8_t tabs, spaces;
    } indent[MAX_LINES + 1]; /* of the generated lines; a line token's space is an index into it */
    unsigned nindent;
};

struct beam *beam_new(void)
{
    struct beam *b = mem_resize(NULL, sizeof *b);
    b->match = match_new();
    return b;
}

void beam_free(struct beam *b)
{
    if (b)
        match_free(b->match);
    free(b);
}

/* ---- text --------------------------------------------------------------------------------------------------------- */

static bool put(struct guess *g, const char *p, size_t n)
{
    if (g->n + n > sizeof g->text)
        return false;
    memcpy(g->text + g->n, p, n);
    g->n += n;
    return true;
}

static bool put_indent(struct guess *g, unsigned tabs, unsigned spaces)
{
    bool ok = put(g, "\n", 1);

    while (ok && tabs-- > 0)
        ok = put(g, "\t", 1);
    while (ok && spaces-- > 0)
        ok = put(g, " ", 1);
    return ok;
}

/* Writes what a hypothesis generated; false when it does not fit. */
static bool write_text(const struct beam *b, const struct query *q, const struct hyp *h, struct guess *g)
{
    char space[32];
    uint32_t i;
    bool ok = true;

    g->n = 0;
    g->nstep = 0;
    for (i = h->base; i < h->n && ok; i++) {
        uint32_t id = h->tok[SEG_LEAD + i];
        uint8_t code = h->space[SEG_LEAD + i];
        const struct vocab_entry *e = &q->store->vocab.entry[id];

        if (id_is_line(id)) {
            ok = put_indent(g, b->indent[code].tabs, b->indent[code].spaces);
        } else if (i == h->base && q->npartial > 0) {
            ok = put(g, e->text + q->npartial, e->len - q->npartial);
        } else {
            bool glued = (i == h->base && q->spaced) || id_is_line(h->tok[SEG_LEAD + i - 1]);

            ok = (glued || put(g, space, lex_space_put(code, space))) && put(g, e->text, e->len);
        }
        g->step[g->nstep++].n = (uint16_t)g->n;
    }
    return ok;
}

bool guess_is_useful(const struct guess *g)
{
    unsigned seen = 0;
    size_t i;

    for (i = 0; i < g->n && seen < 2; i++)
        seen += g->text[i] != ' ' && g->text[i] != '\t' && g->text[i] != '\n';
    return seen == 2;
}

/* Not what stands after the caret anyway. */
static bool is_new(const struct query *q, const struct guess *g)
{
    return g->n != q->nafter || memcmp(g->text, q->after, g->n) != 0;
}

static bool make_guess(const struct beam *b, const struct query *q, const struct hyp *h, enum beam_kind kind, float logp,
                       float last, struct guess *ret)
{
    if (!write_text(b, q, h, ret) || !is_new(q, ret) || !(b->tiny || guess_is_useful(ret)))
        return false;
    ret->kind = kind;
    ret->ntok = h->n - h->base;
    ret->logp = logp;
    ret->min = last < h->min ? last : h->min;
    ret->first = h->first;
    ret->gap = 5;
    ret->escape = b->escape;
    ret->exact = b->exact;
    ret->aligned = b->aligned;
    return true;
}

/* ---- the beam ----------------------------------------------------------------------------------------------------- */

/* Probability that the line, or what is missing of it, ends here. */
static float end_of(const struct query *q, const struct hyp *h, const struct dist *d)
{
    unsigned i;

    if (h->n == h->base)
        return 0;
    if (q->stop == ID_NONE)
        return d->line;
    for (i = 0; i < d->n; i++)
        if (d->share[i].id == q->stop)
            return h->depth == 0 ? d->share[i].p : 0;
    return 0;
}

static void add_guess(struct beam *b, const struct query *q, const struct hyp *h, float logp, float last)
{
    struct guess *g = &b->out[b->nout == BEAM_RESULTS ? BEAM_RESULTS - 1 : b->nout], t;
    unsigned i;

    if (b->nout == BEAM_RESULTS && g->logp >= logp)
        return;
    if (!make_guess(b, q, h, q->whole ? BEAM_WHOLE : BEAM_REST, logp, last, &t))
        return;
    for (i = 0; i < b->nout; i++)
        if (b->out[i].n == t.n && memcmp(b->out[i].text, t.text, t.n) == 0)
            return;
    if (b->nout < BEAM_RESULTS)
        b->nout++;
    for (i = b->nout - 1; i > 0 && b->out[i - 1].logp < logp; i--)
        b->out[i] = b->out[i - 1];
    b->out[i] = t;
    if (i == 0) {
        b->best = *h;
        b->has_best = true;
    }
}

static void add_grow(struct grow *g, unsigned *n, struct grow x)
{
    unsigned i;

    if (*n == WIDTH && g[WIDTH - 1].logp >= x.logp)
        return;
    if (*n < WIDTH)
        ++*n;
    for (i = *n - 1; i > 0 && g[i - 1].logp < x.logp; i--)
        g[i] = g[i - 1];
    g[i] = x;
}

static void copy_hyp(struct hyp *to, const struct hyp *from)
{
    uint32_t n = SEG_LEAD + from->n;

    memcpy(to->tok, from->tok, n * sizeof *to->tok);
    memcpy(to->skel, from->skel, n);
    memcpy(to->space, from->space, n);
    memcpy(to->cursor, from->cursor, from->ncursor * sizeof *to->cursor);
    to->n = from->n;
    to->base = from->base;
    to->line_tok = from->line_tok;
    to->prev_line_tok = from->prev_line_tok;
    to->ncursor = from->ncursor;
    to->max_exact = from->max_exact;
    to->max_aligned = from->max_aligned;
    to->depth = from->depth;
    to->logp = from->logp;
    to->min = from->min;
    to->first = from->first;
    memcpy(to->lp, from->lp, (from->n - from->base) * sizeof *to->lp);
}

static void push_share(struct beam *b, const struct query *q, struct hyp *h, const struct share *s)
{
    float lp = logf(s->p);

    if (h->n == h->base)
        h->first = lp;
    h->lp[h->n - h->base] = lp;
    h->logp += lp;
    if (lp < h->min)
        h->min = lp;
    hyp_push(h, q, s->id, s->space);
    match_find(b->match, q, h, false);
}

/* Ends and continuations of all live hypotheses; returns how many continuations are worth following. */
static unsigned expand(struct beam *b, const struct query *q, const struct beam_limits *lim, struct grow *grow)
{
    unsigned i, k, tried, ngrow = 0;
    float end, lp, worst;

    for (i = 0; i < b->nlive; i++) {
        vote_dist(q, &b->live[i], &b->dist[i]);
        end = end_of(q, &b->live[i], &b->dist[i]);
        if (end > 0 && b->live[i].logp + logf(end) > floor_logp)
            add_guess(b, q, &b->live[i], b->live[i].logp + logf(end), logf(end));
    }
    worst = b->nout > 0 ? b->out[0].logp - (lim->many ? 2.3f : 0.7f) : floor_logp;
    if (worst < floor_logp)
        worst = floor_logp;
    for (i = 0; i < b->nlive; i++) {
        for (k = 0, tried = 0; k < b->dist[i].n && tried < WIDTH; k++) {
            const struct share *s = &b->dist[i].share[k];

            if (id_is_line(s->id) || (q->stop && s->id == q->stop && b->live[i].depth == 0))
                continue;
            tried++;
            lp = b->live[i].logp + logf(s->p);
            if (lp > worst)
                add_grow(grow, &ngrow, (struct grow){ i, k, lp });
        }
    }
    return ngrow;
}

/* Remembers the longest beginning that is likely by itself. */
static void keep_cut(struct beam *b)
{
    if (b->nlive > 0 && b->live[0].n > b->live[0].base && b->live[0].logp > cut_logp) {
        copy_hyp(&b->cut, &b->live[0]);
        b->has_cut = true;
    }
}

/* Writes the beginning, and how likely each beginning of it is. */
static bool make_cut(const struct beam *b, const struct query *q, struct guess *g, float line)
{
    float logp = 0, min = 0;
    unsigned i;

    if (!make_guess(b, q, &b->cut, BEAM_CUT, b->cut.logp, 0, g))
        return false;
    for (i = 0; i < g->nstep; i++) {
        logp += b->cut.lp[i];
        min = b->cut.lp[i] < min ? b->cut.lp[i] : min;
        g->step[i].logp = logp;
        g->step[i].min = min;
    }
    g->gap = b->cut.logp - line;
    return true;
}

static void search(struct beam *b, const struct query *q, const struct beam_limits *lim)
{
    struct grow grow[WIDTH];
    unsigned step, i, n;

    b->nlive = 1;
    for (step = 0; step < STEPS && b->nlive > 0; step++) {
        if (lim->is_cancelled && lim->is_cancelled(lim->ctx))
            return;
        n = expand(b, q, lim, grow);
        if (step == 0)
            b->escape = b->dist[0].escape;
        for (i = 0; i < n; i++) {
            copy_hyp(&b->next[i], &b->live[grow[i].hyp]);
            push_share(b, q, &b->next[i], &b->dist[grow[i].hyp].share[grow[i].share]);
        }
        for (i = 0; i < n; i++)
            copy_hyp(&b->live[i], &b->next[i]);
        b->nlive = n;
        keep_cut(b);
    }
}

/* ---- several lines ------------------------------------------------------------------------------------------------ */

static const struct seg_line *line_before(const struct cursor *c, const struct seg_line *ln)
{
    const struct seg *g = &c->f->seg[c->seg];
    uint32_t seg = c->seg;

    if (ln > g->line)
        return ln - 1;
    while (seg-- > 0)
        if (c->f->seg[seg].nline > 0)
            return &c->f->seg[seg].line[c->f->seg[seg].nline - 1];
    return NULL;
}

static int clip(int x)
{
    return x < 0 ? 0 : x > 120 ? 120 : x;
}

/* The indentation of the next line, from how the line that a cursor stands at is indented against the one before. */
static void next_indent(struct beam *b, const struct query *q, const struct cursor *c)
{
    const struct seg_line *ln = seg_line_at(&c->f->seg[c->seg], c->i), *before = line_before(c, ln);
    unsigned k = b->nindent++;
    int tabs = 0, spaces = 0;

    if (before) {
        tabs = ln->tabs - before->tabs;
        spaces = ln->spaces - before->spaces;
    }
    if (c->f->indent != q->doc->indent && q->doc->indent != INDENT_UNKNOWN) {
        if (q->doc->indent == INDENT_TABS) {
            tabs = spaces / 4;
            spaces = 0;
        } else {
            spaces += tabs * 4;
            tabs = 0;
        }
    }
    b->indent[k].tabs = (uint8_t)clip(b->indent[k - 1].tabs + tabs);
    b->indent[k].spaces = (uint8_t)clip(b->indent[k - 1].spaces + spaces);
}

static bool is_below(const struct query *q, const struct hyp *h)
{
    uint32_t n = h->n - h->line_tok;

    return q->nbelow > 1 && n == q->nbelow &&
           memcmp(h->tok + SEG_LEAD + h->line_tok + 1, q->below + 1, (n - 1) * sizeof *q->below) == 0;
}

/* Ends the line of b->best and starts the next one; false when that would leave the caret's block. */
static bool start_line(struct beam *b, const struct query *q, struct dist *d)
{
    struct hyp *h = &b->best;
    unsigned i;

    for (i = 0; i < d->n && !id_is_line(d->share[i].id); i++)
        ;
    if (i == d->n || d->share[i].cursor == 255)
        return false;
    next_indent(b, q, &h->cursor[d->share[i].cursor]);
    if (seg_indent(b->indent[b->nindent - 1].tabs, b->indent[b->nindent - 1].spaces) <
        seg_indent(b->indent[0].tabs, b->indent[0].spaces))
        return false;
    d->share[i].p /= d->line; /* that the line ends is counted already */
    d->share[i].space = (uint8_t)(b->nindent - 1);
    push_share(b, q, h, &d->share[i]);
    return true;
}

/* Adds one line to b->best, which stands at a line's end with distribution d; false when none is likely. */
static bool add_line(struct beam *b, const struct query *q, struct dist *d)
{
    struct hyp *h = &b->best;
    float start = h->logp;
    unsigned i, steps;

    if (!start_line(b, q, d))
        return false;
    for (steps = 0; steps < STEPS && h->n + 2 < h->base + HYP_TOKENS; steps++) {
        vote_dist(q, h, d);
        if (d->n == 0)
            return false;
        for (i = 0; i < d->n && id_is_line(d->share[i].id); i++)
            ;
        if (steps > 0 && (i == d->n || d->line > d->share[i].p)) {
            h->logp += logf(d->line);
            return h->logp - start > line_logp && !is_below(q, h);
        }
        if (i == d->n || h->logp - start + logf(d->share[i].p) < line_logp)
            return false;
        push_share(b, q, h, &d->share[i]);
    }
    return false;
}

static void add_lines(struct beam *b, const struct query *q, const struct beam_limits *lim)
{
    struct guess *out = &b->out[b->nout];
    bool have = false;
    unsigned i;

    b->indent[0].tabs = q->tabs;
    b->indent[0].spaces = q->spaces;
    b->nindent = 1;
    vote_dist(q, &b->best, &b->dist[0]);
    b->best.logp += logf(b->dist[0].line);
    for (i = 0; i < MAX_LINES; i++) {
        if ((lim->is_cancelled && lim->is_cancelled(lim->ctx)) || !add_line(b, q, &b->dist[0]))
            break;
        if (!make_guess(b, q, &b->best, BEAM_LINES, b->best.logp, 0, out))
            break;
        have = true;
    }
    b->nout += have;
}

unsigned beam_run(struct beam *b, const struct query *q, const struct beam_limits *lim, struct guess ret[BEAM_RESULTS + 2])
{
    unsigned lines;

    b->out = ret;
    b->nout = 0;
    b->has_best = b->has_cut = false;
    b->tiny = lim->tiny;
    hyp_init(&b->live[0], q);
    match_find(b->match, q, &b->live[0], true);
    b->exact = b->live[0].max_exact;
    b->aligned = b->live[0].max_aligned;
    b->escape = 1;
    search(b, q, lim);
    if (b->nout > 1)
        ret[0].gap = ret[0].logp - ret[1].logp;
    lines = b->nout;
    if (b->has_cut && make_cut(b, q, &ret[b->nout], lines > 0 ? ret[0].logp : floor_logp))
        b->nout++;
    if (lines > 0 && b->has_best && lim->lines && q->stop == ID_NONE)
        add_lines(b, q, lim);
    return b->nout;
}
