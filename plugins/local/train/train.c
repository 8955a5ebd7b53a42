/* SPDX-License-Identifier: MIT */
/* Fits the model's numbers and prints weights.c.
 *
 *     cc -O2 -D_GNU_SOURCE -I. -o train plugins/local/train/train.c -lm
 *     ./train votes  N TREE... > weights.c      the weights of votes; then compile again
 *     ./train scores N TREE... > weights.c      the probabilities, on other trees
 *
 * N is how many positions a tree gives. Positions are drawn with a fixed seed: the same trees give the same file. */
#include "../whole.inc"

#include "tree.c"

#include <stdio.h>

enum { MAX_SHARES = HYP_CURSORS + 32, TREE_BYTES = 4 << 20 };

struct fit { /* weights of votes while they are fitted, by AdaGrad on the log-likelihood */
    float w[VOTE_WEIGHTS], g2[VOTE_WEIGHTS], grad[VOTE_WEIGHTS];
    double sum[VOTE_WEIGHTS]; /* the result is the mean over the last round */
    size_t nsum;
    struct vote {
        uint32_t id;
        uint8_t f[VOTE_GROUPS], nf;
        float e;
    } vote[MAX_SHARES];
    double loss;
    size_t steps;
};

static void put_corpus(struct model *m, const struct tree *t)
{
    size_t i;

    for (i = 0; i < t->n; i++)
        store_put(&m->store, t->file[i].path, strlen(t->file[i].path), t->file[i].lang, strlen(t->file[i].lang),
                  t->file[i].text, t->file[i].n, false);
}

/* Collects the votes of a hypothesis; returns how many. */
static unsigned gather(struct fit *ft, const struct query *q, const struct hyp *h, struct dist *d)
{
    uint32_t recent[24], seen[DIST_MAX];
    uint8_t rf[24], space;
    unsigned n = 0, i, k;

    for (i = 0; i < h->ncursor; i++) {
        if (!vote_features(q, h, &h->cursor[i], &ft->vote[n].id, &space, ft->vote[n].f))
            continue;
        if (h->cursor[i].exact > d->exact)
            d->exact = h->cursor[i].exact;
        ft->vote[n++].nf = VOTE_GROUPS;
    }
    k = vote_recent(q, h, recent, rf, 24);
    for (i = 0; i < k; i++)
        ft->vote[n++] = (struct vote){ .id = recent[i], .f = { rf[i] }, .nf = 1 };
    for (i = 0; i < n; i++) {
        for (k = 0; k < d->n && seen[k] != ft->vote[i].id; k++)
            ;
        if (k == d->n && k < DIST_MAX)
            seen[d->n++] = ft->vote[i].id;
    }
    return n;
}

static float weigh(const struct fit *ft, const uint8_t *f, unsigned n)
{
    float w = 0;

    while (n-- > 0)
        w += ft->w[f[n]];
    return expf(w);
}

static void move_weights(struct fit *ft)
{
    int k;

    for (k = 0; k < VOTE_WEIGHTS; k++) {
        if (ft->grad[k] == 0)
            continue;
        ft->g2[k] += ft->grad[k] * ft->grad[k];
        ft->w[k] += 0.2f * ft->grad[k] / sqrtf(ft->g2[k] + 1) - 1e-6f * ft->w[k];
        ft->grad[k] = 0;
    }
}

/* All line tokens end the line. */
static bool is_hit(uint32_t id, uint32_t truth)
{
    return id == truth || (id_is_line(id) && id_is_line(truth));
}

/* One step of the generator with a known answer: adds its gradient and moves the weights. */
static void fit_step(struct fit *ft, const struct query *q, const struct hyp *h, uint32_t truth)
{
    struct dist d = { .n = 0 };
    uint8_t ef[ESCAPE_GROUPS];
    unsigned n = gather(ft, q, h, &d), i, k;
    float z, right = 0, esc, step;

    vote_escape_features(q, h, &d, ef);
    z = esc = weigh(ft, ef, ESCAPE_GROUPS);
    for (i = 0; i < n; i++) {
        ft->vote[i].e = weigh(ft, ft->vote[i].f, ft->vote[i].nf);
        z += ft->vote[i].e;
        right += is_hit(ft->vote[i].id, truth) ? ft->vote[i].e : 0;
    }
    ft->loss -= logf((right > 0 ? right : esc) / z);
    ft->steps++;
    for (i = 0; i < n; i++) {
        step = (right > 0 && is_hit(ft->vote[i].id, truth) ? ft->vote[i].e / right : 0) - ft->vote[i].e / z;
        for (k = 0; k < ft->vote[i].nf; k++)
            ft->grad[ft->vote[i].f[k]] += step;
    }
    step = (right > 0 ? 0 : 1) - esc / z;
    for (k = 0; k < ESCAPE_GROUPS; k++)
        ft->grad[ef[k]] += step;
    move_weights(ft);
}

/* The tokens that a position should be completed to; the first one with what is typed of it. */
static void fit_position(struct fit *ft, struct model *m, struct match *match, const struct position *p)
{
    struct query_request r = position_request(p);
    struct query *q = &m->query;
    struct lex_line ln;
    static struct hyp h;
    uint8_t mode = 0;
    size_t end = (size_t)(p->truth - p->file->text) + p->ntruth - p->line, i;
    uint32_t id;

    if (query_init(q, &m->store, &r)) {
        lex_line(q->doc->lang, p->file->text + p->line, end, false, &mode, &ln);
        hyp_init(&h, q);
        match_find(match, q, &h, true);
        for (i = 0; i < ln.n && h.n < h.base + 60; i++) {
            /* A word that ends at the caret may go on, so it is the first token to be guessed. */
            if (ln.tok[i].off + ln.tok[i].len + p->line <= p->caret - q->npartial)
                continue;
            id = vocab_ref(&m->store.vocab, p->file->text + p->line + ln.tok[i].off, ln.tok[i].len, ln.tok[i].kind);
            fit_step(ft, q, &h, id);
            hyp_push(&h, q, id, 0);
            match_find(match, q, &h, false);
            vocab_unref(&m->store.vocab, id);
        }
        fit_step(ft, q, &h, ID_LINE);
    }
    query_fini(q);
}

static bool draw(const struct tree *t, enum tree_task task, enum tree_mode mode, uint64_t *rnd, struct position *p)
{
    int tries = 100;

    while (t->n > 0 && tries-- > 0)
        if (position_pick(p, &t->file[tree_random(rnd) % t->n], task, mode, rnd))
            return true;
    return false;
}

static enum tree_mode mode_of(size_t i)
{
    static const enum tree_mode mix[] = { MODE_FULL, MODE_PRE, MODE_BLOCK, MODE_PRE, MODE_COLD };

    return mix[i % 5];
}

static void print_weights(const float *vote, const float (*score)[SCORE_PLACES][SCORE_INPUTS])
{
    int i, place, k;

    printf("/* SPDX-License-Identifier: MIT */\n/* Printed by train/train.c; not to be edited. */\n#include \"score.h\"\n\n"
           "const float vote_weight[VOTE_WEIGHTS] = {");
    for (i = 0; i < VOTE_WEIGHTS; i++)
        printf("%s%.3ff,", i % 12 ? " " : "\n    ", (double)vote[i]);
    printf("\n};\n\nconst float score_weight[BEAM_KINDS][SCORE_PLACES][SCORE_INPUTS] = {\n");
    for (i = 0; i < BEAM_KINDS; i++) {
        for (place = 0; place < SCORE_PLACES; place++) {
            printf("    %s{", place ? " " : "{");
            for (k = 0; k < SCORE_INPUTS; k++)
                printf(" %.3ff%s", (double)score[i][place][k],
                       k + 1 < SCORE_INPUTS ? "," : place + 1 < SCORE_PLACES ? " },\n" : " } },\n");
        }
    }
    printf("};\n");
}

static void fit_votes(char **dirs, int ndirs, size_t count)
{
    static struct fit ft;
    struct match *match = match_new();
    uint64_t rnd = 1;
    int round, d, k;
    size_t i;

    for (round = 0; round < 2; round++) {
        for (d = 0; d < ndirs; d++) {
            struct model *m = model_new((size_t)1 << 30, 0), *cold = model_new((size_t)1 << 30, 0);
            struct tree t;
            struct position p;

            tree_read(&t, dirs[d], TREE_BYTES);
            put_corpus(m, &t);
            ft.loss = 0;
            ft.steps = 0;
            for (i = 0; i < count; i++) {
                if (!draw(&t, (enum tree_task)(i % 3), mode_of(i / 3), &rnd, &p))
                    continue;
                fit_position(&ft, mode_of(i / 3) == MODE_COLD ? cold : m, match, &p);
                position_free(&p);
                if (round == 0)
                    continue;
                ft.nsum++;
                for (k = 0; k < VOTE_WEIGHTS; k++)
                    ft.sum[k] += (double)ft.w[k];
            }
            fprintf(stderr, "round %d %s: %zu files, %zu kB, loss a token %.4f\n", round, dirs[d], t.n, t.bytes >> 10,
                    ft.loss / (double)(ft.steps + 1));
            tree_free(&t);
            model_free(m);
            model_free(cold);
        }
    }
    match_free(match);
    for (k = 0; k < VOTE_WEIGHTS; k++)
        ft.w[k] = (float)(ft.sum[k] / (double)(ft.nsum + !ft.nsum));
    print_weights(ft.w, score_weight);
}

struct sample {
    float x[SCORE_INPUTS];
    bool right;
};

struct samples { /* one set for each kind of guess and place */
    struct sample *s[BEAM_KINDS][SCORE_PLACES];
    size_t n[BEAM_KINDS][SCORE_PLACES];
    uint64_t rnd;
};

static void add_sample(struct samples *to, const struct query *q, const struct guess *g, bool right)
{
    int place = score_place(q);
    size_t *n = &to->n[g->kind][place];
    struct sample **s = &to->s[g->kind][place];

    if ((*n & (*n - 1)) == 0)
        *s = mem_resize(*s, (*n ? *n * 2 : 1) * sizeof **s);
    score_inputs(q, g, (*s)[*n].x);
    (*s)[(*n)++].right = right;
}

/* Whatever would be shown here at some threshold; of beginnings one of any length. */
static void sample_typist(struct samples *to, struct model *m, const struct typist *t)
{
    static struct guess g[BEAM_RESULTS + 2];
    struct query_request r = typist_request(t);
    struct beam_limits lim = { .lines = !t->rest };
    unsigned n = 0, i;

    if (query_init(&m->query, &m->store, &r))
        n = beam_run(m->beam, &m->query, &lim, g);
    for (i = 0; i < n; i++) {
        if (i > 0 && g[i].kind < BEAM_CUT)
            continue;
        if (g[i].kind == BEAM_CUT)
            score_cut(&g[i], 1 + tree_random(&to->rnd) % g[i].nstep);
        if (guess_is_useful(&g[i]))
            add_sample(to, &m->query, &g[i], typist_agrees(t, &g[i]));
    }
    query_fini(&m->query);
}

/* Types a file and asks at one token in four, and inside one word in four. Returns how often it asked. */
static size_t sample_file(struct samples *to, struct model *m, const struct tree_file *f, bool rest)
{
    struct typist t;
    size_t asked = 0, i, at;

    typist_open(&t, &m->store, f, rest);
    while (typist_line(&t)) {
        for (i = 0; i < t.ln.n && t.ln.tok[i].kind != TK_WALL; i++) {
            at = t.start + t.ln.tok[i].off;
            if (tree_random(&to->rnd) % 4 == 0) {
                typist_move(&t, at);
                sample_typist(to, m, &t);
                asked++;
            }
            if (t.ln.tok[i].kind == TK_WORD && t.ln.tok[i].len > 2 && tree_random(&to->rnd) % 4 == 0) {
                typist_move(&t, at + 1 + tree_random(&to->rnd) % (t.ln.tok[i].len - 1));
                sample_typist(to, m, &t);
                asked++;
            }
        }
    }
    return asked;
}

/* Several lines in the middle of a file, where the next ones are to be written too. */
static void sample_blocks(struct samples *to, struct model *m, const struct tree *t, size_t count)
{
    static struct guess g[BEAM_RESULTS + 2];
    struct beam_limits lim = { .lines = true };
    struct position p;
    unsigned n, i;

    while (count-- > 0) {
        if (!draw(t, (enum tree_task)(count % 3), MODE_BLOCK, &to->rnd, &p))
            continue;
        struct query_request r = position_request(&p);
        size_t left = p.file->n - (size_t)(p.truth - p.file->text);

        n = query_init(&m->query, &m->store, &r) ? beam_run(m->beam, &m->query, &lim, g) : 0;
        for (i = 0; i < n; i++)
            if (g[i].kind == BEAM_LINES)
                add_sample(to, &m->query, &g[i], g[i].n <= left && memcmp(g[i].text, p.truth, g[i].n) == 0);
        query_fini(&m->query);
        position_free(&p);
    }
}

/* Newton's method for a logistic regression with a little shrinking. */
static void fit_logistic(const struct sample *s, size_t n, float *w)
{
    double a[SCORE_INPUTS][SCORE_INPUTS + 1], b[SCORE_INPUTS] = { 0 };
    int round, i, k, j;
    size_t r;

    for (round = 0; round < 25; round++) {
        memset(a, 0, sizeof a);
        for (r = 0; r < n; r++) {
            double z = 0, p;

            for (i = 0; i < SCORE_INPUTS; i++)
                z += b[i] * (double)s[r].x[i];
            p = 1 / (1 + exp(-z));
            for (i = 0; i < SCORE_INPUTS; i++) {
                for (k = 0; k < SCORE_INPUTS; k++)
                    a[i][k] += p * (1 - p) * (double)s[r].x[i] * (double)s[r].x[k];
                a[i][SCORE_INPUTS] += ((s[r].right ? 1 : 0) - p) * (double)s[r].x[i];
            }
        }
        for (i = 0; i < SCORE_INPUTS; i++) {
            a[i][i] += 1;
            a[i][SCORE_INPUTS] -= b[i];
        }
        for (i = 0; i < SCORE_INPUTS; i++)
            for (k = 0; k < SCORE_INPUTS; k++)
                for (j = SCORE_INPUTS; k != i && j >= i; j--)
                    a[k][j] -= a[k][i] / a[i][i] * a[i][j];
        for (i = 0; i < SCORE_INPUTS; i++)
            b[i] += a[i][SCORE_INPUTS] / a[i][i];
    }
    for (i = 0; i < SCORE_INPUTS; i++)
        w[i] = (float)b[i];
}

/* The samples of one tree: files typed from nothing, files with the rest there, and now and then without a workspace. */
static void sample_tree(struct samples *to, const char *dir, size_t count)
{
    struct model *m = model_new((size_t)1 << 30, 0), *cold = model_new((size_t)1 << 30, 0);
    struct tree t;
    size_t asked = 0, k;

    tree_read(&t, dir, TREE_BYTES);
    put_corpus(m, &t);
    for (k = 0; asked < count && t.n > 0; k++) {
        const struct tree_file *f = &t.file[tree_random(&to->rnd) % t.n];

        asked += sample_file(to, k % 8 == 7 ? cold : m, f, k % 2);
        if (k % 8 == 7)
            store_drop(&cold->store, f->path, strlen(f->path));
        else
            store_put(&m->store, f->path, strlen(f->path), f->lang, strlen(f->lang), f->text, f->n, false);
    }
    sample_blocks(to, m, &t, count / 8);
    tree_free(&t);
    model_free(m);
    model_free(cold);
}

static void fit_scores(char **dirs, int ndirs, size_t count)
{
    static float w[BEAM_KINDS][SCORE_PLACES][SCORE_INPUTS];
    static struct samples all = { .rnd = 7 };
    int d, i, k;

    for (d = 0; d < ndirs; d++)
        sample_tree(&all, dirs[d], count);
    for (i = 0; i < BEAM_KINDS; i++) {
        for (k = 0; k < SCORE_PLACES; k++) {
            fit_logistic(all.s[i][k], all.n[i][k], w[i][k]);
            fprintf(stderr, "kind %d place %d: %zu samples\n", i, k, all.n[i][k]);
            free(all.s[i][k]);
        }
    }
    print_weights(vote_weight, (const float(*)[SCORE_PLACES][SCORE_INPUTS])w);
}

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;

    if (argc > 3 && strcmp(argv[1], "votes") == 0) {
        fit_votes(argv + 3, argc - 3, count);
    } else if (argc > 3 && strcmp(argv[1], "scores") == 0) {
        fit_scores(argv + 3, argc - 3, count);
    } else {
        fprintf(stderr, "usage: train votes|scores N TREE...\n");
        return 2;
    }
    return 0;
}
