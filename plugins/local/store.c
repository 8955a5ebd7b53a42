/* SPDX-License-Identifier: MIT */
#include "store.h"

#include "mem.h"

#include <string.h>

/* ---- one file ----------------------------------------------------------------------------------------------------- */

/* The end of the piece of text that starts at `at`: at least `want` bytes, up to a line end. */
static size_t piece_end(const char *p, size_t n, size_t at, size_t want)
{
    const char *nl;

    if (n - at <= want)
        return n;
    nl = memchr(p + at + want, '\n', n - at - want);
    return nl ? (size_t)(nl - p) + 1 : n;
}

/* Replaces the segments [from, to) by ones for the text at p. */
static void replace_segs(struct file *f, struct vocab *v, uint32_t from, uint32_t to, const char *p, size_t n)
{
    struct seg_state st = from > 0 ? f->seg[from - 1].out : (struct seg_state){ 0 };
    size_t want = f->open ? STORE_SEG_OPEN : STORE_SEG_CLOSED, at, end;
    uint32_t made = 0, i;

    for (at = 0; at < n; at = piece_end(p, n, at, want))
        made++;
    struct seg *fresh = mem_resize(NULL, made * sizeof *fresh);
    for (at = 0, i = 0; at < n; at = end, i++) {
        end = piece_end(p, n, at, want);
        seg_build(v, f->lang, p + at, end - at, st, &fresh[i]);
        st = fresh[i].out;
        f->bytes += seg_bytes(&fresh[i]);
    }
    for (i = from; i < to; i++) {
        f->bytes -= seg_bytes(&f->seg[i]);
        seg_fini(&f->seg[i], v);
    }
    if (f->nseg - (to - from) + made > f->capseg) {
        f->capseg = f->nseg - (to - from) + made + (f->open ? 16 : 0);
        f->seg = mem_resize(f->seg, f->capseg * sizeof *f->seg);
    }
    if (f->nseg > to)
        memmove(f->seg + from + made, f->seg + to, (f->nseg - to) * sizeof *f->seg);
    if (made)
        memcpy(f->seg + from, fresh, made * sizeof *fresh);
    f->nseg = f->nseg - (to - from) + made;
    free(fresh);
    f->ready = false;
}

static void set_text(struct file *f, const char *p, size_t n)
{
    f->captext = n + n / 8 + 64;
    f->text = mem_resize(NULL, f->captext);
    memcpy(f->text, p, n);
    f->ntext = n;
    f->bytes += f->captext;
}

struct file *file_new(struct vocab *v, const char *path, size_t npath, const char *lang, size_t nlang, const char *text,
                      size_t n, bool open)
{
    struct file *f = mem_zeroed(1, sizeof *f);

    f->path = mem_resize(NULL, npath + 1);
    memcpy(f->path, path, npath);
    f->path[npath] = 0;
    f->npath = npath;
    for (f->ndir = npath; f->ndir > 0 && path[f->ndir - 1] != '/'; f->ndir--)
        ;
    f->lang = lex_lang(lang, nlang);
    f->group = lex_group(lang, nlang);
    f->open = open;
    f->bytes = sizeof *f + npath + 64;
    if (open)
        set_text(f, text, n);
    if (n <= STORE_MAX_FILE)
        replace_segs(f, v, 0, 0, text, n);
    return f;
}

void file_free(struct file *f, struct vocab *v)
{
    uint32_t i;

    for (i = 0; i < f->nseg; i++)
        seg_fini(&f->seg[i], v);
    free(f->seg);
    free(f->text);
    free(f->path);
    free(f);
}

/* The last tokens before segment i, in order; returns how many. */
static unsigned lead_of(const struct file *f, uint32_t i, uint32_t *t, uint8_t *skel)
{
    unsigned have = 0, j;
    uint32_t k;

    while (i-- > 0 && have < SEG_LEAD) {
        const struct seg *g = &f->seg[i];

        for (j = g->ntok; j > 0 && have < SEG_LEAD; j--, have++) {
            k = SEG_LEAD - 1 - have;
            t[k] = g->tok[j - 1];
            skel[k] = g->skel[j - 1];
        }
    }
    memmove(t, t + SEG_LEAD - have, have * sizeof *t);
    memmove(skel, skel + SEG_LEAD - have, have);
    return have;
}

static void merge_sketch(struct file *f, const struct seg *g)
{
    uint32_t out[SEG_SKETCH], n = 0, a = 0, b = 0;

    while (n < SEG_SKETCH && (a < f->nsketch || b < g->nsketch)) {
        if (b == g->nsketch || (a < f->nsketch && f->sketch[a] < g->sketch[b])) {
            out[n++] = f->sketch[a++];
        } else {
            if (a < f->nsketch && f->sketch[a] == g->sketch[b])
                a++;
            out[n++] = g->sketch[b++];
        }
    }
    memcpy(f->sketch, out, n * sizeof *out);
    f->nsketch = n;
}

void file_prepare(struct file *f)
{
    uint32_t lead[SEG_LEAD], i, tabs = 0, spaces = 0;
    uint8_t skel[SEG_LEAD];
    unsigned n;

    if (f->ready)
        return;
    f->nsketch = 0;
    for (i = 0; i < f->nseg; i++) {
        struct seg *g = &f->seg[i];

        if (!g->head || !g->post) {
            n = lead_of(f, i, lead, skel);
            seg_index(g, lead, skel, n);
        }
        merge_sketch(f, g);
        tabs += g->tabbed;
        spaces += g->spaced;
    }
    f->indent = tabs > spaces ? INDENT_TABS : spaces > 0 ? INDENT_SPACES : INDENT_UNKNOWN;
    f->ready = true;
}

/* Forgets the indexes that looked at tokens before segment i. */
static void spoil_indexes(struct file *f, uint32_t i)
{
    unsigned seen = 0;

    for (; i < f->nseg && seen < SEG_LEAD; i++) {
        free(f->seg[i].head);
        f->seg[i].head = NULL;
        seen += f->seg[i].ntok;
    }
}

static void edit_text(struct file *f, size_t start, size_t old_end, const char *text, size_t n)
{
    size_t len = f->ntext - (old_end - start) + n;

    if (len > f->captext) {
        f->bytes -= f->captext;
        f->captext = len + len / 8 + 64;
        f->bytes += f->captext;
        f->text = mem_resize(f->text, f->captext);
    }
    memmove(f->text + start + n, f->text + old_end, f->ntext - old_end);
    if (n)
        memcpy(f->text + start, text, n);
    f->ntext = len;
}

static bool same_state(struct seg_state a, struct seg_state b)
{
    return a.indent == b.indent && a.mode == b.mode && a.blank == b.blank;
}

/* Makes new segments for the text around the changed range, and for those after it whose starting state changed. */
static void edit_segs(struct file *f, struct vocab *v, size_t start, size_t old_end, size_t n)
{
    size_t begin = 0, end, pos;
    uint32_t from = 0, to;

    while (from + 1 < f->nseg && begin + f->seg[from].bytes <= start)
        begin += f->seg[from++].bytes;
    end = begin;
    to = from;
    while (to < f->nseg && (to == from || end <= old_end))
        end += f->seg[to++].bytes;
    end = end - (old_end - start) + n;
    /* A segment ends with a line; a tiny one is joined with the next. */
    while (to < f->nseg && (end == begin || f->text[end - 1] != '\n' || end - begin < STORE_SEG_OPEN / 4))
        end += f->seg[to++].bytes;
    uint32_t rest = f->nseg - to;
    replace_segs(f, v, from, to, f->text + begin, end - begin);
    to = f->nseg - rest;
    pos = end;
    while (to < f->nseg && !same_state(f->seg[to].in, to ? f->seg[to - 1].out : (struct seg_state){ 0 })) {
        size_t len = f->seg[to].bytes;

        rest = f->nseg - to - 1;
        replace_segs(f, v, to, to + 1, f->text + pos, len);
        pos += len;
        to = f->nseg - rest;
    }
    spoil_indexes(f, to);
}

/* ---- all files ---------------------------------------------------------------------------------------------------- */

void store_init(struct store *s, size_t max_bytes)
{
    *s = (struct store){ .max_bytes = max_bytes };
    vocab_init(&s->vocab);
}

void store_fini(struct store *s)
{
    uint32_t i;

    for (i = 0; i < s->n; i++)
        file_free(s->file[i], &s->vocab);
    free(s->file);
    vocab_fini(&s->vocab);
}

static uint32_t index_of(const struct store *s, const char *path, size_t npath)
{
    uint32_t i;

    for (i = s->n; i-- > 0;)
        if (s->file[i]->npath == npath && memcmp(s->file[i]->path, path, npath) == 0)
            return i;
    return UINT32_MAX;
}

struct file *store_find(const struct store *s, const char *path, size_t npath)
{
    uint32_t i = index_of(s, path, npath);

    return i == UINT32_MAX ? NULL : s->file[i];
}

static void drop_at(struct store *s, uint32_t i)
{
    s->bytes -= s->file[i]->bytes;
    file_free(s->file[i], &s->vocab);
    memmove(s->file + i, s->file + i + 1, (s->n - i - 1) * sizeof *s->file);
    s->n--;
}

static void make_room(struct store *s)
{
    uint32_t i = 0;

    while (i < s->n && s->bytes + s->vocab.bytes > s->max_bytes) {
        if (s->file[i]->open)
            i++;
        else
            drop_at(s, i);
    }
}

void store_drop(struct store *s, const char *path, size_t npath)
{
    uint32_t i = index_of(s, path, npath);

    if (i != UINT32_MAX)
        drop_at(s, i);
}

void store_put(struct store *s, const char *path, size_t npath, const char *lang, size_t nlang, const char *text, size_t n,
               bool open)
{
    struct file *f;

    store_drop(s, path, npath);
    if (n > (open ? STORE_MAX_TEXT : STORE_MAX_FILE))
        return;
    f = file_new(&s->vocab, path, npath, lang, nlang, text, n, open);
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->file = mem_resize(s->file, s->cap * sizeof *s->file);
    }
    s->file[s->n++] = f;
    s->bytes += f->bytes;
    make_room(s);
}

bool store_edit(struct store *s, const char *path, size_t npath, uint64_t start, uint64_t old_end, const char *text,
                size_t n)
{
    uint32_t i = index_of(s, path, npath);
    struct file *f;
    bool was_indexed;

    if (i == UINT32_MAX || !s->file[i]->open)
        return true;
    f = s->file[i];
    if (start > old_end || old_end > f->ntext)
        return false;
    if (n > STORE_MAX_TEXT || f->ntext - (old_end - start) + n > STORE_MAX_TEXT) {
        drop_at(s, i);
        return true;
    }
    s->bytes -= f->bytes;
    was_indexed = f->ntext <= STORE_MAX_FILE;
    edit_text(f, start, old_end, text, n);
    if (f->ntext > STORE_MAX_FILE)
        replace_segs(f, &s->vocab, 0, f->nseg, NULL, 0);
    else if (!was_indexed || f->nseg == 0)
        replace_segs(f, &s->vocab, 0, f->nseg, f->text, f->ntext);
    else
        edit_segs(f, &s->vocab, start, old_end, n);
    s->bytes += f->bytes;
    make_room(s);
    return true;
}
