/* SPDX-License-Identifier: MIT */
#include "query.h"

#include "mem.h"

#include <string.h>

enum { RECENT_BEFORE = 8000, RECENT_AFTER = 4000, RECENT_NEAR = 200 };
enum { WINDOW_BEFORE = 64 << 10, WINDOW_AFTER = 32 << 10 }; /* of a document made for one query */

/* ---- the document ------------------------------------------------------------------------------------------------- */

static bool same_text(const struct file *f, const struct query_request *r)
{
    return f->open && f->nseg > 0 && r->caret <= f->ntext && r->nprefix <= r->caret && r->nsuffix <= f->ntext - r->caret &&
           memcmp(f->text + r->caret - r->nprefix, r->prefix, r->nprefix) == 0 &&
           memcmp(f->text + r->caret, r->suffix, r->nsuffix) == 0;
}

/* Makes a document of the request's windows; returns the caret's place in it. */
static size_t make_cold(struct query *q, const struct query_request *r)
{
    size_t np = r->nprefix, ns = r->nsuffix < WINDOW_AFTER ? r->nsuffix : WINDOW_AFTER;
    const char *p = r->prefix, *nl;
    char *text;

    if (np > WINDOW_BEFORE) {
        p += np - WINDOW_BEFORE;
        np = WINDOW_BEFORE;
    }
    /* A window that starts inside a line starts with the next one. */
    if (r->caret > np && np > 0 && (nl = memchr(p, '\n', np)) != NULL) {
        np -= (size_t)(nl + 1 - p);
        p = nl + 1;
    }
    text = mem_resize(NULL, np + ns + 1);
    if (np)
        memcpy(text, p, np);
    if (ns)
        memcpy(text + np, r->suffix, ns);
    q->cold = file_new(&q->store->vocab, r->path, r->npath, r->lang, r->nlang, text, np + ns, true);
    q->doc = q->cold;
    free(text);
    return np;
}

/* ---- the caret ---------------------------------------------------------------------------------------------------- */

/* Finds the caret's line among the segments and returns the lexer's state before it. */
static struct seg_state find_line(struct query *q, size_t line_start)
{
    const struct file *f = q->doc;
    struct lex_line ln;
    struct seg_state st = { 0 };
    size_t begin = 0, at, len;
    uint32_t i = 0, k;
    const char *nl;

    for (q->line = 0; i + 1 < f->nseg && begin + f->seg[i].bytes <= line_start; i++) {
        begin += f->seg[i].bytes;
        q->line += f->seg[i].nlines;
    }
    q->cseg = i;
    if (i >= f->nseg)
        return st;
    st = f->seg[i].in;
    for (at = begin; at < line_start; at += len + 1) {
        nl = memchr(f->text + at, '\n', f->ntext - at);
        len = nl ? (size_t)(nl - f->text) - at : f->ntext - at;
        lex_line(f->lang, f->text + at, len, false, &st.mode, &ln);
        if (ln.n > 0) {
            st.indent = seg_indent(ln.tabs, ln.spaces);
            st.blank = false;
        } else if (ln.blank) {
            st.blank = true;
        }
        q->line++;
    }
    const struct seg *g = &f->seg[i];
    for (k = 0; k < g->nline && begin + g->line[k].off < line_start; k++)
        ;
    q->c0 = k < g->nline ? g->line[k].tok : g->ntok;
    q->c1 = q->c0;
    if (k < g->nline && begin + g->line[k].off == line_start)
        q->c1 = k + 1 < g->nline ? g->line[k + 1].tok : g->ntok;
    return st;
}

static uint32_t hold(struct query *q, const char *p, size_t n, uint8_t kind)
{
    uint32_t id = vocab_ref(&q->store->vocab, p, n, kind);

    q->held[q->nheld++] = id;
    return id;
}

/* Fills the context: tokens of the document before the caret's line, then those of the line up to the caret. */
static void fill_context(struct query *q, const struct lex_line *ln, const char *line, struct seg_state st, size_t ntok)
{
    const struct file *f = q->doc;
    uint32_t want, have = 0, seg = q->cseg, i = q->c0, first = 0, id;
    uint32_t *t = q->tok + SEG_LEAD;
    uint8_t *skel = q->skel + SEG_LEAD;
    size_t k;

    if (ntok > QUERY_CONTEXT - 16)
        first = (uint32_t)ntok - (QUERY_CONTEXT - 16);
    want = QUERY_CONTEXT - 1 - ((uint32_t)ntok - first);
    while (have < want) {
        if (i == 0) {
            if (seg == 0)
                break;
            i = f->seg[--seg].ntok;
            continue;
        }
        i--;
        have++;
        t[want - have] = f->seg[seg].tok[i];
        skel[want - have] = f->seg[seg].skel[i];
    }
    memmove(t, t + want - have, have * sizeof *t);
    memmove(skel, skel + want - have, have);
    for (q->prev_line_tok = 0, i = have; i > 0 && !q->prev_line_tok; i--)
        if (id_is_line(t[i - 1]))
            q->prev_line_tok = i - 1;
    q->line_tok = have;
    t[have] = seg_line_id(st, seg_indent(ln->tabs, ln->spaces));
    skel[have] = q->store->vocab.entry[t[have]].skel;
    q->n = have + 1;
    q->ctyped = q->c0;
    for (k = first; k < ntok; k++) {
        id = hold(q, line + ln->tok[k].off, ln->tok[k].len, ln->tok[k].kind);
        t[q->n] = id;
        skel[q->n++] = q->store->vocab.entry[id].skel;
    }
    /* A quote that is not closed yet can make the stored line's tokens others than these. */
    for (k = have + 1u; first == 0 && k < q->n && q->ctyped + 1 < q->c1; k++, q->ctyped++)
        if (f->seg[q->cseg].tok[q->ctyped + 1] != t[k])
            break;
    q->ctyped += q->ctyped > q->c0;
}

/* A word that ends at the caret may go on; returns how many tokens are complete. */
static size_t take_partial(struct query *q, const struct lex_line *ln, const char *line, size_t caret)
{
    const struct lex_token *t = &ln->tok[ln->n > 0 ? ln->n - 1 : 0];

    if (ln->n == 0 || (t->kind != TK_WORD && t->kind != TK_NUM) || t->off + t->len != caret)
        return ln->n;
    q->npartial = t->len;
    memcpy(q->partial, line + t->off, t->len);
    return ln->n - 1;
}

/* Reads the caret's line: what is typed of it, and what follows. Returns false when nothing is to be completed. */
static bool read_line(struct query *q, const char *line, size_t caret, size_t end, struct seg_state st)
{
    struct lex_line ln, rest;
    uint8_t mode = st.mode;
    size_t ntok;

    if (caret > LEX_LINE_BYTES)
        return false;
    lex_line(q->doc->lang, line, caret, true, &mode, &ln);
    if (ln.comment)
        return false;
    q->tabs = ln.tabs;
    q->spaces = ln.spaces;
    q->whole = ln.n == 0;
    q->spaced = caret == 0 || line[caret - 1] == ' ' || line[caret - 1] == '\t';
    if (ln.n > 0 && ln.tok[ln.n - 1].kind == TK_WALL)
        return false;
    ntok = take_partial(q, &ln, line, caret);
    if (q->npartial > 0 && caret < end && lex_is_word((unsigned char)line[caret]))
        return false;
    q->after = line + caret;
    q->nafter = end - caret < LEX_LINE_BYTES ? end - caret : LEX_LINE_BYTES;
    lex_line(q->doc->lang, q->after, q->nafter, false, &mode, &rest);
    if (rest.n > 0)
        q->stop = hold(q, q->after + rest.tok[0].off, rest.tok[0].len, rest.tok[0].kind);
    fill_context(q, &ln, line, st, ntok);
    return true;
}

static void find_below(struct query *q)
{
    const struct file *f = q->doc;
    uint32_t seg = q->cseg, i = q->c1;

    while (q->nbelow < QUERY_BELOW && seg < f->nseg) {
        const struct seg *g = &f->seg[seg];

        if (i >= g->ntok) {
            seg++;
            i = 0;
            continue;
        }
        if (q->nbelow > 0 && id_is_line(g->tok[i]))
            break;
        q->below[q->nbelow] = g->tok[i];
        q->below_skel[q->nbelow++] = g->skel[i++];
    }
}

/* ---- words around the caret --------------------------------------------------------------------------------------- */

static uint32_t recent_slot(const struct recent *r, uint32_t id)
{
    uint32_t s = (id * 0x9e3779b1u) >> 18;

    while (r->slot[s] && r->word[r->slot[s] - 1] != id)
        s = (s + 1) & (RECENT_SLOTS - 1);
    return s;
}

static void recent_add(struct recent *r, uint32_t id, uint8_t skel)
{
    uint32_t s;

    if (!skel_is_word(skel) || r->n == RECENT_MAX)
        return;
    s = recent_slot(r, id);
    if (r->slot[s])
        return;
    r->word[r->n++] = id;
    r->slot[s] = r->n;
}

int query_recent(const struct query *q, uint32_t id)
{
    uint32_t i = q->recent.slot[recent_slot(&q->recent, id)];

    return i == 0 ? 0 : i <= q->recent.nnear ? 1 : 2;
}

/* Adds words going away from the caret, at most `max` tokens of them. */
static void recent_walk(struct query *q, bool back, unsigned skip, unsigned max)
{
    const struct file *f = q->doc;
    uint32_t seg = q->cseg, i = back ? q->c0 : q->c1;

    for (unsigned done = 0; done < max; done++) {
        if (back) {
            while (i == 0) {
                if (seg == 0)
                    return;
                i = f->seg[--seg].ntok;
            }
            i--;
        } else {
            while (i >= f->seg[seg].ntok) {
                if (++seg >= f->nseg)
                    return;
                i = 0;
            }
        }
        if (done >= skip)
            recent_add(&q->recent, f->seg[seg].tok[i], f->seg[seg].skel[i]);
        i += !back;
    }
}

static void find_recent(struct query *q)
{
    uint32_t i;

    memset(q->recent.slot, 0, sizeof q->recent.slot);
    q->recent.n = 0;
    for (i = q->n; i > q->line_tok; i--)
        recent_add(&q->recent, q->tok[SEG_LEAD + i - 1], q->skel[SEG_LEAD + i - 1]);
    if (q->doc->nseg > 0) {
        recent_walk(q, true, 0, RECENT_NEAR);
        recent_walk(q, false, 0, RECENT_NEAR / 2);
        q->recent.nnear = q->recent.n;
        recent_walk(q, true, RECENT_NEAR, RECENT_BEFORE);
        recent_walk(q, false, RECENT_NEAR / 2, RECENT_AFTER);
    }
}

/* ---- near files --------------------------------------------------------------------------------------------------- */

static size_t common_dirs(const struct file *a, const struct file *b)
{
    size_t i, n = 0;

    for (i = 0; i < a->ndir && i < b->ndir && a->path[i] == b->path[i]; i++)
        n += a->path[i] == '/';
    return n;
}

static bool same_stem(const struct file *a, const struct file *b)
{
    size_t i = a->ndir, j = b->ndir, n = 0;

    for (; i < a->npath && j < b->npath && a->path[i] == b->path[j] && a->path[i] != '.'; i++, j++)
        n++;
    return n >= 3 && (i == a->npath || a->path[i] == '.' || a->path[i] == '_') &&
           (j == b->npath || b->path[j] == '.' || b->path[j] == '_');
}

static unsigned similarity(const struct file *doc, const struct file *f)
{
    uint32_t a = 0, b = 0, n = 0, same = 0;
    unsigned score;

    while (a < doc->nsketch && b < f->nsketch && n < SEG_SKETCH) {
        bool eq = doc->sketch[a] == f->sketch[b];
        bool less = doc->sketch[a] < f->sketch[b];

        same += eq;
        n++;
        a += eq || less;
        b += eq || !less;
    }
    score = n ? same * 320 / n : 0;
    if (f->ndir == doc->ndir && memcmp(f->path, doc->path, f->ndir) == 0)
        score += 24;
    else
        score += 4 * (unsigned)(common_dirs(doc, f) < 5 ? common_dirs(doc, f) : 5);
    return score + (same_stem(doc, f) ? 120 : 0) + (f->open ? 30 : 0);
}

static void find_near(struct query *q)
{
    unsigned score[QUERY_NEAR], s;
    uint32_t i, j, seen = 0;

    for (i = q->store->n; i-- > 0 && seen < QUERY_RANKED;) {
        struct file *f = q->store->file[i];

        if (f->group != q->doc->group || f == q->doc ||
            (f->npath == q->doc->npath && memcmp(f->path, q->doc->path, f->npath) == 0))
            continue;
        seen++;
        file_prepare(f);
        s = similarity(q->doc, f);
        if (q->nnear == QUERY_NEAR && s <= score[q->nnear - 1])
            continue;
        if (q->nnear < QUERY_NEAR)
            q->nnear++;
        for (j = q->nnear - 1; j > 0 && score[j - 1] < s; j--) {
            score[j] = score[j - 1];
            q->near[j] = q->near[j - 1];
        }
        score[j] = s;
        q->near[j] = f;
    }
}

/* ------------------------------------------------------------------------------------------------------------------- */

bool query_init(struct query *q, struct store *s, const struct query_request *r)
{
    struct seg_state st;
    size_t caret, start, end;
    const char *nl;
    uint32_t i, line = 0;

    memset(q, 0, offsetof(struct query, recent));
    q->recent.n = q->recent.nnear = 0;
    q->store = s;
    q->doc = store_find(s, r->path, r->npath);
    caret = r->caret;
    if (!q->doc || r->fresh || !same_text(q->doc, r))
        caret = make_cold(q, r);
    file_prepare(q->doc);
    for (start = caret; start > 0 && q->doc->text[start - 1] != '\n'; start--)
        ;
    nl = memchr(q->doc->text + caret, '\n', q->doc->ntext - caret);
    end = nl ? (size_t)(nl - q->doc->text) : q->doc->ntext;
    if (end > caret && q->doc->text[end - 1] == '\r')
        end--;
    st = find_line(q, start);
    if (!read_line(q, q->doc->text + start, caret - start, end - start, st))
        return false;
    find_below(q);
    find_recent(q);
    find_near(q);
    q->seg_line = mem_resize(NULL, (q->doc->nseg + 1) * sizeof *q->seg_line);
    for (i = 0; i < q->doc->nseg; i++) {
        q->seg_line[i] = line;
        line += q->doc->seg[i].nlines;
    }
    return true;
}

void query_fini(struct query *q)
{
    uint32_t i;

    for (i = 0; i < q->nheld; i++)
        vocab_unref(&q->store->vocab, q->held[i]);
    if (q->cold)
        file_free(q->cold, &q->store->vocab);
    free(q->seg_line);
}
