/* SPDX-License-Identifier: MIT */
/* Part of bench_local.c: real edits. What a newer version of a tree inserted into files of an older one is typed again.
 *
 * The workspace is the older tree. The document is the newer file up to the caret and the older one after it, so edits
 * are made from the top down. A change that also took lines away is counted apart: there the author had more to go by. */

enum { REPLAY_CELLS = 24 << 20, EDIT_INSERTED = 0, EDIT_REPLACED, EDITS };

struct lines {
    const char *text;
    size_t *at; /* n + 1 offsets */
    size_t n;
};

struct replay {
    struct tally all[EDITS][2]; /* whole, rest */
    size_t copied[EDITS][2], files, skipped;
    uint64_t rnd;
    size_t lines, keep; /* inserted lines of this tree; one in `keep` is asked */
};

static void split_lines(struct lines *l, const char *text, size_t n)
{
    size_t cap = 2, i;

    for (i = 0; i < n; i++)
        cap += text[i] == '\n';
    *l = (struct lines){ .text = text, .at = mem_resize(NULL, (cap + 1) * sizeof *l->at) };
    for (i = 0; i < n; i = l->at[l->n]) {
        const char *nl = memchr(text + i, '\n', n - i);

        l->at[l->n++] = i;
        l->at[l->n] = nl ? (size_t)(nl - text) + 1 : n;
    }
    if (l->n == 0)
        l->at[0] = 0;
}

static bool same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    size_t n = a->at[i + 1] - a->at[i];

    return n == b->at[j + 1] - b->at[j] && memcmp(a->text + a->at[i], b->text + b->at[j], n) == 0;
}

/* Lines that are the same at the beginnings, and at the ends behind those. */
static size_t same_head(const struct lines *a, const struct lines *b)
{
    size_t n = 0;

    while (n < a->n && n < b->n && same_line(a, n, b, n))
        n++;
    return n;
}

static size_t same_tail(const struct lines *a, const struct lines *b, size_t head)
{
    size_t n = 0;

    while (n < a->n - head && n < b->n - head && same_line(a, a->n - 1 - n, b, b->n - 1 - n))
        n++;
    return n;
}

/* A longest common subsequence of n and m lines from `head` on, by the table of all lengths. */
static void match_middle(const struct lines *a, const struct lines *b, size_t head, size_t n, size_t m, size_t *of)
{
    uint16_t *len = mem_resize(NULL, (n + 1) * (m + 1) * sizeof *len);
    size_t i, j;

    memset(len, 0, (n + 1) * (m + 1) * sizeof *len);
    for (i = n; i-- > 0;) {
        for (j = m; j-- > 0;) {
            uint16_t *c = &len[i * (m + 1) + j], down = c[m + 1], right = c[1];

            *c = same_line(a, head + i, b, head + j) ? (uint16_t)(c[m + 2] + 1) : down > right ? down : right;
        }
    }
    for (i = j = 0; i < n && j < m;) {
        const uint16_t *c = &len[i * (m + 1) + j];

        if (same_line(a, head + i, b, head + j))
            of[head + j++] = head + i++;
        else if (c[m + 1] >= c[1])
            i++;
        else
            j++;
    }
    free(len);
}

/* For each line of b the line of a that it is, or SIZE_MAX. NULL: too much to be compared. */
static size_t *match_lines(const struct lines *a, const struct lines *b)
{
    size_t head = same_head(a, b), tail = same_tail(a, b, head), n = a->n - head - tail, m = b->n - head - tail, j;
    size_t *of;

    if (n > UINT16_MAX || (n + 1) * (m + 1) > REPLAY_CELLS)
        return NULL;
    of = mem_resize(NULL, (b->n + 1) * sizeof *of);
    for (j = 0; j < b->n; j++)
        of[j] = j < head ? j : j >= b->n - tail ? j + a->n - b->n : SIZE_MAX;
    match_middle(a, b, head, n, m, of);
    return of;
}

/* Asks twice on a new line: at its start, and inside it. The document ends the line where it is asked. */
static void replay_line(struct replay *r, struct model *m, const struct tree_file *f, size_t start, size_t end,
                        const struct lex_line *ln, int kind)
{
    const struct file *doc = store_find(&m->store, f->path, strlen(f->path));
    const struct lex_token *last = &ln->tok[ln->n - 1];
    size_t at = start, i;
    int task;

    if (f->text[end - 1] == '\n') {
        end--;
        store_edit(&m->store, f->path, strlen(f->path), at, at, "\n", 1);
    }
    for (task = 0; task < 2; task++) {
        i = task == 0 ? 0 : 1 + tree_random(&r->rnd) % (ln->n - 1);
        store_edit(&m->store, f->path, strlen(f->path), at, at, f->text + at, start + ln->tok[i].off - at);
        at = start + ln->tok[i].off;
        struct position p = { .file = f, .line = start, .caret = at, .truth = f->text + at, .text = doc->text,
                              .ntruth = start + last->off + last->len - at, .ntext = doc->ntext };

        add(&r->all[kind][task], ask(m, &p));
        r->copied[kind][task] += ask_copy(m, &p).exact;
    }
    store_edit(&m->store, f->path, strlen(f->path), at, at, f->text + at, end - at);
}

static void replay_lines(struct replay *r, struct model *m, const struct tree_file *old, const struct tree_file *now,
                         const struct lines *a, const struct lines *b, const size_t *of)
{
    const struct lex_lang *lang = lex_lang(now->lang, strlen(now->lang));
    struct lex_line ln;
    size_t i = 0, j, k;
    uint8_t mode = 0;
    int kind = EDIT_INSERTED;

    put_file(m, old, old->text, old->n, true);
    for (j = 0; j < b->n; j++) {
        size_t start = b->at[j], end = b->at[j + 1];

        if (j == 0 || of[j - 1] != SIZE_MAX || of[j] != SIZE_MAX) { /* a change starts: what it takes away goes first */
            for (k = j; k < b->n && of[k] == SIZE_MAX; k++)
                ;
            k = k < b->n ? of[k] : a->n;
            kind = k > i ? EDIT_REPLACED : EDIT_INSERTED;
            store_edit(&m->store, now->path, strlen(now->path), start, start + a->at[k] - a->at[i], "", 0);
            i = k + (of[j] != SIZE_MAX);
        }
        lex_line(lang, now->text + start, end - start - (now->text[end - 1] == '\n'), false, &mode, &ln);
        if (of[j] != SIZE_MAX)
            continue;
        r->lines++;
        if (ln.n >= 2 && mode == 0 && ln.tok[ln.n - 1].kind != TK_WALL && tree_random(&r->rnd) % r->keep == 0)
            replay_line(r, m, now, start, end, &ln, kind);
        else
            store_edit(&m->store, now->path, strlen(now->path), start, start, now->text + start, end - start);
    }
    put_file(m, old, old->text, old->n, false);
}

static void replay_file(struct replay *r, struct model *m, const struct tree_file *old, const struct tree_file *now)
{
    struct lines a, b;
    size_t *of;

    if (old->n == now->n && memcmp(old->text, now->text, old->n) == 0)
        return;
    split_lines(&a, old->text, old->n);
    split_lines(&b, now->text, now->n);
    of = match_lines(&a, &b);
    r->files++;
    if (of)
        replay_lines(r, m, old, now, &a, &b, of);
    else
        r->skipped++;
    free(of);
    free(a.at);
    free(b.at);
}

static void replay_trees(struct replay *r, const char *old_dir, const char *new_dir)
{
    struct model *m = model_new((size_t)1 << 30, 0);
    struct tree old, now;
    size_t i, k, lines = r->lines;

    tree_read(&old, old_dir, TREE_BYTES);
    tree_read(&now, new_dir, TREE_BYTES);
    put_corpus(m, &old);
    for (i = 0; i < now.n; i++) {
        for (k = 0; k < old.n && strcmp(old.file[k].path + strlen(old_dir), now.file[i].path + strlen(new_dir)); k++)
            ;
        if (k == old.n)
            continue;
        free(now.file[i].path);
        now.file[i].path = strdup(old.file[k].path);
        replay_file(r, m, &old.file[k], &now.file[i]);
        now.file[i].path[0] = 0; /* its length is no longer that of new_dir's files: never matched again */
    }
    printf("%s: %zu files, %zu kB, %zu lines inserted\n", new_dir, old.n, old.bytes >> 10, r->lines - lines);
    tree_free(&old);
    tree_free(&now);
    model_free(m);
}

static int measure_replay(char **dirs, int n, size_t keep)
{
    static const char *const names[EDITS][2] = { { "inserted/whole", "inserted/rest" }, { "replaced/whole", "replaced/rest" } };
    static struct replay r;
    int i, kind, task;

    r.rnd = 23;
    r.keep = keep ? keep : 1;
    for (i = 0; i + 1 < n; i += 2)
        replay_trees(&r, dirs[i], dirs[i + 1]);
    printf("%zu files changed, %zu of them too much to be compared\n", r.files, r.skipped);
    print_heading();
    for (kind = 0; kind < EDITS; kind++) {
        for (task = 0; task < 2; task++) {
            report(names[kind][task], &r.all[kind][task]);
            printf("%-24s %6s %6.1f\n", "  longest copy", "",
                   100.0 * (double)r.copied[kind][task] / (double)(r.all[kind][task].n + !r.all[kind][task].n));
        }
    }
    return 0;
}
