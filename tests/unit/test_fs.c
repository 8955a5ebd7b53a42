/* SPDX-License-Identifier: MIT */
/* Files in a folder of the test's own: reading to a cap, writing all or nothing, what counts as private, names. */
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir;

static char *in_dir(const char *name)
{
    return fs_join(dir, name);
}

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    dir = mem_printf("%s/test-fs-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(dir) ? 0 : -1;
}

static size_t count_files(void)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(d);
    while ((entry = readdir(d)))
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

static int drop_dir(void **state)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    (void)state;
    while (d && (entry = readdir(d))) {
        AUTO_FREE char *path = in_dir(entry->d_name);

        if (entry->d_name[0] != '.')
            (void)remove(path);
    }
    if (d)
        closedir(d);
    (void)rmdir(dir);
    free(dir);
    return 0;
}

static void reading(void **state)
{
    AUTO_FREE char *path = in_dir("read"), *none = in_dir("none"), *fifo = in_dir("fifo");
    AUTO_BUF struct buf b, small;
    struct err e = { 0 };
    char big[5000];

    (void)state;
    memset(big, 'x', sizeof big);
    assert_int_equal(fs_write_atomic(path, (struct str) { big, sizeof big }, &e), 0);
    buf_init(&b, sizeof big + 5);
    buf_adds(&b, "head:");
    assert_int_equal(fs_read(path, &b, &e), 0);
    assert_int_equal(b.n, sizeof big + 5);
    assert_memory_equal(b.p, "head:xx", 7);
    assert_int_equal(b.p[b.n], '\0');

    buf_init(&small, sizeof big - 1);
    assert_int_equal(fs_read(path, &small, &e), ERR_TOO_BIG);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(small.n, 0);
    err_clear(&e);
    assert_int_equal(fs_read(none, &small, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, none));
    err_clear(&e);
    assert_int_equal(fs_read(dir, &small, &e), ERR_IO);
    err_clear(&e);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(fs_read(fifo, &small, &e), ERR_IO);
    assert_non_null(strstr(e.text, "not a regular file"));
}

static void a_file_that_does_not_know_its_size(void **state)
{
    AUTO_BUF struct buf b, tiny;
    struct err e = { 0 };

    (void)state;
    buf_init(&b, 1 << 20);
    assert_int_equal(fs_read("/proc/self/status", &b, &e), 0);
    assert_true(b.n > 20);
    assert_true(str_starts(buf_str(&b), STR("Name:")));
    buf_init(&tiny, 20);
    assert_int_equal(fs_read("/proc/self/status", &tiny, &e), ERR_TOO_BIG);
    assert_int_equal(tiny.n, 0);
}

static void writing_is_all_or_nothing(void **state)
{
    AUTO_FREE char *path = in_dir("written"), *in_none = in_dir("none/x"), *over_dir = in_dir("folder");
    AUTO_BUF struct buf b;
    struct err e = { 0 };
    mode_t mask = umask(0);
    struct stat st;
    size_t files;

    (void)state;
    buf_init(&b, 100);
    assert_int_equal(fs_write_atomic(path, STR("old"), &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    umask(0777);
    assert_int_equal(fs_write_atomic(path, STR("new"), &e), 0);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(fs_read(path, &b, &e), 0);
    assert_string_equal(b.p, "new");
    assert_int_equal(fs_write_atomic(path, STR_NULL, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);

    assert_int_equal(fs_write_atomic(in_none, STR("x"), &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, in_none));
    err_clear(&e);
    assert_int_equal(fs_mkdirs(over_dir, &e), 0);
    files = count_files();
    assert_int_equal(fs_write_atomic(over_dir, STR("x"), &e), ERR_IO);
    assert_int_equal(count_files(), files); /* nothing was left behind */
    assert_true(fs_is_dir(over_dir));
}

static void folders(void **state)
{
    AUTO_FREE char *deep = in_dir("a/b//c/"), *file = in_dir("file"), *below = in_dir("file/x");
    AUTO_FREE char *first = in_dir("a"), *third = in_dir("a/b/c"), *second = in_dir("a/b");
    mode_t mask = umask(0);
    struct err e = { 0 };
    struct stat st;

    (void)state;
    assert_int_equal(fs_mkdirs(deep, &e), 0);
    umask(mask);
    assert_int_equal(stat(first, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(fs_is_dir(third) && !fs_is_file(third));
    assert_int_equal(fs_mkdirs(deep, &e), 0);
    assert_int_equal(fs_write_atomic(file, STR(""), &e), 0);
    assert_true(fs_is_file(file) && !fs_is_dir(file));
    assert_int_equal(fs_mkdirs(file, &e), ERR_IO);
    err_clear(&e);
    assert_int_equal(fs_mkdirs(below, &e), ERR_IO);
    assert_non_null(strstr(e.text, "cannot make folder"));
    assert_int_equal(rmdir(third) + rmdir(second) + rmdir(first), 0);
}

static void what_is_private(void **state)
{
    AUTO_FREE char *path = in_dir("private"), *link = in_dir("link"), *open_dir = in_dir("open"), *inside = in_dir("open/f");
    struct err e = { 0 };

    (void)state;
    assert_int_equal(fs_write_atomic(path, STR("x"), &e), 0);
    assert_int_equal(fs_check_private(path, &e), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(fs_check_private(link, &e), 0);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(fs_check_private(path, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "chmod go-w"));
    err_clear(&e);
    assert_int_equal(fs_check_private(link, &e), ERR_CONFIG);
    err_clear(&e);
    assert_int_equal(fs_check_private(dir, &e), ERR_CONFIG);
    err_clear(&e);

    assert_int_equal(mkdir(open_dir, 0700), 0);
    assert_int_equal(fs_write_atomic(inside, STR("x"), &e), 0);
    assert_int_equal(fs_check_private(inside, &e), 0);
    assert_int_equal(chmod(open_dir, 01777), 0);
    assert_int_equal(fs_check_private(inside, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, open_dir));
    err_clear(&e);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink(inside, link), 0); /* the link's folder is fine, its target's is not */
    assert_int_equal(fs_check_private(link, &e), ERR_CONFIG);
    err_clear(&e);
    assert_int_equal(unlink(link) + unlink(inside), 0);
    assert_int_equal(fs_check_private(inside, &e), ERR_NOT_FOUND);
    err_clear(&e);
    if (geteuid() == 0) {
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
        assert_int_equal(fs_check_private(path, &e), ERR_CONFIG);
        assert_non_null(strstr(e.text, "another user"));
    }
}

static void assert_path(char *got, const char *want)
{
    if (want)
        assert_string_equal(got, want);
    else
        assert_null(got);
    free(got);
}

static void xdg_folders(void **state)
{
    AUTO_FREE char *home = getenv("HOME") ? mem_strdup(getenv("HOME")) : NULL;

    (void)state;
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "/home/u", 1);
    assert_path(fs_xdg(FS_CONFIG), "/home/u/.config/switchyard");
    assert_path(fs_xdg(FS_STATE), "/home/u/.local/state/switchyard");
    assert_path(fs_xdg(FS_CACHE), "/home/u/.cache/switchyard");
    assert_path(fs_xdg(FS_DATA), "/home/u/.local/share/switchyard");
    setenv("XDG_CONFIG_HOME", "/etc/xdg/", 1);
    assert_path(fs_xdg(FS_CONFIG), "/etc/xdg/switchyard");
    setenv("XDG_CONFIG_HOME", "relative", 1);
    assert_path(fs_xdg(FS_CONFIG), "/home/u/.config/switchyard");
    setenv("HOME", "/", 1);
    assert_path(fs_xdg(FS_CACHE), "/.cache/switchyard");
    unsetenv("HOME");
    assert_path(fs_xdg(FS_CACHE), NULL);
    if (home)
        setenv("HOME", home, 1);
}

static void names(void **state)
{
    char *lib = fs_lib_dir();

    (void)state;
    assert_path(fs_join("/a", "b"), "/a/b");
    assert_path(fs_join("/a//", "//b"), "/a/b");
    assert_path(fs_join("/", "b"), "/b");
    assert_true(str_ends(str_c(lib), STR("/lib/switchyard")));
    free(lib);
}

static void uris(void **state)
{
    static const char *const bad[] = { "", "file", "file:", "file:x", "http://h/x", "file://host/x", "file://localhost",
        "file:///a%00b", "untitled:Untitled-1" };
    AUTO_FREE char *cwd = getcwd(NULL, 0), *below = mem_printf("file://%s/rel", cwd);
    size_t i;

    (void)state;
    assert_path(fs_uri_to_path(STR("file:///tmp/a%20b%C3%a9.c")), "/tmp/a b\xc3\xa9.c");
    assert_path(fs_uri_to_path(STR("FILE://LocalHost/x")), "/x");
    assert_path(fs_uri_to_path(STR("file:/x")), "/x");
    assert_path(fs_uri_to_path(STR("file:///100%/%zz/%4")), "/100%/%zz/%4");
    assert_path(fs_uri_to_path(STR("file:///")), "/");
    for (i = 0; i < ARRAY_LEN(bad); i++)
        assert_path(fs_uri_to_path(str_c(bad[i])), NULL);
    assert_path(fs_path_to_uri("/a b/\xc3\xa9%#?.c"), "file:///a%20b/%C3%A9%25%23%3F.c");
    assert_path(fs_path_to_uri("/plain/Name_1.2-3~"), "file:///plain/Name_1.2-3~");
    assert_path(fs_path_to_uri("rel"), below);
}

static void uris_there_and_back(void **state)
{
    char path[300] = "/", *back, *uri;
    size_t i;

    (void)state;
    for (i = 1; i < 256; i++)
        path[i] = (char)i;
    path[256] = '\0';
    uri = fs_path_to_uri(path);
    back = fs_uri_to_path(str_c(uri));
    assert_string_equal(back, path);
    free(uri);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(a_file_that_does_not_know_its_size),
        cmocka_unit_test(writing_is_all_or_nothing),
        cmocka_unit_test(folders),
        cmocka_unit_test(what_is_private),
        cmocka_unit_test(xdg_folders),
        cmocka_unit_test(names),
        cmocka_unit_test(uris),
        cmocka_unit_test(uris_there_and_back),
    };

    return cmocka_run_group_tests_name("fs", tests, make_dir, drop_dir);
}
