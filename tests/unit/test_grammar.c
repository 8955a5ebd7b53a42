/* SPDX-License-Identifier: MIT */
/* Every grammar that the build made, every query file, and everything that must not be loaded.
 *
 * Our query matcher is compared with tree-sitter's own on the sources in tests/golden/syntax: the same files must mean
 * the same to both. */
#include "core/doc/grammar.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/doc/lang.h"
#include "core/doc/query.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *lib_dir;
static char work_dir[] = "/tmp/switchyard-grammar-XXXXXX";

static int setup(void **state)
{
    (void)state;
    lib_dir = fs_lib_dir();
    return mkdtemp(work_dir) ? 0 : -1;
}

static int teardown(void **state)
{
    DIR *d = opendir(work_dir);
    struct dirent *f;

    (void)state;
    while (d && (f = readdir(d))) {
        AUTO_FREE char *path = fs_join(work_dir, f->d_name);

        (void)unlink(path);
    }
    closedir(d);
    free(lib_dir);
    return rmdir(work_dir);
}

static void read_file(const char *path, struct buf *b)
{
    struct err e = { 0 };

    buf_init(b, 1 << 20);
    if (fs_read(path, b, &e) < 0)
        fail_msg("%s", e.text);
}

/* The names in languages.def for which the build made a file. */
static size_t built(const char *names[64])
{
    size_t n = 0, i, k;

    for (i = 0; i < lang_count(); i++) {
        AUTO_FREE char *path = NULL;
        const char *name = lang_at(i)->grammar;

        if (!name)
            continue;
        path = mem_printf("%s/grammars/%s.so", lib_dir, name);
        for (k = 0; k < n && strcmp(names[k], name) != 0; k++)
            ;
        if (k == n && fs_is_file(path))
            names[n++] = name;
    }
    return n;
}

static void all_grammars_load(void **state)
{
    static const char *const must[] = { "c", "cpp", "python", "javascript", "typescript", "tsx", "go", "rust", "java",
        "bash", "ruby", "lua", "json" };
    struct grammars *gs = grammars_new(lib_dir);
    const struct grammar *g;
    const char *names[64];
    size_t n = built(names), i;
    struct err e = { 0 };

    (void)state;
    assert_true(n >= 32);
    for (i = 0; i < n; i++) {
        g = grammars_get(gs, names[i], &e);
        if (!g)
            fail_msg("%s", e.text);
        assert_in_range(g->abi, 13, 15);
        assert_ptr_equal(grammars_get(gs, names[i], NULL), g);
    }
    for (i = 0; i < ARRAY_LEN(must); i++)
        assert_non_null(grammars_get(gs, must[i], &e));
    grammars_free(gs);
}

/* Query files, without the part that the loader adds for "inherits". */
static const char *const kinds[] = { "scopes", "blocks", "symbols" };

static void load_text(const char *name, const char *kind, struct buf *out)
{
    AUTO_FREE char *path = mem_printf("%s/queries/%s/%s.scm", lib_dir, name, kind);
    AUTO_FREE char *parent = NULL;
    AUTO_BUF struct buf own;
    const char *end;

    read_file(path, &own);
    if (own.n > 12 && memcmp(own.p, "; inherits: ", 12) == 0) {
        end = strchr(own.p, '\n');
        parent = mem_strndup(own.p + 12, (size_t)(end - own.p) - 12);
        load_text(parent, kind, out);
    }
    assert_true(buf_addstr(out, buf_str(&own)));
}

/* tree-sitter's query compiler is slow under a sanitizer. */
#ifdef SANITIZED
static const bool every = false;
#else
static const bool every = true;
#endif

static void queries_name_what_the_grammars_have(void **state)
{
    struct grammars *gs = grammars_new(lib_dir);
    const char *names[64], *unknown;
    size_t n = built(names), i, k;
    uint32_t at;
    TSQueryError kind;

    (void)state;
    for (i = 0; i < n; i++) {
        const struct grammar *g = grammars_get(gs, names[i], NULL);

        for (k = 0; k < ARRAY_LEN(kinds); k++) {
            AUTO_BUF struct buf text;
            struct err e = { 0 };
            struct query *q;
            TSQuery *theirs;

            buf_init(&text, 1 << 20);
            load_text(names[i], kinds[k], &text);
            q = query_new(g->ts, buf_str(&text), kinds[k], &e);
            if (!q)
                fail_msg("%s: %s", names[i], e.text);
            if (query_dropped(q, &unknown))
                fail_msg("%s/%s: the grammar has no '%s'", names[i], kinds[k], unknown);
            query_free(q);
            if (!every && i % 8)
                continue;
            theirs = ts_query_new(g->ts, text.p, (uint32_t)text.n, &at, &kind);
            if (!theirs)
                fail_msg("%s/%s: tree-sitter refuses it at '%.40s'", names[i], kinds[k], text.p + at);
            ts_query_delete(theirs);
        }
        assert_int_equal(query_dropped(g->scopes, NULL) + query_dropped(g->blocks, NULL) + query_dropped(g->symbols, NULL), 0);
    }
    grammars_free(gs);
}

/* Our matcher and tree-sitter's */

struct hits {
    char *lines[20000];
    size_t n;
};

static void add_hit(struct hits *h, const char *name, TSNode node)
{
    assert_true(h->n < ARRAY_LEN(h->lines));
    h->lines[h->n++] = mem_printf("%08u %08u %s", ts_node_start_byte(node), ts_node_end_byte(node), name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_hits(struct hits *h)
{
    size_t i, kept = 0;

    qsort(h->lines, h->n, sizeof *h->lines, by_text);
    for (i = 0; i < h->n; i++) {
        if (kept && strcmp(h->lines[kept - 1], h->lines[i]) == 0)
            free(h->lines[i]);
        else
            h->lines[kept++] = h->lines[i];
    }
    h->n = kept;
}

static void free_hits(struct hits *h)
{
    while (h->n)
        free(h->lines[--h->n]);
}

static void our_hit(void *ctx, const struct query_match *m)
{
    size_t i;

    for (i = 0; i < m->n; i++)
        add_hit(ctx, capture_name(m->capture[i]), m->node[i]);
}

static void match_ours(const struct query *q, TSNode root, const struct rope *text, struct hits *h)
{
    struct query_run run = { .q = q, .rope = text, .focus = QUERY_ALL, .steps = UINT32_MAX, .found = our_hit, .ctx = h };
    TSTreeCursor c = ts_tree_cursor_new(root);
    bool more = true;

    while (more) {
        query_at(&run, ts_tree_cursor_current_node(&c));
        more = ts_tree_cursor_goto_first_child(&c);
        while (!more && !(more = ts_tree_cursor_goto_next_sibling(&c)))
            if (!ts_tree_cursor_goto_parent(&c))
                break;
    }
    ts_tree_cursor_delete(&c);
}

/* #eq? and #any-of? are the caller's business in tree-sitter: a capture, then strings. */
static bool predicates_hold(const TSQuery *q, const TSQueryMatch *m, const char *text)
{
    uint32_t n, i, k, len;
    const TSQueryPredicateStep *s = ts_query_predicates_for_pattern(q, m->pattern_index, &n);
    const char *want;
    bool found;

    for (i = 0; i < n; i++) {
        TSNode node = { 0 };

        for (k = 0; k < m->capture_count; k++)
            if (m->captures[k].index == s[i + 1].value_id)
                node = m->captures[k].node;
        found = false;
        for (i += 2; s[i].type == TSQueryPredicateStepTypeString; i++) {
            want = ts_query_string_value_for_id(q, s[i].value_id, &len);
            found |= len == ts_node_end_byte(node) - ts_node_start_byte(node) &&
                memcmp(want, text + ts_node_start_byte(node), len) == 0;
        }
        if (!found)
            return false;
    }
    return true;
}

static void match_theirs(const TSQuery *q, TSNode root, const char *text, struct hits *h)
{
    TSQueryCursor *c = ts_query_cursor_new();
    TSQueryMatch m;
    const char *name;
    uint32_t i, n;

    ts_query_cursor_exec(c, q, root);
    while (ts_query_cursor_next_match(c, &m)) {
        if (!predicates_hold(q, &m, text))
            continue;
        for (i = 0; i < m.capture_count; i++) {
            name = ts_query_capture_name_for_id(q, m.captures[i].index, &n);
            if (name[0] != '_')
                add_hit(h, name, m.captures[i].node);
        }
    }
    ts_query_cursor_delete(c);
}

static void compare_on(const struct grammar *g, struct buf *source, const char *path, size_t *ret_hits)
{
    struct rope *text = rope_new(buf_str(source));
    TSParser *p = ts_parser_new();
    const struct query *ours[] = { g->scopes, g->blocks, g->symbols };
    struct hits *a = mem_zalloc(sizeof *a), *b = mem_zalloc(sizeof *b);
    size_t k, i;
    uint32_t at;
    TSQueryError kind;
    TSTree *tree;

    ts_parser_set_language(p, g->ts);
    tree = ts_parser_parse_string(p, NULL, source->p, (uint32_t)source->n);
    for (k = 0; k < ARRAY_LEN(kinds); k++) {
        AUTO_BUF struct buf query_text;
        TSQuery *theirs;

        buf_init(&query_text, 1 << 20);
        load_text(g->name, kinds[k], &query_text);
        theirs = ts_query_new(g->ts, query_text.p, (uint32_t)query_text.n, &at, &kind);
        match_ours(ours[k], ts_tree_root_node(tree), text, a);
        match_theirs(theirs, ts_tree_root_node(tree), source->p, b);
        sort_hits(a);
        sort_hits(b);
        for (i = 0; i < a->n && i < b->n; i++)
            if (strcmp(a->lines[i], b->lines[i]) != 0)
                fail_msg("%s, %s: ours has '%s', tree-sitter '%s'", path, kinds[k], a->lines[i], b->lines[i]);
        if (a->n != b->n)
            fail_msg("%s, %s: ours has %zu matches, tree-sitter %zu", path, kinds[k], a->n, b->n);
        *ret_hits += a->n;
        free_hits(a);
        free_hits(b);
        ts_query_delete(theirs);
    }
    ts_tree_delete(tree);
    ts_parser_delete(p);
    rope_unref(text);
    free(a);
    free(b);
}

/* The fixtures have carets in them, written <|>. */
static void drop_carets(struct buf *b)
{
    size_t i, n = 0;

    for (i = 0; i < b->n; i++) {
        if (b->n - i >= 3 && memcmp(b->p + i, "<|>", 3) == 0)
            i += 2;
        else
            b->p[n++] = b->p[i];
    }
    b->n = n;
    b->p[n] = '\0';
}

static void matches_like_tree_sitter(void **state)
{
    struct grammars *gs = grammars_new(lib_dir);
    DIR *d = opendir("tests/golden/syntax");
    size_t files = 0, hits = 0;
    struct dirent *f;

    (void)state;
    assert_non_null(d);
    while ((f = readdir(d))) {
        const struct lang *l = lang_by_path(f->d_name);
        AUTO_FREE char *path = fs_join("tests/golden/syntax", f->d_name);
        AUTO_BUF struct buf source;

        buf_init(&source, 0);
        if (!every && files >= 13)
            break;
        if (!l || !l->grammar || f->d_name[0] == '.' || !fs_is_file(path) || strstr(f->d_name, ".expect"))
            continue;
        read_file(path, &source);
        drop_carets(&source);
        compare_on(grammars_get(gs, l->grammar, NULL), &source, path, &hits);
        files++;
    }
    closedir(d);
    grammars_free(gs);
    assert_true(files >= 13);
    assert_true(hits > 300);
}

/* The notation */

static void reads_the_notation(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "(comment) @comment", NULL },
        { "; only a comment", NULL },
        { "", NULL },
        { "[(comment) \"if\"] @comment", NULL },
        { "(comment", "unexpected end" },
        { "(comment) @nosuch", "x.scm:1: unknown capture" },
        { "\n\n(comment)) @comment", "x.scm:3: unexpected character" },
        { "(comment)* @comment", "quantifiers" },
        { "(_) @comment", "outermost node needs a name" },
        { "(comment \"a", "string has no end" },
        { "[(comment (x))] @comment", "only plain nodes" },
        { "(call_expression function: (_) @_f (#match? @_f \"x\")) @code", "unknown predicate" },
        { "(call_expression function: (_) @name (#eq? @name \"x\")) @code", "must start with '_'" },
        { "(((((((((((((((((((((((((((((((", "expected a node's name" },
        { "(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a(a", "too many nodes" },
    };
    struct grammars *gs = grammars_new(lib_dir);
    const struct grammar *g = grammars_get(gs, "c", NULL);
    const char *unknown;
    struct query *q;
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };

        q = query_new(g->ts, str_c(cases[i].text), "x.scm", &e);
        assert_true((q == NULL) == (cases[i].error != NULL));
        if (cases[i].error && !strstr(e.text, cases[i].error))
            fail_msg("'%s' gives '%s', not '%s'", cases[i].text, e.text, cases[i].error);
        query_free(q);
    }
    q = query_new(g->ts, STR("(comment) @comment (no_such_node) @string [(comment) (nor_this)] @code"), "x.scm", NULL);
    assert_non_null(q);
    assert_int_equal(query_dropped(q, &unknown), 2);
    assert_string_equal(unknown, "no_such_node");
    query_free(q);
    grammars_free(gs);
}

/* Every cut and every changed byte of a real query is either read or refused. */
static void survives_broken_queries(void **state)
{
    struct grammars *gs = grammars_new(lib_dir);
    const struct grammar *g = grammars_get(gs, "elixir", NULL);
    AUTO_BUF struct buf text;
    size_t i, step = 1;

    (void)state;
    buf_init(&text, 1 << 20);
    load_text("elixir", "symbols", &text);
#ifdef SANITIZED
    step = 9;
#endif
    for (i = 0; i < text.n; i += step) {
        char was = text.p[i];

        query_free(query_new(g->ts, (struct str){ text.p, i }, "x", NULL));
        text.p[i] = "()[]\"@.#\0\xff"[i % 10];
        query_free(query_new(g->ts, buf_str(&text), "x", NULL));
        text.p[i] = was;
    }
    grammars_free(gs);
}

/* What must not be loaded */

static char *in_work(const char *name)
{
    return fs_join(work_dir, name);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* Compiles C text to a shared object in the work folder. Heap path. */
static char *compile(const char *name, const char *text)
{
    AUTO_FREE char *source = NULL;
    char *so = in_work(name);
    int status = -1;
    pid_t pid;

    source = mem_printf("%s.c", so);
    write_file(source, text);
    pid = fork();
    if (pid == 0) {
        execlp("cc", "cc", "-shared", "-fPIC", "-o", so, source, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(so, 0755), 0);
    return so;
}

static void assert_refused(const char *path, const char *name, const char *words)
{
    struct err e = { 0 };
    unsigned abi = 77;

    assert_null(grammar_load(path, name, &abi, &e));
    assert_int_equal(abi, 77);
    if (!strstr(e.text, words) || strchr(e.text, '\n'))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static void refuses_what_is_no_grammar(void **state)
{
    AUTO_FREE char *old = compile("old.so", "struct { unsigned abi; char rest[400]; } l = { 12 };"
                                            "const void *tree_sitter_old(void); const void *tree_sitter_old(void) { return &l; }");
    AUTO_FREE char *young = compile("young.so", "struct { unsigned abi; char rest[400]; } l = { 16 };"
                                                "const void *tree_sitter_young(void); const void *tree_sitter_young(void) { return &l; }");
    AUTO_FREE char *empty = compile("empty.so", "const void *tree_sitter_empty(void); const void *tree_sitter_empty(void) { return 0; }");
    AUTO_FREE char *text = in_work("text.so"), *missing = in_work("missing.so"), *want = NULL, *cut = in_work("cut.so");

    (void)state;
    want = mem_printf("grammar 'old' in %s: ABI 12, this program reads 13 to 15", old);
    assert_refused(old, "old", want);
    assert_refused(young, "young", "ABI 16, this program reads 13 to 15");
    assert_refused(empty, "empty", "no function tree_sitter_empty in it");
    assert_refused(old, "other", "no function tree_sitter_other in it");
    write_file(text, "not a library\n");
    assert_refused(text, "text", "not a shared object");
    write_file(cut, "\177ELF\2\1\1");
    assert_refused(cut, "cut", "not a shared object");
    write_file(cut, "\177ELF\2\1\1 and then nothing that a loader could use");
    assert_refused(cut, "cut", "cut.so");
    assert_refused(missing, "missing", "missing.so");
}

static void refuses_what_others_may_write(void **state)
{
    AUTO_FREE char *path = mem_printf("%s/grammars/json.so", lib_dir);
    AUTO_FREE char *mine = in_work("json.so");
    AUTO_BUF struct buf bytes;
    unsigned abi;
    FILE *f;

    (void)state;
    read_file(path, &bytes);
    f = fopen(mine, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(mine, 0755), 0);
    assert_non_null(grammar_load(mine, "json", &abi, NULL));
    assert_int_equal(chmod(mine, 0775), 0);
    assert_refused(mine, "json", "was not loaded");
    assert_int_equal(chmod(mine, 0757), 0);
    assert_refused(mine, "json", "was not loaded");
    assert_int_equal(chmod(mine, 0755), 0);
    assert_int_equal(chmod(work_dir, 0777), 0);
    assert_refused(mine, "json", "was not loaded");
    assert_int_equal(chmod(work_dir, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(mine, 12345, (gid_t)-1), 0);
        assert_refused(mine, "json", "was not loaded");
    }
}

static void finds_the_users_own(void **state)
{
    AUTO_FREE char *source = mem_printf("%s/grammars/c_sharp.so", lib_dir);
    AUTO_FREE char *dot_emacs = fs_join(work_dir, ".emacs.d");
    AUTO_FREE char *folder = fs_join(dot_emacs, "tree-sitter");
    AUTO_FREE char *emacs = fs_join(folder, "libtree-sitter-c-sharp.so");
    struct grammars *gs;
    const struct grammar *g;
    struct err e = { 0 };
    size_t i, places = 0;
    char *old_home = getenv("HOME") ? mem_strdup(getenv("HOME")) : NULL;

    (void)state;
    /* A home of its own in which Emacs keeps one grammar, and in it a folder that looks like a pattern. */
    assert_int_equal(setenv("HOME", work_dir, 1), 0);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
    gs = grammars_new("/nonexistent/[lib]%s");
    while (grammars_place(gs, places))
        places++;
    assert_true(places > 15);
    for (i = 0; i < places; i++)
        assert_non_null(strstr(grammars_place(gs, i), "%s"));
    assert_null(grammars_get(gs, "c_sharp", &e));
    assert_string_equal(e.text, "no grammar 'c_sharp' on this machine");
    assert_int_equal(e.code, ERR_NOT_FOUND);
    memset(&e, 0, sizeof e);
    assert_null(grammars_get(gs, "../c_sharp", &e));
    assert_null(grammars_get(gs, "", NULL));
    grammars_free(gs);

    assert_int_equal(mkdir(dot_emacs, 0700), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(symlink(source, emacs), 0);
    gs = grammars_new("/nonexistent");
    g = grammars_get(gs, "c_sharp", &e);
    assert_non_null(g);
    assert_string_equal(g->path, emacs);
    assert_non_null(g->scopes); /* empty, as there is no folder with queries */
    grammars_free(gs);
    assert_int_equal(unlink(emacs), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(dot_emacs), 0);
    if (old_home)
        setenv("HOME", old_home, 1);
    free(old_home);
}

/* What the documentation says is installed is what the lock file installs. */
static void readme_lists_what_is_locked(void **state)
{
    AUTO_BUF struct buf lock_text, readme;
    AUTO_JSON json_t *lock = NULL;
    const char *key;
    json_t *row;

    (void)state;
    read_file("grammars/package-lock.json", &lock_text);
    read_file("grammars/README.md", &readme);
    assert_null(strstr(lock_text.p, "\"resolved\""));
    lock = json_parse(buf_str(&lock_text), "lock", NULL);
    json_object_foreach(json_get(lock, "packages"), key, row) {
        const char *name = strstr(key, "node_modules/");
        AUTO_FREE char *want = NULL;

        if (!name || !strstr(name, "tree-sitter") || strstr(name, "tree-sitter-cli"))
            continue;
        want = mem_printf("| %s | %s | %s |", name + strlen("node_modules/"), json_get_cstr(row, "version", "?"),
            json_get_cstr(row, "license", "?"));
        if (!strstr(readme.p, want))
            fail_msg("grammars/README.md lacks the row '%s'", want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_grammars_load),
        cmocka_unit_test(queries_name_what_the_grammars_have),
        cmocka_unit_test(matches_like_tree_sitter),
        cmocka_unit_test(reads_the_notation),
        cmocka_unit_test(survives_broken_queries),
        cmocka_unit_test(refuses_what_is_no_grammar),
        cmocka_unit_test(refuses_what_others_may_write),
        cmocka_unit_test(finds_the_users_own),
        cmocka_unit_test(readme_lists_what_is_locked),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
