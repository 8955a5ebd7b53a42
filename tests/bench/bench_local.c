/* SPDX-License-Identifier: MIT */
/* How good and how fast is the embedded model? Hides text in real files, completes, compares.
 *
 *     cc -O2 -D_GNU_SOURCE -I. -o bench_local tests/bench/bench_local.c -lm
 *     ./bench_local N TREE...         accuracy over N positions a tree, task and mode, and times
 *     ./bench_local --typing N TREE...  whole files typed, N characters a tree: keys saved, suggestions right
 *     ./bench_local --replay K (OLD NEW)...  one in K of the lines that a newer tree inserted, typed again
 *     ./bench_local --speed TREE      one workspace of 20 files and at most 1 MB: times of run, put and edit, memory
 *
 * A tree should be none that the numbers were fitted on. Exact: the first candidate equals the hidden text to the last
 * character. Precision at a coverage: exact among that share of positions with the highest confidence. Calibration
 * error: mean difference of confidence and truth in ten classes of equal size. */
#include "plugins/local/whole.inc"

#include "plugins/local/train/tree.c"

#include <stdio.h>
#include <time.h>

enum { TREE_BYTES = 4 << 20 };

static const char *const modes[] = { "full", "pre", "cold", "block" }, *const tasks[] = { "whole", "rest", "word" };

struct outcome {
    float p; /* 0: no candidate */
    bool exact, shown_exact;
    bool shown, shown_right; /* at the default threshold */
    uint32_t us;
    unsigned right; /* characters */
    unsigned total;
};

struct blocks { /* several lines offered at the default threshold */
    size_t asked, offered, right, lines;
};

struct tally {
    struct outcome *o;
    size_t n, cap;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other work on the machine does not count */
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void add(struct tally *t, struct outcome o)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->o = mem_resize(t->o, t->cap * sizeof *t->o);
    }
    t->o[t->n++] = o;
}

static int by_p(const void *a, const void *b)
{
    float x = ((const struct outcome *)a)->p, y = ((const struct outcome *)b)->p;

    return x < y ? 1 : x > y ? -1 : 0;
}

static int by_us(const void *a, const void *b)
{
    uint32_t x = ((const struct outcome *)a)->us, y = ((const struct outcome *)b)->us;

    return x < y ? -1 : x > y;
}

static double precision(const struct tally *t, unsigned percent)
{
    size_t n = t->n * percent / 100, i, right = 0;

    for (i = 0; i < n; i++)
        right += t->o[i].exact;
    return n ? 100.0 * (double)right / (double)n : 0;
}

static double calibration_error(const struct tally *t)
{
    double sum = 0, p, right;
    size_t c, i, lo, hi, n = 0;

    while (n < t->n && t->o[n].p > 0)
        n++;
    for (c = 0; c < 10; c++) {
        lo = n * c / 10;
        hi = n * (c + 1) / 10;
        for (p = right = 0, i = lo; i < hi; i++) {
            p += (double)t->o[i].p;
            right += t->o[i].shown_exact;
        }
        sum += fabs(p - right);
    }
    return n ? 100 * sum / (double)n : 0;
}

static void print_heading(void)
{
    printf("%-24s %6s %6s %6s  %5s %5s %5s  %5s  %5s %5s  %6s %6s\n", "", "n", "exact%", "chars%", "p@10", "p@25", "p@50",
           "ece%", "shown", "right", "p50us", "p99us");
}

static void report(const char *name, struct tally *t)
{
    size_t i, exact = 0, shown = 0, shown_right = 0, chars = 0, total = 0;

    qsort(t->o, t->n, sizeof *t->o, by_p);
    for (i = 0; i < t->n; i++) {
        exact += t->o[i].exact;
        shown += t->o[i].shown;
        shown_right += t->o[i].shown_right;
        chars += t->o[i].right;
        total += t->o[i].total;
    }
    printf("%-24s %6zu %6.1f %6.1f  %5.1f %5.1f %5.1f  %5.1f", name, t->n, 100.0 * (double)exact / (double)(t->n + !t->n),
           100.0 * (double)chars / (double)(total + !total), precision(t, 10), precision(t, 25), precision(t, 50),
           calibration_error(t));
    printf("  %5.1f %5.1f", 100.0 * (double)shown / (double)(t->n + !t->n),
           100.0 * (double)shown_right / (double)(shown + !shown));
    qsort(t->o, t->n, sizeof *t->o, by_us);
    if (t->n)
        printf("  %6u %6u\n", t->o[t->n / 2].us, t->o[t->n * 99 / 100].us);
}

/* Characters of the truth that the text begins with. */
static unsigned common(const struct position *p, const struct guess *g)
{
    size_t i = 0;

    while (i < g->n && i < p->ntruth && g->text[i] == p->truth[i])
        i++;
    return (unsigned)i;
}

/* A beginning of a line is right when it is one. */
static bool is_right(const struct position *p, const struct guess *g)
{
    return common(p, g) == (g->kind == BEAM_CUT ? g->n : p->ntruth) && (g->kind == BEAM_CUT || g->n == p->ntruth);
}

/* Asks twice: for the likeliest line, whatever it is, and for what would be shown. */
static struct outcome ask(struct model *m, const struct position *p)
{
    static struct guess g[BEAM_RESULTS + 2];
    static struct completion c[BEAM_RESULTS + 2];
    struct query_request r = position_request(p);
    struct beam_limits lim = { 0 };
    struct outcome o = { .total = (unsigned)p->ntruth };
    double start = now_us();
    bool ok = query_init(&m->query, &m->store, &r);
    unsigned found = ok ? beam_run(m->beam, &m->query, &lim, g) : 0;

    o.shown = model_choose(&m->query, g, found, false, MODEL_CONFIDENCE, c) > 0;
    o.us = (uint32_t)(now_us() - start);
    o.shown_right = o.shown && is_right(p, &c[0].guess);
    lim.tiny = true;
    if (ok && beam_run(m->beam, &m->query, &lim, g) > 0) {
        o.p = score_guess(&m->query, &g[0]);
        o.right = common(p, &g[0]);
        o.exact = g[0].n == p->ntruth && o.right == p->ntruth;
        o.shown_exact = is_right(p, &g[0]);
    }
    query_fini(&m->query);
    return o;
}

/* Writes the token that a cursor stands at; false at the end of the line. */
static bool copy_token(const struct model *m, const struct cursor *c, struct guess *g)
{
    const struct seg *s = &c->f->seg[c->seg];
    const struct vocab_entry *e = &m->store.vocab.entry[s->tok[c->i]];
    size_t typed = g->n == 0 ? m->query.npartial : 0;
    char space[32];

    if (e->kind == TK_LINE || e->kind == TK_WALL || e->len < typed || memcmp(e->text, m->query.partial, typed) != 0)
        return false;
    if (typed == 0 && !(g->n == 0 && m->query.spaced))
        put(g, space, lex_space_put(s->space[c->i], space));
    return put(g, e->text + typed, e->len - typed);
}

/* The peer: copies to the end of the line from the place with the longest equal context, nearest first. */
static struct outcome ask_copy(struct model *m, const struct position *p)
{
    static struct match *match;
    static struct hyp h;
    static struct guess g;
    struct query_request r = position_request(p);
    struct outcome o = { .total = (unsigned)p->ntruth };
    unsigned k, best = 0;

    match = match ? match : match_new();
    g.n = 0;
    if (query_init(&m->query, &m->store, &r)) {
        hyp_init(&h, &m->query);
        match_find(match, &m->query, &h, true);
        for (k = 1; k < h.ncursor; k++)
            if (h.cursor[k].exact > h.cursor[best].exact)
                best = k;
        while (best < h.ncursor && copy_token(m, &h.cursor[best], &g) && cursor_next(&h.cursor[best], &m->query))
            ;
    }
    query_fini(&m->query);
    o.right = common(p, &g);
    o.exact = g.n == p->ntruth && o.right == p->ntruth;
    return o;
}

/* Offers several lines and counts those that equal the file to the last character. */
static void ask_block(struct model *m, const struct position *p, struct blocks *b)
{
    static struct completion c[BEAM_RESULTS + 2];
    struct query_request r = position_request(p);
    struct beam_limits lim = { .lines = true };
    unsigned n = model_complete(m, &r, &lim, c), i;
    size_t left = p->file->n - (size_t)(p->truth - p->file->text), k;

    b->asked++;
    for (i = 0; i < n; i++) {
        const struct guess *g = &c[i].guess;

        if (g->kind != BEAM_LINES || c[i].p < MODEL_CONFIDENCE)
            continue;
        b->offered++;
        b->right += g->n <= left && memcmp(g->text, p->truth, g->n) == 0;
        for (k = 0, b->lines++; k < g->n; k++)
            b->lines += g->text[k] == '\n';
    }
}

static void put_file(struct model *m, const struct tree_file *f, const char *text, size_t n, bool open)
{
    store_put(&m->store, f->path, strlen(f->path), f->lang, strlen(f->lang), text, n, open);
}

static void put_corpus(struct model *m, const struct tree *t)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        put_file(m, &t->file[i], t->file[i].text, t->file[i].n, false);
        file_prepare(m->store.file[m->store.n - 1]);
    }
}

struct results {
    struct tally all[MODES][TASKS];
    size_t copied[MODES][TASKS];
    struct blocks blocks;
};

static bool draw(const struct tree *t, unsigned task, unsigned mode, uint64_t *rnd, struct position *p)
{
    int tries = 100;

    while (t->n > 0 && tries-- > 0)
        if (position_pick(p, &t->file[tree_random(rnd) % t->n], (enum tree_task)task, (enum tree_mode)mode, rnd))
            return true;
    return false;
}

/* Asks at one position and leaves the workspace as it was. */
static struct outcome measure_position(struct model *m, const struct position *p, unsigned task, unsigned mode,
                                       struct results *res)
{
    struct outcome o;

    if (mode != MODE_COLD)
        put_file(m, p->file, p->text, p->ntext, true);
    o = ask(m, p);
    add(&res->all[mode][task], o);
    res->copied[mode][task] += ask_copy(m, p).exact;
    if (mode == MODE_BLOCK && task == TASK_WHOLE)
        ask_block(m, p, &res->blocks);
    if (mode != MODE_COLD)
        put_file(m, p->file, p->file->text, p->file->n, false);
    return o;
}

static void measure_tree(const char *dir, size_t count, struct results *res)
{
    struct model *m = model_new((size_t)1 << 30, 0), *cold = model_new((size_t)1 << 30, 0);
    struct tally own[TASKS] = { { NULL, 0, 0 } };
    struct tree t;
    struct position p;
    uint64_t rnd = 99;
    unsigned mode, task;
    const char *base = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
    size_t i;
    char name[64];

    tree_read(&t, dir, TREE_BYTES);
    put_corpus(m, &t);
    for (mode = 0; mode < MODES; mode++) {
        for (task = 0; task < TASKS; task++) {
            for (i = 0; i < count; i++) {
                if (!draw(&t, task, mode, &rnd, &p))
                    continue;
                struct outcome o = measure_position(mode == MODE_COLD ? cold : m, &p, task, mode, res);

                if (mode == MODE_PRE)
                    add(&own[task], o);
                position_free(&p);
            }
        }
    }
    for (task = 0; task < TASKS; task++) {
        snprintf(name, sizeof name, "%.40s pre/%s", base, tasks[task]);
        report(name, &own[task]);
        free(own[task].o);
    }
    tree_free(&t);
    model_free(m);
    model_free(cold);
}

static int measure_accuracy(char **dirs, int n, size_t count)
{
    static struct results res;
    unsigned mode, task;
    char name[64];
    int i;

    print_heading();
    for (i = 0; i < n; i++)
        measure_tree(dirs[i], count, &res);
    for (mode = 0; mode < MODES; mode++) {
        for (task = 0; task < TASKS; task++) {
            snprintf(name, sizeof name, "ALL %s/%s", modes[mode], tasks[task]);
            report(name, &res.all[mode][task]);
            printf("%-24s %6s %6.1f\n", "  longest copy", "",
                   100.0 * (double)res.copied[mode][task] /
                       (double)(res.all[mode][task].n + !res.all[mode][task].n));
            free(res.all[mode][task].o);
        }
    }
    printf("several lines: offered at %.1f %% of %zu places, %.1f lines each, %.1f %% right\n",
           100.0 * (double)res.blocks.offered / (double)(res.blocks.asked + !res.blocks.asked), res.blocks.asked,
           (double)res.blocks.lines / (double)(res.blocks.offered + !res.blocks.offered),
           100.0 * (double)res.blocks.right / (double)(res.blocks.offered + !res.blocks.offered));
    return 0;
}

#include "local_typing.c"

#include "local_replay.c"

/* Types a comment-like word at a random place and takes it away again; returns us an edit. */
static double measure_edits(struct model *m, const struct tree_file *f, size_t count, double *ret_worst)
{
    uint64_t rnd = 3;
    double start = now_us(), one, worst = 0;
    size_t i, at;

    for (i = 0; i < count; i++) {
        at = tree_random(&rnd) % f->n;
        one = now_us();
        store_edit(&m->store, f->path, strlen(f->path), at, at, "x", 1);
        one = now_us() - one;
        worst = one > worst ? one : worst;
        store_edit(&m->store, f->path, strlen(f->path), at, at + 1, "", 0);
    }
    *ret_worst = worst;
    return (now_us() - start) / (2 * (double)count);
}

/* A person types at one place: every key is an edit and a completion. */
static void measure_typing(struct model *m, const struct tree_file *f, struct tally *ret)
{
    static struct completion c[BEAM_RESULTS + 2];
    struct beam_limits lim = { .lines = true };
    const char word[] = "\n    if (result == NULL)\n        return value;\n";
    struct query_request r = { .path = f->path, .npath = strlen(f->path), .lang = f->lang, .nlang = strlen(f->lang) };
    const struct file *doc = store_find(&m->store, r.path, r.npath);
    uint64_t rnd = 5;
    size_t i, k, at;

    for (i = 0; i < 40; i++) {
        at = tree_random(&rnd) % f->n;
        for (k = 0; k < sizeof word - 1; k++) {
            double start = now_us();

            store_edit(&m->store, r.path, r.npath, at + k, at + k, word + k, 1);
            r.prefix = doc->text;
            r.nprefix = r.caret = at + k + 1;
            r.suffix = doc->text + r.caret;
            r.nsuffix = doc->ntext - r.caret;
            model_complete(m, &r, &lim, c);
            add(ret, (struct outcome){ .us = (uint32_t)(now_us() - start) });
        }
        store_edit(&m->store, r.path, r.npath, at, at + k, "", 0);
    }
    qsort(ret->o, ret->n, sizeof *ret->o, by_us);
}

static int measure_speed(const char *dir)
{
    struct model *m = model_new((size_t)1 << 30, 0);
    struct tally t = { NULL, 0, 0 };
    struct tree tree;
    size_t i, indexes = m->store.vocab.bytes, biggest = 0;
    double start, us, worst;

    tree_read(&tree, dir, 1 << 20);
    if (tree.n == 0)
        return 1;
    start = now_us();
    put_corpus(m, &tree);
    us = now_us() - start;
    indexes = m->store.bytes + m->store.vocab.bytes - indexes;
    printf("workspace      %zu files, %zu kB\n", tree.n, tree.bytes >> 10);
    printf("indexing       %.1f MB/s\n", (double)tree.bytes / us);
    printf("memory         %.1f bytes per byte of source\n", (double)indexes / (double)tree.bytes);
    for (i = 0; i < tree.n; i++)
        if (tree.file[i].n > tree.file[biggest].n)
            biggest = i;
    const struct tree_file *f = &tree.file[biggest];

    put_file(m, f, f->text, f->n, true);
    us = measure_edits(m, f, 2000, &worst);
    printf("edit           %.1f us mean, %.0f us worst, in a document of %zu kB\n", us, worst, f->n >> 10);
    measure_typing(m, f, &t);
    printf("edit and run   p50 %u us, p99 %u us, while typing in it\n", t.o[t.n / 2].us, t.o[t.n * 99 / 100].us);
    free(t.o);
    tree_free(&tree);
    model_free(m);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--speed") == 0)
        return measure_speed(argv[2]);
    if (argc > 3 && strcmp(argv[1], "--typing") == 0)
        return measure_typed(argv + 3, argc - 3, strtoul(argv[2], NULL, 10));
    if (argc > 4 && strcmp(argv[1], "--replay") == 0)
        return measure_replay(argv + 3, argc - 3, strtoul(argv[2], NULL, 10));
    if (argc < 3) {
        fprintf(stderr, "usage: bench_local N TREE...\n       bench_local --typing N TREE...\n       bench_local --replay K (OLD NEW)...\n       bench_local --speed TREE\n");
        return 2;
    }
    return measure_accuracy(argv + 2, argc - 2, strtoul(argv[1], NULL, 10));
}
