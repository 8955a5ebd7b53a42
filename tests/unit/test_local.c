/* SPDX-License-Identifier: MIT */
/* The embedded model through its plugin ABI: what it completes, what it keeps to itself, and that it forgets exactly.
 * The whole plugin is compiled into this program, so the sanitizers see it; no test looks at its inside except through
 * the sizes that the last two name. */
#define SY_STATIC
#include "plugins/local/whole.inc"

#include "plugins/local/provider.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAX_OUT = 12 };

struct answer { /* what one run emitted */
    char text[MAX_OUT][BEAM_TEXT];
    size_t len[MAX_OUT];
    uint64_t p[MAX_OUT];
    int n, stops;
};

struct fixture {
    struct sy_host host;
    const char *memory, *confidence;
    char sentence[200];
    const struct sy_provider *provider;
    const struct sy_compute *compute;
    const struct sy_corpus *corpus;
    void *self;
};

static struct sy_str str(const char *s)
{
    return (struct sy_str){ s, strlen(s) };
}

static struct sy_str host_option(void *ctx, const char *key)
{
    struct fixture *f = ctx;
    const char *v = strcmp(key, "memory_mb") == 0 ? f->memory : strcmp(key, "min_confidence") == 0 ? f->confidence : NULL;

    return v ? str(v) : (struct sy_str){ NULL, 0 };
}

__attribute__((format(printf, 3, 4))) static int host_fail(void *ctx, int code, const char *fmt, ...)
{
    struct fixture *f = ctx;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(f->sentence, sizeof f->sentence, fmt, ap);
    va_end(ap);
    return code;
}

static int try_open(struct fixture *f, const char *memory, const char *confidence)
{
    memset(f, 0, sizeof *f);
    f->host = (struct sy_host){ .size = sizeof f->host, .major = 1, .ctx = f, .option = host_option, .fail = host_fail };
    f->memory = memory;
    f->confidence = confidence;
    f->provider = sy_static_local();
    f->compute = f->provider->extension(SY_EXT_COMPUTE);
    f->corpus = f->provider->extension(SY_EXT_CORPUS);
    return f->provider->open(&f->host, &f->self);
}

static void open_model(struct fixture *f, const char *confidence)
{
    assert_int_equal(try_open(f, NULL, confidence), SY_OK);
}

static void close_model(struct fixture *f)
{
    f->provider->close(f->self);
}

static int sink_emit(void *ctx, const struct sy_event *ev)
{
    struct answer *a = ctx;

    if (ev->kind == SY_EV_STOP) {
        a->stops++;
        return 0;
    }
    assert_int_equal(ev->kind, SY_EV_CANDIDATE);
    assert_int_equal(a->stops, 0);
    assert_true(a->n < MAX_OUT);
    assert_true(ev->n[0] <= 1000000);
    memcpy(a->text[a->n], ev->text.p, ev->text.n);
    a->len[a->n] = ev->text.n;
    a->p[a->n++] = ev->n[0];
    return 0;
}

/* Completes at `caret` of a text that is given whole. */
static void run_at(struct fixture *f, const char *path, const char *lang, const char *text, size_t n, size_t caret,
                   uint32_t flags, struct answer *a)
{
    struct sy_sink sink = { sizeof sink, a, sink_emit };
    struct sy_request r = { .size = sizeof r, .kind = SY_REQ_FIM, .path = str(path), .language = str(lang),
                            .prefix = { text, caret }, .suffix = { text + caret, n - caret }, .caret = caret, .flags = flags };

    memset(a, 0, sizeof *a);
    assert_int_equal(f->compute->run(f->self, &r, &sink, NULL), SY_OK);
    assert_int_equal(a->stops, 1);
}

/* Completes at the mark <|> of a text; the mark is not part of it. */
static void run_marked(struct fixture *f, const char *path, const char *lang, const char *marked, uint32_t flags,
                       struct answer *a)
{
    const char *mark = strstr(marked, "<|>");
    size_t caret = (size_t)(mark - marked), n = strlen(marked) - 3;
    char *text = malloc(n + 1);

    memcpy(text, marked, caret);
    memcpy(text + caret, mark + 3, n - caret + 1);
    run_at(f, path, lang, text, n, caret, flags, a);
    free(text);
}

static void put_text(struct fixture *f, const char *path, const char *lang, const char *text, uint32_t flags);

/* ---- what it completes -------------------------------------------------------------------------------------------- */

static const char store_c[] =
    "int store_open(struct store *s, const char *path)\n{\n    int r = store_check(s, path);\n\n    if (r < 0)\n"
    "        return store_fail(s, r, path);\n    s->path = copy_string(path);\n    return 0;\n}\n";

static void copies_a_line_from_another_file(void **state)
{
    struct fixture f;
    struct answer a;

    (void)state;
    open_model(&f, "0.1");
    put_text(&f, "src/store.c", "c", store_c, 0);
    run_marked(&f, "src/other.c", "c", "int other(struct store *s, const char *path)\n{\n    int r = store_check(s, path);\n\n    if (r < 0)\n        <|>",
               SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_string_equal(a.text[0], "return store_fail(s, r, path);");
    assert_true(a.p[0] > 300000);
    close_model(&f);
}

static void works_without_any_corpus(void **state)
{
    struct fixture f;
    struct answer a;

    (void)state;
    open_model(&f, "0.1");
    run_marked(&f, "a.py", "python",
               "self.width = options.get('width', 10)\nself.height = options.get('height', 10)\nself.depth = opt<|>\n",
               SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_memory_equal(a.text[0], "ions", 4);
    close_model(&f);
}

static void replaces_identifiers_when_copying(void **state)
{
    struct fixture f;
    struct answer a;

    (void)state;
    open_model(&f, "0.1");
    run_marked(&f, "a.c", "c",
               "static void free_node(struct node *node)\n{\n    if (!node)\n        return;\n    release(node->name);\n    free(node);\n}\n\n"
               "static void free_edge(struct edge *edge)\n{\n    if (!edge)\n        return;\n    release(edge-><|>",
               SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_string_equal(a.text[0], "name);");
    run_marked(&f, "a.c", "c",
               "static void free_node(struct node *node)\n{\n    if (!node)\n        return;\n    release(node->name);\n    free(node);\n}\n\n"
               "static void free_edge(struct edge *edge)\n{\n    if (!edge)\n        return;\n    release(edge->name);\n    free(<|>",
               SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_string_equal(a.text[0], "edge);");
    close_model(&f);
}

static void stops_before_what_follows_on_the_line(void **state)
{
    struct fixture f;
    struct answer a;

    (void)state;
    open_model(&f, "0.05");
    put_text(&f, "a.c", "c", "void f(void)\n{\n    start_engine(main_engine, 42);\n}\nvoid g(void)\n{\n    start_engine(main_engine, 42);\n}\n", 0);
    run_marked(&f, "b.c", "c", "void h(void)\n{\n    start_engine(<|>);\n}\n", SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_string_equal(a.text[0], "main_engine, 42");
    close_model(&f);
}

static void keeps_exact_spacing(void **state)
{
    struct fixture f;
    struct answer a;

    (void)state;
    open_model(&f, "0.05");
    put_text(&f, "a.c", "c", "#define ALPHA_VALUE    0x10\n#define  BETA_VALUE\t0x20\n#define ALPHA_VALUE    0x10\n", 0);
    run_marked(&f, "b.c", "c", "#define ALPHA_VALUE<|>\n", SY_REQ_SINGLE_LINE, &a);
    assert_true(a.n >= 1);
    assert_string_equal(a.text[0], "    0x10");
    close_model(&f);
}

static void gives_several_lines_of_a_block(void **state)
{
    static const char block[] = "\tif err != nil {\n\t\treturn nil, wrapError(err, name)\n\t}\n";
    struct fixture f;
    struct answer a;
    char text[4096];
    int i, k, found = -1;

    (void)state;
    open_model(&f, "0.05");
    text[0] = 0;
    for (i = 0, k = 0; i < 6; i++)
        k += snprintf(text + k, sizeof text - (size_t)k, "func f%d(name string) (*T, error) {\n\tv, err := load(name)\n%s\treturn v, nil\n}\n\n", i, block);
    put_text(&f, "a.go", "go", text, 0);
    run_marked(&f, "b.go", "go", "func g(name string) (*T, error) {\n\tv, err := load(name)\n\tif err != nil {<|>", 0, &a);
    run_marked(&f, "b.go", "go", "func g(name string) (*T, error) {\n\tv, err := load(name)\n\t<|>\n", 0, &a);
    for (i = 0; i < a.n; i++)
        if (strstr(a.text[i], "\n"))
            found = i;
    assert_true(found >= 0);
    assert_memory_equal(a.text[found], "if err != nil {\n\t\treturn nil, wrapError(err, name)\n\t}", 51);
    run_marked(&f, "b.go", "go", "func g(name string) (*T, error) {\n\tv, err := load(name)\n\t<|>\n", SY_REQ_SINGLE_LINE, &a);
    for (i = 0; i < a.n; i++)
        assert_null(strstr(a.text[i], "\n"));
    close_model(&f);
}

/* Six functions begin a line alike and end it differently. */
static void cuts_an_unsure_tail(void **state)
{
    static const char *const tails[] = { "ALPHA, 1);", "path->name);", "\"text\");", "next(3) + 4);", "x[7], y);", "-1);" };
    struct fixture f;
    struct answer a;
    char text[4096];
    int i, k;

    (void)state;
    open_model(&f, NULL);
    for (i = 0, k = 0; i < 6; i++)
        k += snprintf(text + k, sizeof text - (size_t)k, "void f%d(void)\n{\n    begin();\n    table_register_entry(main_table, %s\n}\n\n", i,
                      tails[i]);
    put_text(&f, "a.c", "c", text, 0);
    run_marked(&f, "b.c", "c", "void g(void)\n{\n    begin();\n    table_<|>", SY_REQ_SINGLE_LINE, &a);
    assert_int_equal(a.n, 1);
    assert_string_equal(a.text[0], "register_entry(main_table,");
    assert_true(a.p[0] >= 500000);
    close_model(&f);
}

static void does_not_show_a_single_character(void **state)
{
    struct fixture f;
    struct answer a;
    int i;

    (void)state;
    open_model(&f, "0");
    put_text(&f, "src/store.c", "c", store_c, 0);
    run_marked(&f, "b.c", "c", "    return store_fail(s, r, path)<|>", SY_REQ_MANY | SY_REQ_SINGLE_LINE, &a);
    for (i = 0; i < a.n; i++)
        assert_true(a.len[i] > 1);
    close_model(&f);
}

/* ---- what it keeps to itself -------------------------------------------------------------------------------------- */

static void is_silent_below_the_threshold(void **state)
{
    struct fixture f;
    struct answer a;
    int i;

    (void)state;
    open_model(&f, "1");
    put_text(&f, "src/store.c", "c", store_c, 0);
    run_marked(&f, "b.c", "c", "int other(void)\n{\n    int r = <|>", 0, &a);
    for (i = 0; i < a.n; i++)
        assert_int_equal(a.p[i], 1000000);
    close_model(&f);
}

static void is_silent_in_comments_and_inside_words(void **state)
{
    static const char *const carets[] = { "int x; // the <|>", "/* a\n * b <|>\n */", "int sto<|>re = 1;", "" };
    struct fixture f;
    struct answer a;
    int i;

    (void)state;
    open_model(&f, "0");
    put_text(&f, "src/store.c", "c", store_c, 0);
    for (i = 0; *carets[i]; i++) {
        run_marked(&f, "b.c", "c", carets[i], SY_REQ_MANY, &a);
        assert_int_equal(a.n, 0);
    }
    close_model(&f);
}

static void never_repeats_a_secret(void **state)
{
    static const char *const secrets[] = { "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
                                           "sk-proj4f9aQ82mZx7LwP3vN6tR1yK5", "d6Fq8Zt2LmX9vB4kR7wQ1nS5yU3hJ0pE" };
    char text[1024], line[256];
    struct fixture f;
    struct answer a;
    size_t i;
    int k;

    (void)state;
    open_model(&f, "0");
    for (i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        snprintf(text, sizeof text, "connect(host, \"%s\")\nother(1)\nconnect(host, \"%s\")\nclient.token = %s\n", secrets[i],
                 secrets[i], secrets[i]);
        put_text(&f, "a.py", "python", text, SY_CORPUS_OPEN);
        snprintf(line, sizeof line, "connect(host, \"<|>");
        run_marked(&f, "b.py", "python", line, SY_REQ_MANY, &a);
        for (k = 0; k < a.n; k++)
            assert_null(strstr(a.text[k], secrets[i] + 4));
        snprintf(line, sizeof line, "client.token = %.6s<|>", secrets[i]);
        run_marked(&f, "b.py", "python", line, SY_REQ_MANY, &a);
        for (k = 0; k < a.n; k++)
            assert_null(strstr(a.text[k], secrets[i] + 8));
        assert_int_equal(vocab_find(&((struct local *)f.self)->model->store.vocab, secrets[i], strlen(secrets[i]), TK_WORD), 0);
    }
    put_text(&f, "key.py", "python",
        "KEY = \"\"\"\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nshortline\n-----END RSA PRIVATE KEY-----\n\"\"\"\nafter_key = 1\n", 0);
    assert_int_equal(vocab_find(&((struct local *)f.self)->model->store.vocab, "shortline", 9, TK_WORD), 0);
    assert_int_not_equal(vocab_find(&((struct local *)f.self)->model->store.vocab, "after_key", 9, TK_WORD), 0);
    close_model(&f);
}

static void names_the_wrong_option(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(try_open(&f, "much", NULL), SY_EREQUEST);
    assert_non_null(strstr(f.sentence, "memory_mb"));
    assert_int_equal(try_open(&f, NULL, "1.5"), SY_EREQUEST);
    assert_non_null(strstr(f.sentence, "min_confidence"));
    assert_null(f.provider->extension("sy.unknown/1"));
}

static int cancelled_at_once(void *ctx)
{
    ++*(int *)ctx;
    return 1;
}

static void returns_early_when_cancelled(void **state)
{
    struct fixture f;
    struct answer a = { .n = 0 };
    int asked = 0;
    struct sy_cancel cancel = { sizeof cancel, &asked, cancelled_at_once };
    struct sy_sink sink = { sizeof sink, &a, sink_emit };
    struct sy_request r = { .size = sizeof r, .kind = SY_REQ_FIM, .prefix = str("return sto"), .caret = 10 };

    (void)state;
    open_model(&f, "0");
    put_text(&f, "src/store.c", "c", store_c, 0);
    assert_int_equal(f.compute->run(f.self, &r, &sink, &cancel), SY_OK);
    assert_int_equal(a.n, 0);
    assert_true(asked > 0);
    r.kind = SY_REQ_CHAT;
    assert_int_equal(f.compute->run(f.self, &r, &sink, NULL), SY_EUNSUPPORTED);
    close_model(&f);
}

/* ---- any bytes, any edits ----------------------------------------------------------------------------------------- */

static uint32_t rnd(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 33);
}

static void put_text(struct fixture *f, const char *path, const char *lang, const char *text, uint32_t flags)
{
    assert_int_equal(f->corpus->put(f->self, str(path), str(lang), str(text), flags), SY_OK);
}

static void survives_any_bytes(void **state)
{
    enum { BIG = 1 << 20 };
    char *text = malloc(BIG + 1);
    struct fixture f;
    struct answer a;
    uint64_t s = 11;
    size_t n, i;
    int round;

    (void)state;
    open_model(&f, "0");
    for (round = 0; round < 60; round++) {
        n = rnd(&s) % 3000;
        for (i = 0; i < n; i++)
            text[i] = (char)(round % 3 ? rnd(&s) : (uint32_t)"\n\"'`/*\\#(a \t\r\x80\0"[rnd(&s) % 15]);
        f.corpus->put(f.self, str("noise"), str(round % 2 ? "c" : "python"), (struct sy_str){ text, n }, SY_CORPUS_OPEN);
        i = n ? rnd(&s) % n : 0;
        run_at(&f, "noise", "c", text, n, i, SY_REQ_MANY, &a);
    }
    for (i = 0; i < BIG; i++)
        text[i] = "ab, (x"[i % 6];
    f.corpus->put(f.self, str("long"), str("c"), (struct sy_str){ text, BIG }, SY_CORPUS_OPEN);
    run_at(&f, "long", "c", text, BIG, BIG, 0, &a);
    run_at(&f, "long", "c", text, BIG, BIG / 2, 0, &a);
    assert_int_equal(f.corpus->edit(f.self, str("long"), 10, BIG, (struct sy_str){ NULL, 0 }), SY_OK);
    assert_int_equal(f.corpus->edit(f.self, str("long"), 5, 11, str("x")), SY_EREQUEST);
    assert_int_equal(f.corpus->edit(f.self, str("nowhere"), 5, 11, str("x")), SY_OK);
    free(text);
    close_model(&f);
}

static const char *const pieces[] = {
    "int value = load(", "name);\n", "    if (value < 0) {\n", "        return fail(value);\n", "    }\n", "\n", "x", "(",
    ")", " ", "/*", "*/", "\"", "\"\"\"", "// note\n", "struct item *item = find(list, key);\n", "\t", "#", "`", "count++;\n",
    "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n", "MIIEvQIBADANBgkq\n", "\r\n", "total += item->size;\n",
};

struct mirror { /* the text as the test knows it */
    char text[1 << 15];
    size_t n;
};

static void random_edit(struct fixture *f, const char *path, struct mirror *m, uint64_t *s)
{
    const char *add = rnd(s) % 4 ? pieces[rnd(s) % (sizeof pieces / sizeof pieces[0])] : "";
    size_t start = m->n ? rnd(s) % (m->n + 1) : 0, cut, n = strlen(add);

    cut = rnd(s) % 3 == 0 ? rnd(s) % 60 : rnd(s) % 200 == 0 ? rnd(s) % 4000 : 0;
    if (cut > m->n - start)
        cut = m->n - start;
    if (m->n - cut + n > sizeof m->text)
        return;
    memmove(m->text + start + n, m->text + start + cut, m->n - start - cut);
    memcpy(m->text + start, add, n);
    m->n = m->n - cut + n;
    assert_int_equal(f->corpus->edit(f->self, str(path), start, start + cut, str(add)), SY_OK);
}

static void same_answers(struct fixture *a, struct fixture *b, const char *path, const struct mirror *m, uint64_t *s, int times)
{
    static struct answer x, y;
    size_t caret;
    int i;

    while (times-- > 0) {
        caret = m->n ? rnd(s) % (m->n + 1) : 0;
        run_at(a, path, "c", m->text, m->n, caret, SY_REQ_MANY, &x);
        run_at(b, path, "c", m->text, m->n, caret, SY_REQ_MANY, &y);
        assert_int_equal(x.n, y.n);
        for (i = 0; i < x.n; i++) {
            assert_int_equal(x.len[i], y.len[i]);
            assert_memory_equal(x.text[i], y.text[i], x.len[i]);
            assert_int_equal(x.p[i], y.p[i]);
        }
    }
}

static void put_mirror(struct fixture *f, const char *path, const struct mirror *m, uint32_t flags)
{
    assert_int_equal(f->corpus->put(f->self, str(path), str("c"), (struct sy_str){ m->text, m->n }, flags), SY_OK);
}

static void fill(struct mirror *m, uint64_t *s, size_t want)
{
    const char *p;

    for (m->n = 0; m->n < want; m->n += strlen(p)) {
        p = pieces[rnd(s) % (sizeof pieces / sizeof pieces[0])];
        if (strstr(p, "BEGIN") || strstr(p, "/*") || strstr(p, "\""))
            p = "\n";
        memcpy(m->text + m->n, p, strlen(p));
    }
}

static void edited_model_equals_a_fresh_one(void **state)
{
    static struct mirror doc[2], closed;
    static const char *const path[] = { "src/one.c", "src/two.c" };
    struct fixture a, b;
    uint64_t s = 42;
    int i, k, answers = 0;

    (void)state;
    open_model(&a, "0");
    fill(&closed, &s, 9000);
    put_mirror(&a, "src/closed.c", &closed, 0);
    for (k = 0; k < 2; k++) {
        fill(&doc[k], &s, 12000);
        put_mirror(&a, path[k], &doc[k], SY_CORPUS_OPEN);
    }
    for (i = 1; i <= 2000; i++) {
        k = (int)(rnd(&s) % 2);
        random_edit(&a, path[k], &doc[k], &s);
        if (i % 100)
            continue;
        open_model(&b, "0");
        put_mirror(&b, "src/closed.c", &closed, 0);
        put_mirror(&b, path[0], &doc[0], SY_CORPUS_OPEN);
        put_mirror(&b, path[1], &doc[1], SY_CORPUS_OPEN);
        same_answers(&a, &b, path[k], &doc[k], &s, 25);
        answers += 25;
        close_model(&b);
    }
    assert_int_equal(answers, 500);
    close_model(&a);
}

static void drop_forgets_exactly(void **state)
{
    static struct mirror keep, gone;
    struct fixture a, b;
    struct store *sa, *sb;
    uint64_t s = 5;
    int i;

    (void)state;
    open_model(&a, "0");
    open_model(&b, "0");
    fill(&keep, &s, 8000);
    fill(&gone, &s, 8000);
    memcpy(gone.text + gone.n, "zebra_quagga(okapi);\n", 21);
    gone.n += 21;
    put_mirror(&a, "gone.c", &gone, SY_CORPUS_OPEN);
    put_mirror(&a, "keep.c", &keep, SY_CORPUS_OPEN);
    put_mirror(&b, "keep.c", &keep, SY_CORPUS_OPEN);
    for (i = 0; i < 200; i++)
        random_edit(&a, "gone.c", &gone, &s);
    assert_int_equal(a.corpus->drop(a.self, str("gone.c")), SY_OK);
    assert_int_equal(a.corpus->drop(a.self, str("gone.c")), SY_OK);
    same_answers(&a, &b, "keep.c", &keep, &s, 60);
    sa = &((struct local *)a.self)->model->store;
    sb = &((struct local *)b.self)->model->store;
    assert_int_equal(vocab_find(&sa->vocab, "zebra_quagga", 12, TK_WORD), 0);
    assert_int_equal(sa->vocab.live, sb->vocab.live);
    assert_int_equal(sa->bytes, sb->bytes);
    close_model(&a);
    close_model(&b);
}

static void memory_stays_below_its_cap(void **state)
{
    static struct mirror m;
    struct fixture f;
    struct store *store;
    uint64_t s = 77;
    char path[32];
    int i;

    (void)state;
    assert_int_equal(try_open(&f, "1", NULL), SY_OK);
    store = &((struct local *)f.self)->model->store;
    fill(&m, &s, 3000);
    put_mirror(&f, "open.c", &m, SY_CORPUS_OPEN);
    for (i = 0; i < 200; i++) {
        fill(&m, &s, 12000);
        snprintf(path, sizeof path, "f%d.c", i);
        put_mirror(&f, path, &m, 0);
        assert_true(store->bytes + store->vocab.bytes <= 1 << 20);
    }
    assert_true(store->n > 5 && store->n < 100);
    assert_non_null(store_find(store, "open.c", 6));
    assert_non_null(store_find(store, "f199.c", 6));
    assert_null(store_find(store, "f0.c", 4));
    close_model(&f);
}

/* ---- surprise ------------------------------------------------------------------------------------------------------ */

struct measured {
    double bits[16];
    unsigned ntokens[16];
    uint64_t line[16];
    int n;
};

static int note_line(void *ctx, const struct sy_surprise_line *l)
{
    struct measured *m = ctx;
    double sum = 0;
    uint32_t i;

    for (i = 0; i < l->ntokens; i++) {
        assert_true(l->tokens[i].bits >= 0 && l->tokens[i].end > l->tokens[i].start);
        sum += l->tokens[i].bits;
    }
    assert_true(l->bits >= sum - 0.01);
    m->bits[m->n] = l->bits;
    m->ntokens[m->n] = l->ntokens;
    m->line[m->n++] = l->line;
    return m->n == 16 ? -1 : 0;
}

static void measures_how_surprising_lines_are(void **state)
{
    static const char text[] = "int other(struct store *s, const char *path)\n{\n    int r = store_check(s, path);\n\n"
                               "    /* nothing */\n    if (r < 0)\n        return store_fail(s, r, path);\n"
                               "    quagga ^= zebra[okapi--] % 17;\n    return 0;\n}\n";
    const struct sy_surprise *api;
    struct sy_surprise_text t = { .size = sizeof t, .path = str("src/other.c"), .language = str("c"), .text = str(text),
                                  .first = 2, .end = 8 };
    struct measured a = { .n = 0 }, again = { .n = 0 }, knows = { .n = 0 };
    struct fixture f;
    size_t live;

    (void)state;
    open_model(&f, NULL);
    api = f.provider->extension(SY_EXT_SURPRISE);
    put_text(&f, "src/store.c", "c", store_c, 0);
    live = ((struct local *)f.self)->model->store.vocab.live;
    assert_int_equal(api->measure(f.self, &t, &a, note_line, NULL), SY_OK);
    assert_int_equal(((struct local *)f.self)->model->store.vocab.live, live);
    assert_int_equal(a.n, 4);
    assert_int_equal(a.line[0], 2);
    assert_int_equal(a.line[3], 7);
    assert_true(a.bits[2] / a.ntokens[2] < 2);  /* the workspace has this line */
    assert_true(a.bits[3] / a.ntokens[3] > 8);  /* and nothing like this one */
    /* The path's own text is no evidence, whether the model knows it or not. */
    put_text(&f, "src/other.c", "c", text, SY_CORPUS_OPEN);
    assert_int_equal(api->measure(f.self, &t, &again, note_line, NULL), SY_OK);
    assert_int_equal(again.n, 4);
    assert_true(again.bits[2] == a.bits[2]);
    assert_true(again.bits[3] / again.ntokens[3] > 6);
    /* Another file with these lines is. */
    put_text(&f, "src/third.c", "c", text, 0);
    assert_int_equal(api->measure(f.self, &t, &knows, note_line, NULL), SY_OK);
    assert_true(knows.bits[3] < a.bits[3] / 3);
    close_model(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_a_line_from_another_file),
        cmocka_unit_test(works_without_any_corpus),
        cmocka_unit_test(replaces_identifiers_when_copying),
        cmocka_unit_test(stops_before_what_follows_on_the_line),
        cmocka_unit_test(keeps_exact_spacing),
        cmocka_unit_test(gives_several_lines_of_a_block),
        cmocka_unit_test(cuts_an_unsure_tail),
        cmocka_unit_test(does_not_show_a_single_character),
        cmocka_unit_test(is_silent_below_the_threshold),
        cmocka_unit_test(is_silent_in_comments_and_inside_words),
        cmocka_unit_test(never_repeats_a_secret),
        cmocka_unit_test(names_the_wrong_option),
        cmocka_unit_test(returns_early_when_cancelled),
        cmocka_unit_test(survives_any_bytes),
        cmocka_unit_test(edited_model_equals_a_fresh_one),
        cmocka_unit_test(drop_forgets_exactly),
        cmocka_unit_test(memory_stays_below_its_cap),
        cmocka_unit_test(measures_how_surprising_lines_are),
    };

    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
