/* SPDX-License-Identifier: MIT */
/* The tree that follows a text: golden places in small sources, random edits against a full parse, windows, jobs.
 *
 * tests/golden/syntax/NAME holds carets written <|>; NAME.expect says what each one is in, and the outline. UPDATE=1
 * rewrites what is expected. */
#include "core/doc/syntax.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LONG_US 20000000
#ifdef SANITIZED /* ten times slower */
#define EDITS 300
#define WINDOWS 4
#else
#define EDITS 5000
#define WINDOWS 20
#endif

static struct grammars *grammars;

static int setup(void **state)
{
    AUTO_FREE char *lib = fs_lib_dir();

    (void)state;
    grammars = grammars_new(lib);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    grammars_free(grammars);
    return 0;
}

static uint64_t rng_state;

static size_t below(size_t n)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return n ? (size_t)(rng_state >> 33) % n : 0;
}

static struct syntax *new_syntax(const char *id, struct rope *text)
{
    const struct lang *l = lang_by_id(str_c(id));
    struct err e = { 0 };
    const struct grammar *g = grammars_get(grammars, l->grammar, &e);

    if (!g)
        fail_msg("%s", e.text);
    return syntax_new(l, g, text);
}

static void read_file(const char *path, struct buf *b)
{
    struct err e = { 0 };

    buf_init(b, 1 << 20);
    if (fs_read(path, b, &e) < 0)
        fail_msg("%s", e.text);
}

/* Golden places */

#define MAX_CARETS 32

static size_t take_carets(struct buf *b, size_t at[MAX_CARETS])
{
    size_t i, n = 0, carets = 0;

    for (i = 0; i < b->n; i++) {
        if (b->n - i >= 3 && memcmp(b->p + i, "<|>", 3) == 0) {
            assert_true(carets < MAX_CARETS);
            at[carets++] = n;
            i += 2;
        } else {
            b->p[n++] = b->p[i];
        }
    }
    b->n = n;
    return carets;
}

static void add_place(struct buf *out, const struct rope *text, size_t at)
{
    uint32_t row, column;

    rope_point(text, at, &row, &column);
    buf_addf(out, "%u:%u", row + 1, column + 1);
}

static void add_span(struct buf *out, const char *name, const struct rope *text, struct span s)
{
    if (!s.end)
        return;
    buf_addf(out, " %s=", name);
    add_place(out, text, s.start);
    buf_addc(out, '-');
    add_place(out, text, s.end);
}

static void describe_caret(struct buf *out, const struct syntax *s, const struct lang *l, const struct rope *text, size_t at)
{
    static const char *const scopes[] = { "code", "comment", "string", "text" };
    struct symbol around[8];
    struct site site;
    size_t n, i;

    syntax_site(s, l, text, at, &site);
    assert_true(site.from_tree);
    add_place(out, text, at);
    buf_addf(out, " %s%s%s%s", scopes[site.scope], site.opens_block ? " opens" : "", site.block_empty ? " empty" : "",
        site.in_error ? " broken" : "");
    add_span(out, "node", text, site.node);
    add_span(out, "block", text, site.block);
    add_span(out, "function", text, site.function);
    add_span(out, "container", text, site.container);
    n = syntax_enclosing(s, at, around, ARRAY_LEN(around));
    for (i = 0; i < n; i++) {
        buf_addf(out, "%s%s ", i ? " > " : " in ", symbol_kind_name(around[i].kind));
        rope_copy(text, around[i].name.start, around[i].name.end, out);
        assert_int_equal(around[i].depth, i);
    }
    buf_addc(out, '\n');
}

static void describe(struct buf *out, const char *path)
{
    const struct lang *l = lang_by_path(path);
    struct symbol symbols[200];
    size_t carets[MAX_CARETS], n, i;
    AUTO_BUF struct buf source;
    struct rope *text;
    struct syntax *s;

    read_file(path, &source);
    n = take_carets(&source, carets);
    text = rope_new(buf_str(&source));
    s = new_syntax(l->id, text);
    assert_int_equal(syntax_update(s, 0, LONG_US), 0);
    buf_addf(out, "errors %zu\n", syntax_errors(s, (struct span){ 0, SIZE_MAX }, 1000));
    for (i = 0; i < n; i++)
        describe_caret(out, s, l, text, carets[i]);
    n = syntax_outline(s, symbols, ARRAY_LEN(symbols), LONG_US);
    for (i = 0; i < n; i++) {
        buf_addf(out, "%*s%s ", (int)symbols[i].depth * 2, "", symbol_kind_name(symbols[i].kind));
        rope_copy(text, symbols[i].name.start, symbols[i].name.end, out);
        add_span(out, "at", text, symbols[i].range);
        buf_addc(out, '\n');
    }
    syntax_free(s);
    rope_unref(text);
}

static bool is_golden(const char *name)
{
    size_t n = strlen(name);

    return name[0] != '.' && (n < 7 || strcmp(name + n - 7, ".expect") != 0);
}

static void golden_places(void **state)
{
    DIR *d = opendir("tests/golden/syntax");
    size_t files = 0, wrong = 0;
    struct dirent *f;

    (void)state;
    assert_non_null(d);
    while ((f = readdir(d))) {
        AUTO_FREE char *path = fs_join("tests/golden/syntax", f->d_name);
        AUTO_FREE char *expect = mem_printf("%s.expect", path);
        AUTO_BUF struct buf got, want;
        FILE *file;

        buf_init(&got, 1 << 20);
        buf_init(&want, 1 << 20);
        if (!is_golden(f->d_name))
            continue;
        describe(&got, path);
        files++;
        if (getenv("UPDATE")) {
            file = fopen(expect, "w");
            assert_non_null(file);
            assert_int_equal(fwrite(got.p, 1, got.n, file), got.n);
            assert_int_equal(fclose(file), 0);
        }
        if (fs_read(expect, &want, NULL) == 0 && str_eq(buf_str(&got), buf_str(&want)))
            continue;
        print_error("%s: got\n%s\nwant\n%s\n", path, got.p, want.p ? want.p : "(no .expect file)");
        wrong++;
    }
    closedir(d);
    assert_true(files >= 32);
    assert_int_equal(wrong, 0);
}

/* Random edits: the tree that followed them is the tree of a new parse */

/* Pieces that open, close and break things. */
static const char *const pieces[] = { "{", "}", "(", ")", "\n", "\n\n", "    ", "int x = 1;", "if (a) ", "/*", "*/", "//",
    "\"", "'", "#", ":", "def f(a):\n    return a\n", "class A:\n    pass\n", "\t", ";", "\"\"\"", "\xc3\xa9", "\xff", "for (;;) {}",
    "\\", "f(g(1, 2), [3])", "struct s { int a; };", "x", "\r\n", "#if 1\n", "#endif\n", "\xf0\x9f\x8e\x88" };

/* The shape of both trees, and where what they define is. */
static void assert_same_as_new_parse(struct syntax *s, const char *id, struct rope *text, unsigned step)
{
    struct syntax *fresh = new_syntax(id, text);
    struct symbol followed[300], parsed[300];
    AUTO_FREE char *a = NULL;
    AUTO_FREE char *b = NULL;
    size_t n;

    assert_int_equal(syntax_update(s, 0, LONG_US), 0);
    assert_int_equal(syntax_update(fresh, 0, LONG_US), 0);
    a = syntax_dump(s);
    b = syntax_dump(fresh);
    if (strcmp(a, b) != 0)
        fail_msg("%s, edit %u: the tree that followed the edits is\n%s\na new one is\n%s", id, step, a, b);
    memset(followed, 0, sizeof followed);
    memset(parsed, 0, sizeof parsed);
    n = syntax_outline(s, followed, ARRAY_LEN(followed), LONG_US);
    assert_int_equal(syntax_outline(fresh, parsed, ARRAY_LEN(parsed), LONG_US), n);
    assert_memory_equal(followed, parsed, n * sizeof *parsed);
    syntax_free(fresh);
}

static struct rope *random_edit(struct syntax *s, struct rope *text)
{
    size_t n = rope_bytes(text), start = below(n + 1), end = start + below(3) * below(20);
    const char *piece = below(4) ? pieces[below(ARRAY_LEN(pieces))] : "";
    struct rope *after;

    end = MIN(end, n);
    if (n > 6000) /* keep it small: delete more than is added */
        end = MIN(n, start + 400);
    after = rope_edit(text, start, end, str_c(piece));
    syntax_edit(s, after, start, end, start + strlen(piece));
    rope_unref(text);
    return after;
}

static void follow_random_edits(const char *id, const char *path, unsigned edits)
{
    AUTO_BUF struct buf source;
    size_t carets[MAX_CARETS];
    struct syntax *s;
    struct rope *text;
    unsigned i;

    read_file(path, &source);
    take_carets(&source, carets);
    text = rope_new(buf_str(&source));
    s = new_syntax(id, text);
    for (i = 0; i < edits; i++) {
        text = random_edit(s, text);
        /* Several edits between two parses are what fast typing looks like. */
        if (below(3))
            continue;
        assert_same_as_new_parse(s, id, text, i);
    }
    assert_same_as_new_parse(s, id, text, edits);
    syntax_free(s);
    rope_unref(text);
}

static void edits_equal_a_new_parse(void **state)
{
    (void)state;
    rng_state = 1;
    follow_random_edits("c", "tests/golden/syntax/c.c", EDITS);
    rng_state = 2;
    follow_random_edits("python", "tests/golden/syntax/python.py", EDITS);
}

/* Every question at every byte of broken text, in every language: nothing to compare with, but no crash, no answer
 * outside of the text, and a bounded time. */
static void questions_survive_broken_text(void **state)
{
    const char *name;
    struct symbol symbols[64];
    struct site site;
    size_t l, i, at, n;

    (void)state;
    rng_state = 3;
    for (l = 0; l < lang_count(); l++) {
        const struct lang *lang = lang_at(l);
        struct rope *text = rope_new(STR("class A { def f(x): \"a {b}\" /* c */ }\n\n  if x then y end\n"));
        struct syntax *s = NULL;

        name = lang->grammar;
        if (name && grammars_get(grammars, name, NULL))
            s = new_syntax(lang->id, text);
        for (i = 0; i < 12; i++) {
            if (s) {
                text = random_edit(s, text);
                if (i % 3)
                    assert_int_equal(syntax_update(s, 0, LONG_US), 0);
            }
            for (at = 0; at <= rope_bytes(text); at++) {
                syntax_site(s, lang, text, at, &site);
                assert_true(site.node.end <= rope_bytes(text) && site.block.end <= rope_bytes(text));
                assert_true(site.function.start <= at && site.container.start <= at);
                if (s)
                    assert_true(syntax_enclosing(s, at, symbols, 3) <= 3);
            }
            n = s ? syntax_outline(s, symbols, ARRAY_LEN(symbols), LONG_US) : 0;
            while (n--)
                assert_true(symbols[n].range.start <= symbols[n].name.start && symbols[n].range.end <= rope_bytes(text));
        }
        syntax_free(s);
        rope_unref(text);
    }
}

/* Without a grammar or before the first parse, the line answers. */
static void answers_without_a_tree(void **state)
{
    const struct lang *l = lang_by_id(STR("dockerfile"));
    struct rope *text = rope_new(STR("FROM x # from\nRUN \"abc\n"));
    struct syntax *s;
    struct site site;

    (void)state;
    syntax_site(NULL, l, text, 13, &site);
    assert_int_equal(site.scope, LANG_COMMENT);
    assert_false(site.from_tree);
    assert_int_equal(site.function.end, 0);
    syntax_site(NULL, l, text, 22, &site);
    assert_int_equal(site.scope, LANG_STRING);
    syntax_site(NULL, l, text, 23, &site);
    assert_int_equal(site.scope, LANG_CODE);
    s = new_syntax("python", text);
    syntax_site(s, lang_by_id(STR("python")), text, 13, &site);
    assert_int_equal(site.scope, LANG_COMMENT);
    assert_false(site.from_tree);
    assert_null(syntax_dump(s));
    assert_int_equal(syntax_errors(s, (struct span){ 0, SIZE_MAX }, 10), 0);
    syntax_free(s);
    rope_unref(text);
}

/* A string that was just begun is broken syntax; so is half a call. The line still tells. */
static void understands_what_is_being_typed(void **state)
{
    static const struct {
        const char *id, *text; /* the caret is at the end of the part before '|' */
        enum lang_scope scope;
        const char *block;     /* first line of the function's text, or NULL */
        bool opens, empty;
    } cases[] = {
        { "c", "int f(void)\n{\n    puts(\"abc|\n}\n", LANG_STRING, NULL, false, false },
        { "c", "int f(void)\n{\n    x = |\n}\n", LANG_CODE, "int f(void)", false, false },
        { "c", "int f(void)\n{|\n}\n", LANG_CODE, "int f(void)", true, true },
        { "c", "int f(void)\n{\n    if (x) {\n        |\n    }\n}\n", LANG_CODE, "int f(void)", true, true },
        { "c", "int f(void)\n{\n    // ab|\n}\n", LANG_COMMENT, "int f(void)", false, true },
        { "c", "int f(void)\n{\n}\n|", LANG_CODE, NULL, false, false },
        { "c", "int f(void) { return 1; }|\n", LANG_CODE, NULL, false, false },
        { "python", "def f(x):\n    |", LANG_CODE, "def f(x):", true, false },
        { "python", "def f(x):\n    y = 1\n    |\n\nz = 2\n", LANG_CODE, "def f(x):", false, false },
        { "python", "def f(x):\n    y = 1\n|\n\nz = 2\n", LANG_CODE, NULL, false, false },
        { "python", "def f(x):\n    return x.|", LANG_CODE, "def f(x):", false, false },
        { "python", "def f(x):\n    \"\"\"Do|\n    it.\n    \"\"\"\n", LANG_STRING, "def f(x):", false, false },
        { "python", "x = 'it|\n", LANG_STRING, NULL, false, false },
        { "ruby", "def f\n  |\nend\n", LANG_CODE, "def f", true, false },
        { "lua", "local function f()\n  |\nend\n", LANG_CODE, "local function f()", true, false },
        { "javascript", "const f = () => {|}\n", LANG_CODE, "() => {}", true, true },
        { "rust", "/// a doc|\nfn f() {}\n", LANG_COMMENT, NULL, false, false },
        { "rust", "/// a doc\n|fn f() {}\n", LANG_CODE, NULL, false, false },
        { "rust", "fn f() {\n    g(|\n}\n", LANG_CODE, NULL, true, false },
    };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        const struct lang *l = lang_by_id(str_c(cases[i].id));
        const char *bar = strchr(cases[i].text, '|');
        AUTO_FREE char *plain = mem_printf("%.*s%s", (int)(bar - cases[i].text), cases[i].text, bar + 1);
        struct rope *text = rope_new(str_c(plain));
        struct syntax *s = new_syntax(cases[i].id, text);
        struct site site;

        assert_int_equal(syntax_update(s, 0, LONG_US), 0);
        syntax_site(s, l, text, (size_t)(bar - cases[i].text), &site);
        if (site.scope != cases[i].scope || site.opens_block != cases[i].opens || site.block_empty != cases[i].empty)
            fail_msg("%s: scope %d opens %d empty %d", cases[i].text, site.scope, site.opens_block, site.block_empty);
        if (cases[i].block && (!site.function.end || strncmp(plain + site.function.start, cases[i].block, strlen(cases[i].block)) != 0))
            fail_msg("%s: function at %zu to %zu", cases[i].text, site.function.start, site.function.end);
        if (!cases[i].block && site.function.end && site.scope != LANG_STRING && !site.in_error)
            fail_msg("%s: in a function", cases[i].text);
        syntax_free(s);
        rope_unref(text);
    }
}

/* Large texts */

static struct rope *large_c(size_t bytes)
{
    AUTO_BUF struct buf b;
    unsigned i;

    buf_init(&b, bytes + 4096);
    for (i = 0; b.n < bytes; i++)
        buf_addf(&b, "static int f%u(int a)\n{\n    /* number %u */\n    if (a > %u) {\n        return g(a, \"%u\");\n    }\n"
                     "    return a + %u;\n}\n\n", i, i, i, i, i);
    return rope_new(buf_str(&b));
}

static void large_text_is_parsed_in_a_window(void **state)
{
    struct rope *text = large_c(3000000), *after;
    struct syntax *s = new_syntax("c", text);
    struct symbol around[4], symbols[2000];
    size_t at, n, i;
    struct span w;
    struct site site;

    (void)state;
    assert_int_equal(syntax_covers(s).end, 0);
    for (i = 0; i < WINDOWS; i++) {
        at = i < 2 ? i * rope_bytes(text) : below(rope_bytes(text));
        assert_int_equal(syntax_update(s, at, LONG_US), 0);
        assert_true(syntax_is_fresh(s, at));
        w = syntax_covers(s);
        assert_true(w.start <= at && at <= w.end && w.end - w.start <= 128 << 10);
        /* It begins with a function, so nothing in it is broken but what its end cuts. */
        if (w.start)
            assert_int_equal(rope_byte(text, w.start), 's');
        assert_true(syntax_errors(s, (struct span){ 0, SIZE_MAX }, 100) <= 2);
        n = syntax_outline(s, symbols, ARRAY_LEN(symbols), LONG_US);
        assert_true(n > 300);
        syntax_site(s, lang_by_id(STR("c")), text, at, &site);
        assert_true(site.from_tree);
        assert_true(syntax_enclosing(s, at, around, 4) <= 1);
    }
    /* Somewhere else in the text only the line is known. */
    syntax_update(s, 0, LONG_US);
    syntax_site(s, lang_by_id(STR("c")), text, 2000000, &site);
    assert_false(site.from_tree);
    /* Typing far above the window moves it, typing in it keeps it. */
    at = 1500000;
    assert_int_equal(syntax_update(s, at, LONG_US), 0);
    w = syntax_covers(s);
    for (i = 0; i < 50; i++) {
        after = rope_edit(text, i % 2 ? 10 : at, i % 2 ? 10 : at, STR("/*x*/"));
        syntax_edit(s, after, i % 2 ? 10 : at, i % 2 ? 10 : at, (i % 2 ? 10 : at) + 5);
        rope_unref(text);
        text = after;
        at += 5;
        assert_int_equal(syntax_update(s, at, LONG_US), 0);
    }
    assert_int_equal(syntax_covers(s).start, w.start + 125);
    assert_int_equal(syntax_covers(s).end, w.end + 250);
    syntax_free(s);
    rope_unref(text);
}

/* In a window too, the tree that followed the edits is what a new parse of the same window gives. */
static void window_edits_equal_a_new_parse(void **state)
{
    struct rope *text = large_c(400000), *after, *alone;
    struct syntax *s = new_syntax("c", text), *fresh;
    size_t at, i, start, end;
    const char *piece;

    (void)state;
    rng_state = 5;
    at = 200000;
    assert_int_equal(syntax_update(s, at, LONG_US), 0);
    for (i = 0; i < WINDOWS; i++) {
        struct span w = syntax_covers(s);
        AUTO_FREE char *a = NULL;
        AUTO_FREE char *b = NULL;

        start = below(5) ? w.start + 2000 + below(w.end - w.start - 4000) : below(rope_bytes(text) - 100);
        end = start + below(2) * below(30);
        piece = pieces[below(ARRAY_LEN(pieces))];
        after = rope_edit(text, start, end, str_c(piece));
        syntax_edit(s, after, start, end, start + strlen(piece));
        rope_unref(text);
        text = after;
        at = syntax_covers(s).start + 60000;
        assert_int_equal(syntax_update(s, at, LONG_US), 0);
        /* The same window as a document of its own. */
        w = syntax_covers(s);
        after = rope_edit(text, w.end, rope_bytes(text), STR(""));
        alone = rope_edit(after, 0, w.start, STR(""));
        rope_unref(after);
        fresh = new_syntax("c", alone);
        assert_int_equal(syntax_update(fresh, 0, LONG_US), 0);
        a = syntax_dump(s);
        b = syntax_dump(fresh);
        assert_string_equal(a, b);
        syntax_free(fresh);
        rope_unref(alone);
    }
    syntax_free(s);
    rope_unref(text);
}

static void one_endless_line_is_bounded(void **state)
{
    size_t n = 4 << 20, i;
    char *bytes = mem_alloc(n);
    struct rope *text;
    struct syntax *s;
    struct site site;
    uint64_t t;

    (void)state;
    for (i = 0; i < n; i++)
        bytes[i] = "[(\"x\", "[i % 7];
    text = rope_new((struct str){ bytes, n });
    free(bytes);
    s = new_syntax("javascript", text);
    t = clock_us();
    (void)syntax_update(s, n / 2, 2000);
    syntax_site(s, lang_by_id(STR("javascript")), text, n / 2, &site);
    assert_true(clock_us() - t < 500000);
    assert_int_equal(syntax_update(s, n / 2, LONG_US), 0);
    assert_true(syntax_covers(s).end - syntax_covers(s).start <= 128 << 10);
    t = clock_us();
    syntax_site(s, lang_by_id(STR("javascript")), text, n / 2, &site);
    assert_true(clock_us() - t < 500000);
    syntax_free(s);
    rope_unref(text);
}

/* Jobs */

static void *run_job(void *job)
{
    (void)syntax_job_run(job, LONG_US, NULL);
    return NULL;
}

static void a_worker_finishes_while_the_text_goes_on(void **state)
{
    struct rope *text = large_c(250000);
    struct syntax *s = new_syntax("c", text);
    struct syntax_job *j;
    pthread_t thread;
    unsigned i;

    (void)state;
    rng_state = 7;
    assert_int_equal(syntax_update(s, 0, 0), ERR_TIMEOUT);
    j = syntax_take_job(s);
    assert_non_null(j);
    assert_null(syntax_take_job(s));
    assert_int_equal(syntax_update(s, 0, LONG_US), ERR_TIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, run_job, j), 0);
    for (i = 0; i < 300; i++) { /* more than are kept apart */
        size_t at = below(rope_bytes(text)), cut = below(8);
        struct rope *after = rope_edit(text, at, at + cut, str_c(pieces[i % ARRAY_LEN(pieces)]));

        cut = MIN(cut, rope_bytes(text) - at);
        syntax_edit(s, after, at, at + cut, at + strlen(pieces[i % ARRAY_LEN(pieces)]));
        rope_unref(text);
        text = after;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    syntax_adopt(s, j);
    assert_int_equal(syntax_covers(s).end, rope_bytes(text));
    assert_false(syntax_is_fresh(s, 0));
    assert_same_as_new_parse(s, "c", text, i);
    syntax_free(s);
    rope_unref(text);
}

static void a_parse_goes_on_where_it_stopped(void **state)
{
    struct rope *text = large_c(250000);
    struct syntax *s = new_syntax("c", text);
    uint64_t t, longest = 0;
    unsigned rounds = 0;
    int r;

    (void)state;
    do {
        t = clock_us();
        r = syntax_update(s, 0, 200);
        longest = MAX(longest, clock_us() - t);
    } while (r == ERR_TIMEOUT && ++rounds < 100000);
    assert_int_equal(r, 0);
    assert_true(rounds > 3);
    assert_true(longest < 200000); /* generous: the machine may be busy; measured elsewhere */
    assert_same_as_new_parse(s, "c", text, 0);
    syntax_free(s);
    rope_unref(text);
}

static void jobs_can_be_dropped(void **state)
{
    struct rope *text = large_c(250000), *after;
    struct syntax *s = new_syntax("c", text);
    atomic_bool cancelled = true;
    struct syntax_job *j;

    (void)state;
    assert_int_equal(syntax_update(s, 0, 0), ERR_TIMEOUT);
    j = syntax_take_job(s);
    assert_int_equal(syntax_job_run(j, LONG_US, &cancelled), ERR_CANCELLED);
    assert_int_equal(syntax_job_run(j, LONG_US, NULL), ERR_CANCELLED);
    syntax_adopt(s, j);
    assert_int_equal(syntax_covers(s).end, 0);
    /* After that everything works as before. */
    assert_int_equal(syntax_update(s, 0, 0), ERR_TIMEOUT);
    after = rope_edit(text, 0, 0, STR("int y;\n"));
    syntax_edit(s, after, 0, 0, 7); /* the waiting job is for another text now */
    assert_null(syntax_take_job(s));
    assert_int_equal(syntax_update(s, 0, LONG_US), 0);
    syntax_forget(s);
    assert_int_equal(syntax_covers(s).end, 0);
    assert_int_equal(syntax_update(s, 0, 0), ERR_TIMEOUT);
    j = syntax_take_job(s);
    syntax_free(s); /* closed while the job is away */
    assert_int_equal(syntax_job_run(j, LONG_US, NULL), 0);
    syntax_job_free(j);
    rope_unref(text);
    rope_unref(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_places),
        cmocka_unit_test(edits_equal_a_new_parse),
        cmocka_unit_test(questions_survive_broken_text),
        cmocka_unit_test(answers_without_a_tree),
        cmocka_unit_test(understands_what_is_being_typed),
        cmocka_unit_test(large_text_is_parsed_in_a_window),
        cmocka_unit_test(window_edits_equal_a_new_parse),
        cmocka_unit_test(one_endless_line_is_bounded),
        cmocka_unit_test(a_worker_finishes_while_the_text_goes_on),
        cmocka_unit_test(a_parse_goes_on_where_it_stopped),
        cmocka_unit_test(jobs_can_be_dropped),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
