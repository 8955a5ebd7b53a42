/* SPDX-License-Identifier: MIT */
/* Part of bench_local.c: whole files are typed, a suggestion is offered at every token, whoever types takes it when it is right.
 *
 * Taking a suggestion costs one key, taking one word of it one key, a new line one key; indentation and comments are not
 * counted. It knows no editor: nothing is offered late, and nobody is distracted. */

static const float cuts[] = { 0.25f, 0.3f, 0.35f, 0.4f, 0.45f, 0.5f, 0.55f, 0.6f, 0.7f, 0.8f, 0.9f };

enum { CUTS = sizeof cuts / sizeof cuts[0], PEER_COPY = CUTS, PEER_TRIGRAM, WAYS, TYPED_MODES = 2 };

struct offer { /* what one way would show at a token */
    float p;
    bool shown, right;
    unsigned tokens; /* of the line that it is right about, from its beginning */
};

struct typing_sum {
    size_t keys, shown, right, partly;
};

struct typing {
    size_t chars, vim_saved;
    struct typing_sum way[TYPED_MODES][WAYS];
    size_t mode_chars[TYPED_MODES];
    struct tally all[TYPED_MODES][SCORE_PLACES][CUTS];
};

/* Complete tokens from number i on that the text begins with. */
static unsigned tokens_right(const struct typist *t, size_t i, const char *text, size_t n)
{
    const char *truth = t->file->text + t->caret;
    size_t same = 0, left = t->end - t->caret;
    unsigned k = 0;

    while (same < n && same < left && text[same] == truth[same])
        same++;
    while (i < t->ln.n && t->start + t->ln.tok[i].off + t->ln.tok[i].len - t->caret <= same) {
        i++;
        k++;
    }
    return k;
}

static struct offer judge(const struct typist *t, size_t i, const struct guess *g, float p)
{
    return (struct offer){ .p = p, .shown = true, .right = typist_agrees(t, g), .tokens = tokens_right(t, i, g->text, g->n) };
}

/* The peer of one sort of counting: the token seen most often after these two. */
static uint32_t trigram_next(const struct query *q, const struct hyp *h, uint8_t *ret_space)
{
    uint32_t id[HYP_CURSORS], best = ID_NONE, f_id;
    unsigned count[HYP_CURSORS], n = 0, most = 0, i, k;
    uint8_t space, f[VOTE_GROUPS];

    for (i = 0; i < h->ncursor; i++) {
        if (h->cursor[i].exact < 2 || !vote_features(q, h, &h->cursor[i], &f_id, &space, f))
            continue;
        for (k = 0; k < n && id[k] != f_id; k++)
            ;
        if (k == n) {
            id[n] = f_id;
            count[n++] = 0;
        }
        if (++count[k] > most) {
            most = count[k];
            best = f_id;
            *ret_space = space;
        }
    }
    return best;
}

static void ask_trigram(struct model *m, struct guess *g)
{
    static struct match *match;
    static struct hyp h;
    const struct query *q = &m->query;
    unsigned steps;
    char space[32];

    match = match ? match : match_new();
    hyp_init(&h, q);
    match_find(match, q, &h, true);
    for (g->n = 0, steps = 0; steps < 60; steps++) {
        uint8_t code = 0;
        uint32_t id = trigram_next(q, &h, &code);
        const struct vocab_entry *e = &q->store->vocab.entry[id];
        size_t typed = g->n == 0 ? q->npartial : 0;

        if (id == ID_NONE || id_is_line(id))
            return;
        if (typed == 0 && !(g->n == 0 && q->spaced))
            put(g, space, lex_space_put(code, space));
        put(g, e->text + typed, e->len - typed);
        hyp_push(&h, q, id, code);
        match_find(match, q, &h, false);
    }
}

static void ask_longest(struct model *m, struct guess *g)
{
    static struct match *match;
    static struct hyp h;
    unsigned k, best = 0;

    match = match ? match : match_new();
    g->n = 0;
    hyp_init(&h, &m->query);
    match_find(match, &m->query, &h, true);
    for (k = 1; k < h.ncursor; k++)
        if (h.cursor[k].exact > h.cursor[best].exact)
            best = k;
    while (best < h.ncursor && copy_token(m, &h.cursor[best], g) && cursor_next(&h.cursor[best], &m->query))
        ;
}

/* What all ways show at the caret, before token i. */
static void ask_all(struct typing *y, struct model *m, const struct typist *t, size_t i, struct offer ret[WAYS])
{
    static struct guess g[BEAM_RESULTS + 2], g2[BEAM_RESULTS + 2];
    static struct completion c[BEAM_RESULTS + 2];
    struct query_request r = typist_request(t);
    struct beam_limits lim = { 0 };
    unsigned found, k;
    double start = now_us();

    memset(ret, 0, WAYS * sizeof *ret);
    if (query_init(&m->query, &m->store, &r)) {
        found = beam_run(m->beam, &m->query, &lim, g);
        uint32_t us = (uint32_t)(now_us() - start);

        for (k = 0; k < CUTS; k++) {
            memcpy(g2, g, found * sizeof *g);
            if (model_choose(&m->query, g2, found, false, cuts[k], c) > 0)
                ret[k] = judge(t, i, &c[0].guess, c[0].p);
            add(&y->all[t->rest][score_place(&m->query)][k],
                (struct outcome){ .p = ret[k].p, .shown_exact = ret[k].right, .exact = ret[k].right, .us = us });
        }
        ask_longest(m, &g[0]);
        g[0].kind = BEAM_REST;
        if (guess_is_useful(&g[0]))
            ret[PEER_COPY] = judge(t, i, &g[0], 1);
        ask_trigram(m, &g[0]);
        if (guess_is_useful(&g[0]))
            ret[PEER_TRIGRAM] = judge(t, i, &g[0], 1);
    }
    query_fini(&m->query);
}

static bool goes_on(const struct vocab_entry *e, const char *p, size_t n)
{
    return e->len > n && memcmp(e->text, p, n) == 0;
}

/* What Vim's keyword completion from this file saves of a word: as soon as its first proposal is right, one key more. */
static size_t vim_saves(struct model *m, const struct typist *t, const struct lex_token *tok)
{
    struct query_request r = typist_request(t);
    const char *p = t->file->text + t->start + tok->off;
    size_t n, saved = 0;
    uint32_t i;

    if (tok->kind != TK_WORD || tok->len < 3)
        return 0;
    if (query_init(&m->query, &m->store, &r)) {
        for (n = 1; n + 1 < tok->len && !saved; n++) {
            for (i = 0; i < m->query.recent.n; i++)
                if (goes_on(&m->store.vocab.entry[m->query.recent.word[i]], p, n))
                    break;
            if (i < m->query.recent.n) {
                const struct vocab_entry *e = &m->store.vocab.entry[m->query.recent.word[i]];

                if (e->len == tok->len && memcmp(e->text, p, e->len) == 0)
                    saved = tok->len - (n + 1);
            }
        }
    }
    query_fini(&m->query);
    return saved;
}

/* Keys for a line when one way's suggestions are taken. */
static void type_line(const struct typist *t, const struct offer (*o)[WAYS], size_t n, unsigned way, struct typing_sum *sum)
{
    size_t i = 0;

    while (i < n) {
        const struct offer *x = &o[i][way];
        const struct lex_token *tok = &t->ln.tok[i];

        sum->keys += i > 0 ? tok->off - tok[-1].off - tok[-1].len : 0;
        sum->shown += x->shown;
        if (x->shown && x->right && x->tokens > 0) {
            sum->right++;
            sum->keys++;
            i += x->tokens;
        } else if (x->shown && x->tokens > 0) {
            sum->partly++;
            sum->keys += x->tokens;
            i += x->tokens;
        } else {
            sum->keys += tok->len;
            i++;
        }
    }
    sum->keys++;
}

static void type_file(struct typing *y, struct model *m, const struct tree_file *f, bool rest, size_t max_chars)
{
    static struct offer o[LEX_TOKENS][WAYS];
    struct offer unused[WAYS];
    struct typist t;
    size_t i, n, chars = 0;
    unsigned way;

    typist_open(&t, &m->store, f, rest);
    while (chars < max_chars && typist_line(&t)) {
        for (n = 0; n < t.ln.n && t.ln.tok[n].kind != TK_WALL; n++)
            ;
        for (i = 0; i < n; i++) {
            const struct lex_token *tok = &t.ln.tok[i];

            typist_move(&t, t.start + tok->off);
            ask_all(y, m, &t, i, o[i]);
            y->vim_saved += rest ? 0 : vim_saves(m, &t, tok);
            if (tok->kind == TK_WORD && tok->len > 3) { /* inside a word: calibration alone */
                typist_move(&t, t.caret + 2);
                ask_all(y, m, &t, i, unused);
            }
        }
        for (way = 0; way < WAYS; way++)
            type_line(&t, (const struct offer(*)[WAYS])o, n, way, &y->way[rest][way]);
        if (n > 0)
            chars += t.ln.tok[n - 1].off + t.ln.tok[n - 1].len - t.ln.tok[0].off + 1;
    }
    y->mode_chars[rest] += chars;
    put_file(m, f, f->text, f->n, false);
}

static void type_tree(struct typing *y, const char *dir, size_t max_chars)
{
    struct model *m = model_new((size_t)1 << 30, 0);
    struct tree t;
    uint64_t rnd = 17;
    size_t before;
    unsigned mode;

    tree_read(&t, dir, TREE_BYTES);
    put_corpus(m, &t);
    for (mode = 0; mode < TYPED_MODES && t.n > 0; mode++)
        for (before = y->mode_chars[mode]; y->mode_chars[mode] - before < max_chars;)
            type_file(y, m, &t.file[tree_random(&rnd) % t.n], mode, max_chars / 4);
    tree_free(&t);
    model_free(m);
}

static void report_way(const struct typing *y, const char *name, unsigned mode, unsigned way)
{
    const struct typing_sum *s = &y->way[mode][way];

    printf("%-10s %-14s saved %5.1f %%   shown %6zu   right %5.1f %%   right at least in part %5.1f %%\n",
           mode ? "inside" : "new file", name, 100 - 100.0 * (double)s->keys / (double)(y->mode_chars[mode] + 1), s->shown,
           100.0 * (double)s->right / (double)(s->shown + !s->shown),
           100.0 * (double)(s->right + s->partly) / (double)(s->shown + !s->shown));
}

static void report_calibration(struct typing *y)
{
    static const char *const places[] = { "line start", "at a token", "in a word" };
    unsigned mode, place, k;
    size_t i;

    for (k = 0; k < CUTS; k += 5) {
        struct tally sum = { 0 };

        for (mode = 0; mode < TYPED_MODES; mode++) {
            for (place = 0; place < SCORE_PLACES; place++) {
                struct tally *t = &y->all[mode][place][k];
                size_t n = 0, right = 0;

                qsort(t->o, t->n, sizeof *t->o, by_p);
                for (i = 0; i < t->n; i++) {
                    n += t->o[i].p > 0;
                    right += t->o[i].shown_exact;
                    add(&sum, t->o[i]);
                }
                printf("threshold %.2f  %-8s %-10s  shown %6zu of %6zu  right %5.1f %%  ece %4.1f %%\n", (double)cuts[k],
                       mode ? "inside" : "new file", places[place], n, t->n, 100.0 * (double)right / (double)(n + !n),
                       calibration_error(t));
            }
        }
        qsort(sum.o, sum.n, sizeof *sum.o, by_p);
        printf("threshold %.2f  all                  ece %4.1f %%", (double)cuts[k], calibration_error(&sum));
        qsort(sum.o, sum.n, sizeof *sum.o, by_us);
        if (sum.n)
            printf("   p50 %u us, p99 %u us\n", sum.o[sum.n / 2].us, sum.o[sum.n * 99 / 100].us);
        free(sum.o);
    }
}

static int measure_typed(char **dirs, int n, size_t chars)
{
    static struct typing y;
    unsigned mode, k;
    char name[24];
    int i;

    for (i = 0; i < n; i++)
        type_tree(&y, dirs[i], chars);
    for (mode = 0; mode < TYPED_MODES; mode++) {
        printf("%s: %zu characters\n", mode ? "inside a file that is there" : "a new file", y.mode_chars[mode]);
        if (mode == 0)
            printf("%-10s %-14s saved %5.1f %%\n", "new file", "Vim keywords", 100.0 * (double)y.vim_saved / (double)(y.mode_chars[0] + 1));
        report_way(&y, "longest copy", mode, PEER_COPY);
        report_way(&y, "trigrams", mode, PEER_TRIGRAM);
        for (k = 0; k < CUTS; k++) {
            snprintf(name, sizeof name, "model %.2f", (double)cuts[k]);
            report_way(&y, name, mode, k);
        }
    }
    report_calibration(&y);
    return 0;
}
