/* SPDX-License-Identifier: MIT */
#include "seg.h"

#include "mem.h"

#include <string.h>

struct seg_grow { /* arrays while a segment is made */
    struct seg *g;
    uint32_t ctok, cline;
};

static void set_cap(struct seg_grow *w, uint32_t ctok)
{
    w->ctok = ctok;
    w->g->tok = mem_resize(w->g->tok, ctok * sizeof *w->g->tok);
    w->g->space = mem_resize(w->g->space, ctok);
    w->g->skel = mem_resize(w->g->skel, ctok);
}

static void add_token(struct seg_grow *w, struct vocab *v, uint32_t id, uint8_t space)
{
    struct seg *g = w->g;

    if (g->ntok == w->ctok)
        set_cap(w, w->ctok * 2);
    g->tok[g->ntok] = id;
    g->space[g->ntok] = space;
    g->skel[g->ntok++] = v->entry[id].skel;
}

/* Keeps the SEG_SKETCH smallest different hashes: the sketch of a union is the merge of sketches. */
static void sketch_add(struct seg *g, uint32_t hash)
{
    uint32_t i = g->nsketch;

    if (i == SEG_SKETCH && hash >= g->sketch[SEG_SKETCH - 1])
        return;
    while (i > 0 && g->sketch[i - 1] >= hash)
        i--;
    if (i < g->nsketch && g->sketch[i] == hash)
        return;
    if (g->nsketch < SEG_SKETCH)
        g->nsketch++;
    memmove(g->sketch + i + 1, g->sketch + i, (g->nsketch - i - 1) * sizeof g->sketch[0]);
    g->sketch[i] = hash;
}

static void add_seg_line(struct seg_grow *w, struct vocab *v, const struct lex_line *ln, const char *p, struct seg_line at)
{
    struct seg *g = w->g;
    uint32_t id;
    size_t i;

    if (g->ntok + ln->n + 1 > SEG_MAX_TOKENS)
        return;
    if (g->nline == w->cline) {
        w->cline = w->cline * 2;
        g->line = mem_resize(g->line, w->cline * sizeof *g->line);
    }
    at.tok = (uint16_t)g->ntok;
    at.tabs = ln->tabs;
    at.spaces = ln->spaces;
    g->tabbed += ln->tabs > 0;
    g->spaced += ln->tabs == 0 && ln->spaces > 0;
    g->line[g->nline++] = at;
    add_token(w, v, seg_line_id(g->out, seg_indent(ln->tabs, ln->spaces)), 0);
    for (i = 0; i < ln->n; i++) {
        id = vocab_ref(v, p + ln->tok[i].off, ln->tok[i].len, ln->tok[i].kind);
        if (v->entry[id].kind == TK_WORD && v->entry[id].len > 2)
            sketch_add(g, v->entry[id].hash);
        add_token(w, v, id, ln->tok[i].space);
    }
    g->out.indent = seg_indent(ln->tabs, ln->spaces);
    g->out.blank = false;
}

void seg_build(struct vocab *v, const struct lex_lang *l, const char *p, size_t n, struct seg_state in, struct seg *ret)
{
    struct seg_grow w = { .g = ret, .cline = 16 };
    struct lex_line ln;
    const char *end;
    size_t at = 0, len;

    *ret = (struct seg){ .in = in, .out = in, .bytes = (uint32_t)n };
    ret->line = mem_resize(NULL, w.cline * sizeof *ret->line);
    set_cap(&w, 64);
    while (at < n) {
        end = memchr(p + at, '\n', n - at);
        len = end ? (size_t)(end - p) - at : n - at;
        lex_line(l, p + at, len, false, &ret->out.mode, &ln);
        if (ln.n > 0)
            add_seg_line(&w, v, &ln, p + at, (struct seg_line){ .off = (uint32_t)at, .line = ret->nlines });
        else if (ln.blank)
            ret->out.blank = true;
        ret->nlines += end != NULL;
        at += len + (end != NULL);
    }
    set_cap(&w, ret->ntok ? ret->ntok : 1);
    ret->line = mem_resize(ret->line, (ret->nline ? ret->nline : 1) * sizeof *ret->line);
}

void seg_fini(struct seg *g, struct vocab *v)
{
    uint32_t i;

    for (i = 0; i < g->ntok; i++)
        vocab_unref(v, g->tok[i]);
    free(g->tok);
    free(g->space);
    free(g->skel);
    free(g->line);
    free(g->head);
    free(g->post);
}

static unsigned bits_for(uint32_t ntok)
{
    unsigned bits = 4;

    while ((1u << bits) < ntok / 2 && bits < 15)
        bits++;
    return bits;
}

size_t seg_bytes(const struct seg *g)
{
    return sizeof *g + g->ntok * (6u + 2u * SEG_INDEXES) + g->nline * sizeof *g->line +
           SEG_INDEXES * 2u * ((1u << bits_for(g->ntok)) + 1u) + 96;
}

uint32_t seg_hash(int index, const uint32_t *t, const uint8_t *skel)
{
    uint32_t h;

    switch (index) {
    case SEG_EXACT4:
        h = ((t[-4] * 0x9e3779b1u + t[-3]) * 0x85ebca6bu + t[-2]) * 0xc2b2ae35u + t[-1];
        break;
    case SEG_EXACT2:
        h = t[-2] * 0x9e3779b1u + t[-1];
        break;
    case SEG_EXACT1:
        h = t[-1] * 0x9e3779b1u;
        break;
    case SEG_SKEL2:
        h = ((uint32_t)skel[-2] << 8 | skel[-1]) * 0x9e3779b1u;
        break;
    default:
        h = ((uint32_t)skel[-4] << 24 | (uint32_t)skel[-3] << 16 | (uint32_t)skel[-2] << 8 | skel[-1]) + 0x51ed270bu;
    }
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    return h ^ h >> 13;
}

static void index_one(struct seg *g, int index, const uint32_t *t, const uint8_t *skel)
{
    uint32_t nb = 1u << g->bits, i, h;
    uint16_t *head = g->head + (size_t)index * (nb + 1), *post = g->post + (size_t)index * g->ntok;

    memset(head, 0, (nb + 1) * sizeof *head);
    for (i = 0; i < g->ntok; i++)
        head[(seg_hash(index, t + i, skel + i) & (nb - 1)) + 1]++;
    for (i = 0; i < nb; i++)
        head[i + 1] = (uint16_t)(head[i + 1] + head[i]);
    /* Filling from the back leaves head[b] at the bucket's start and the positions ascending. */
    for (i = nb; i > 0; i--)
        head[i] = head[i - 1];
    for (i = 0; i < g->ntok; i++) {
        h = seg_hash(index, t + i, skel + i) & (nb - 1);
        post[head[h + 1]++] = (uint16_t)i;
    }
}

void seg_index(struct seg *g, const uint32_t *lead, const uint8_t *lead_skel, unsigned nlead)
{
    uint32_t *t = mem_resize(NULL, (g->ntok + SEG_LEAD) * sizeof *t);
    uint8_t *skel = mem_resize(NULL, g->ntok + SEG_LEAD);
    unsigned miss = SEG_LEAD - nlead;
    int index;

    memset(t, 0, miss * sizeof *t);
    memset(skel, 0, miss);
    memcpy(t + miss, lead, nlead * sizeof *t);
    memcpy(skel + miss, lead_skel, nlead);
    memcpy(t + SEG_LEAD, g->tok, g->ntok * sizeof *t);
    memcpy(skel + SEG_LEAD, g->skel, g->ntok);
    g->bits = (uint8_t)bits_for(g->ntok);
    g->head = mem_resize(g->head, SEG_INDEXES * ((1u << g->bits) + 1) * sizeof *g->head);
    g->post = mem_resize(g->post, (SEG_INDEXES * (size_t)g->ntok + 1) * sizeof *g->post);
    for (index = 0; index < SEG_INDEXES; index++)
        index_one(g, index, t + SEG_LEAD, skel + SEG_LEAD);
    free(t);
    free(skel);
}

const uint16_t *seg_find(const struct seg *g, int index, uint32_t hash, unsigned *ret_n)
{
    uint32_t nb = 1u << g->bits;
    const uint16_t *head = g->head + (size_t)index * (nb + 1) + (hash & (nb - 1));

    *ret_n = (unsigned)(head[1] - head[0]);
    return g->post + (size_t)index * g->ntok + head[0];
}

const struct seg_line *seg_line_at(const struct seg *g, unsigned i)
{
    uint32_t lo = 0, hi = g->nline, mid;

    while (hi - lo > 1) {
        mid = (lo + hi) / 2;
        if (g->line[mid].tok <= i)
            lo = mid;
        else
            hi = mid;
    }
    return &g->line[lo];
}
