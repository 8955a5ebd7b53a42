/* SPDX-License-Identifier: MIT */
/* .gitignore rules against git itself on random trees, and the walk's caps. The oracle is `git ls-files --others`, which
 * lists what git would offer to add; it knows none of our own rules, so names that only we pass over are not made.
 * suite: time=120 */
#include "core/base/walk.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static uint64_t rng = 1;

static unsigned rnd(unsigned n)
{
    rng = hash_mix(rng + 0x9e3779b97f4a7c15u);
    return (unsigned)(rng % n);
}

static char *temp_dir(void)
{
    char *dir = mem_printf("%s/walk.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

    assert_non_null(mkdtemp(dir));
    return dir;
}

static int run(const char *const argv[])
{
    pid_t pid;
    int status;

    if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) != 0)
        return -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void remove_tree(char *dir)
{
    const char *const rm[] = {"rm", "-rf", dir, NULL};

    assert_int_equal(run(rm), 0);
    free(dir);
}

static void put(const char *dir, const char *rel, const char *text)
{
    AUTO_FREE char *path = fs_join(dir, rel);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void make_dir(const char *dir, const char *rel)
{
    AUTO_FREE char *path = fs_join(dir, rel);

    assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

/* ---- what a walk told ---- */

struct told {
    struct buf text; /* a line a file */
    size_t n, stop_after;
    atomic_bool *cancel;
};

static bool tell(void *ctx, const char *path, size_t bytes)
{
    struct told *t = ctx;

    (void)bytes;
    buf_addf(&t->text, "%s\n", path);
    if (t->cancel)
        atomic_store(t->cancel, true);
    return ++t->n != t->stop_after;
}

static const struct walk_options ALL = {.max_files = 100000, .max_file_bytes = 1 << 20, .max_depth = 40};

static char *walk_text(const char *dir, const struct walk_options *o)
{
    struct told t = {.n = 0};
    size_t n;

    buf_init(&t.text, 4 << 20);
    n = walk_files(dir, o, tell, &t);
    assert_int_equal(n, t.n);
    return buf_take(&t.text);
}

/* ---- one file of rules ---- */

static void test_rules(void **state)
{
    static const struct {
        const char *rules, *path;
        bool is_dir;
        int expect;
    } t[] = {
        {"*.o", "a.o", false, 1},
        {"*.o", "x/a.o", false, 1},
        {"*.o", "a.oo", false, -1},
        {"*.o\n!keep.o", "keep.o", false, 0},
        {"!keep.o\n*.o", "keep.o", false, 1},
        {"/a", "a", false, 1},
        {"/a", "b/a", false, -1},
        {"b/a", "b/a", false, 1},
        {"b/a", "c/b/a", false, -1},
        {"a/", "a", true, 1},
        {"a/", "a", false, -1},
        {"**/a", "x/y/a", false, 1},
        {"**/a", "a", false, 1},
        {"a/**", "a/x/y", false, 1},
        {"a/**", "a", true, -1},
        {"a/**/b", "a/b", false, 1},
        {"a/**/b", "a/x/y/b", false, 1},
        {"a/*/b", "a/x/y/b", false, -1},
        {"a/x**/b", "a/xy/b", false, 1},
        {"a/x**/b", "a/xy/z/b", false, 1}, /* by the letter of gitignore(5) it is not; git does */
        {"a/[x]y**/b", "a/xy/z/b", false, -1},
        {"[z-a]", "z", false, 1},
        {"[z-a]", "b", false, -1},
        {"[a-c]?", "bz", false, 1},
        {"[!a-c]?", "bz", false, -1},
        {"[]x]", "]", false, 1},
        {"[[:digit:]]a", "7a", false, 1},
        {"[[:digit:]]a", "xa", false, -1},
        {"[a", "a", false, -1},
        {"[a", "[a", false, -1},
        {"a/[!x]b", "a//b", false, -1},
        {"\\#x", "#x", false, 1},
        {"\\!x", "!x", false, 1},
        {"#x", "#x", false, -1},
        {"x\\*", "x*", false, 1},
        {"x\\*", "xy", false, -1},
        {"x  ", "x", false, 1},
        {"x\\ ", "x ", false, 1},
        {"x\\\\ ", "x\\", false, 1},
        {"x\r\ny", "x", false, 1},
        {"\xef\xbb\xbfx", "x", false, 1},
        {"!", "!", false, -1},
        {"/", "a", true, -1},
        {"", "a", false, -1},
        {"*", "a", false, 1},
        {"*/", "a", true, 1},
        {"\xc3\xa4*", "\xc3\xa4pfel", false, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct ignore *ig = ignore_new(str_c(t[i].rules));
        int got = ignore_match(ig, t[i].path, t[i].is_dir);

        if (got != t[i].expect)
            fail_msg("rules '%s', path '%s': %d instead of %d", t[i].rules, t[i].path, got, t[i].expect);
        ignore_free(ig);
    }
    ignore_free(NULL);
}

/* A pattern made to backtrack without end is given up, quickly. */
static void test_hostile_pattern(void **state)
{
    char path[300], pattern[200];
    struct ignore *ig;

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    for (size_t i = 0; i + 2 < sizeof pattern; i += 2)
        memcpy(pattern + i, "*a", 2);
    memcpy(pattern + sizeof pattern - 3, "*b", 3);
    ig = ignore_new(str_c(pattern));
    for (int i = 0; i < 100; i++)
        assert_int_equal(ignore_match(ig, path, false), -1);
    ignore_free(ig);
}

/* ---- against git ---- */

static const char *const NAMES[] = {"a", "b", "ab", "foo", "bar", "foo.c", "bar.o", "a.txt", "b c", "x[1]", "z!", "q\\r",
                                    "#h", "9", "Foo", "a-b", "\xc3\xa4", "sp "};

static const char *random_name(void)
{
    return NAMES[rnd(ARRAY_LEN(NAMES))];
}

static void random_piece(struct buf *b)
{
    static const char *const pieces[] = {"*", "**", "?", "[a-c]", "[!a]", "[^b]", "[[:alpha:]]", "[]a]", "[a-]", "[\\]x]",
                                         "*.c", "*.o", "f*", "\\#h", "\\!", "*o", "a?", "[", "x\\[1]", "fo[n-p]", "\\a",
                                         "b\\ c", "[[:bogus:]]", "[z-a]"};

    if (rnd(5) < 2)
        buf_adds(b, random_name());
    else
        buf_adds(b, pieces[rnd(ARRAY_LEN(pieces))]);
    if (rnd(6) == 0)
        buf_adds(b, pieces[rnd(ARRAY_LEN(pieces))]);
}

static char *random_rules(void)
{
    struct buf b;

    buf_init(&b, 4096);
    for (unsigned i = 1 + rnd(5); i > 0; i--) {
        if (rnd(12) == 0)
            buf_adds(&b, "# a comment");
        if (rnd(3) == 0)
            buf_addc(&b, '!');
        if (rnd(4) == 0)
            buf_addc(&b, '/');
        random_piece(&b);
        for (unsigned k = rnd(3); k > 0; k--) {
            buf_addc(&b, '/');
            random_piece(&b);
        }
        if (rnd(4) == 0)
            buf_addc(&b, '/');
        for (unsigned k = rnd(8) == 0 ? 2 : 0; k > 0; k--)
            buf_addc(&b, ' ');
        buf_adds(&b, rnd(6) ? "\n" : "\r\n");
    }
    return buf_take(&b);
}

static void random_tree(const char *root, const char *rel, unsigned depth)
{
    if (rnd(3) > 0) {
        AUTO_FREE char *rules = random_rules();
        AUTO_FREE char *at = mem_printf("%s.gitignore", rel);

        put(root, at, rules);
    }
    for (unsigned i = 2 + rnd(5); i > 0; i--) {
        AUTO_FREE char *path = mem_printf("%s%s", rel, random_name());
        AUTO_FREE char *full = fs_join(root, path);

        if (depth < 3 && rnd(2)) {
            AUTO_FREE char *below = mem_printf("%s/", path);

            if (fs_is_file(full))
                continue;
            make_dir(root, path);
            random_tree(root, below, depth + 1);
        } else if (!fs_is_dir(full)) {
            put(root, path, "x");
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines that begin with `prefix`, without it, in order of bytes; hidden files are left out. */
static char *select_lines(const char *text, const char *prefix)
{
    static char *lines[4096];
    struct str rest = str_c(text);
    struct buf out;
    size_t n = 0;

    while (rest.n > 0) {
        struct str line = str_line(&rest);
        const char *slash = memrchr(line.p, '/', line.n);

        if (!str_starts(line, str_c(prefix)) || (slash ? slash[1] : line.p[0]) == '.')
            continue;
        assert_true(n < ARRAY_LEN(lines));
        lines[n++] = mem_strndup(line.p + strlen(prefix), line.n - strlen(prefix));
    }
    qsort(lines, n, sizeof *lines, by_text);
    buf_init(&out, 4 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&out, "%s\n", lines[i]);
        free(lines[i]);
    }
    return buf_take(&out);
}

static char *git_files(const char *root)
{
    AUTO_FREE char *list = fs_join(root, ".git/told");
    AUTO_FREE char *cmd = mem_printf("cd '%s' && git ls-files -z -o --exclude-standard | tr '\\0' '\\n' >.git/told", root);
    const char *const argv[] = {"sh", "-c", cmd, NULL};
    struct err e = {0};
    struct buf b;

    assert_int_equal(run(argv), 0);
    buf_init(&b, 64 << 20);
    if (fs_read(list, &b, &e) < 0)
        fail_msg("%s", e.text);
    return buf_take(&b);
}

static void show_rules(const char *root)
{
    AUTO_FREE char *cmd = mem_printf("cd '%s' && find . -name .gitignore | while read -r f; do echo \"== $f\"; "
                                     "cat -A \"$f\"; done", root);
    const char *const argv[] = {"sh", "-c", cmd, NULL};

    (void)run(argv);
}

/* Each tree is a folder of one repository, and its rules those of a folder's own file: git has to look once only. */
static void test_like_git(void **state)
{
    enum { TREES = 100 };
    AUTO_FREE char *root = temp_dir();
    AUTO_FREE char *gits = NULL;
    const char *const init[] = {"git", "init", "-q", root, NULL};
    size_t files = 0;

    (void)state;
    if (run(init) != 0)
        skip();
    for (unsigned i = 0; i < TREES; i++) {
        AUTO_FREE char *rel = mem_printf("t%u/", i);

        rng = i + 1;
        make_dir(root, rel);
        random_tree(root, rel, 0);
    }
    gits = git_files(root);
    for (unsigned i = 0; i < TREES; i++) {
        AUTO_FREE char *rel = mem_printf("t%u/", i);
        AUTO_FREE char *tree = fs_join(root, rel);
        AUTO_FREE char *told = NULL;
        AUTO_FREE char *ours = NULL;
        AUTO_FREE char *theirs = select_lines(gits, rel);

        tree[strlen(tree) - 1] = '\0';
        told = walk_text(tree, &ALL);
        ours = select_lines(told, "");
        for (const char *p = ours; *p; p++)
            files += *p == '\n';
        if (strcmp(ours, theirs) != 0) {
            show_rules(tree);
            fail_msg("tree %u\nours:\n%s\ngit's:\n%s", i, ours, theirs);
        }
    }
    assert_true(files > TREES); /* else the trees prove nothing */
    remove_tree(mem_strdup(root));
}

/* ---- the walk ---- */

static char *small_tree(void)
{
    char *dir = temp_dir();

    make_dir(dir, "b");
    make_dir(dir, "b/deep");
    make_dir(dir, "a");
    make_dir(dir, "node_modules");
    make_dir(dir, ".hidden");
    put(dir, "z.c", "z");
    put(dir, "a.c", "a");
    put(dir, "big.c", "0123456789");
    put(dir, ".dot.c", "x");
    put(dir, "a/one.c", "1");
    put(dir, "b/two.c", "2");
    put(dir, "b/deep/three.c", "3");
    put(dir, "node_modules/no.c", "n");
    put(dir, ".hidden/no.c", "n");
    return dir;
}

static void expect_walk(const char *dir, struct walk_options o, const char *expect)
{
    AUTO_FREE char *got = walk_text(dir, &o);

    assert_string_equal(got, expect);
}

static void test_order_and_caps(void **state)
{
    char *dir = small_tree();
    struct walk_options o = ALL;

    (void)state;
    expect_walk(dir, o, "a.c\nbig.c\nz.c\na/one.c\nb/two.c\nb/deep/three.c\n");
    o.max_file_bytes = 5;
    expect_walk(dir, o, "a.c\nz.c\na/one.c\nb/two.c\nb/deep/three.c\n");
    o.max_files = 2;
    expect_walk(dir, o, "a.c\nz.c\n");
    o = ALL;
    o.max_depth = 1;
    expect_walk(dir, o, "a.c\nbig.c\nz.c\na/one.c\nb/two.c\n");
    o.max_depth = 0;
    expect_walk(dir, o, "a.c\nbig.c\nz.c\n");
    expect_walk("/nonexistent/folder", ALL, "");
    remove_tree(dir);
}

static void test_links(void **state)
{
    char *dir = small_tree();
    AUTO_FREE char *loop_link = fs_join(dir, "b/again");
    AUTO_FREE char *file_link = fs_join(dir, "b/link.c");

    (void)state;
    assert_int_equal(symlink("..", loop_link), 0);
    assert_int_equal(symlink("../a.c", file_link), 0);
    expect_walk(dir, ALL, "a.c\nbig.c\nz.c\na/one.c\nb/two.c\nb/deep/three.c\n");
    remove_tree(dir);
}

static void test_stopping(void **state)
{
    char *dir = small_tree();
    atomic_bool cancelled = false;
    struct walk_options o = ALL;
    struct told t = {.stop_after = 2};

    (void)state;
    buf_init(&t.text, 1000);
    assert_int_equal(walk_files(dir, &ALL, tell, &t), 2);
    buf_fini(&t.text);
    t = (struct told){.cancel = &cancelled};
    buf_init(&t.text, 1000);
    o.cancelled = &cancelled;
    assert_int_equal(walk_files(dir, &o, tell, &t), 1);
    buf_fini(&t.text);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_hostile_pattern), cmocka_unit_test(test_like_git),
        cmocka_unit_test(test_order_and_caps), cmocka_unit_test(test_links), cmocka_unit_test(test_stopping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
