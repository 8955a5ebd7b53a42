/* SPDX-License-Identifier: MIT */
/* Which file is loaded for a name, and what is refused before a byte of it runs. The checks of what is inside a plugin
 * are in tests/abi, with one bad plugin each. */
#include "core/engine/plugin.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/lib/stage.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct stage st;
static char *dir; /* the user's plugins */

static int set_up(void **state)
{
    (void)state;
    stage_init(&st);
    dir = fs_join(st.home, "data/switchyard/plugins");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(dir);
    stage_fini(&st);
    return 0;
}

static char *in_dir(const char *name)
{
    return fs_join(dir, name);
}

/* A copy of the slow test plugin, or of some text, under another name. */
static void put(const char *name, const char *text)
{
    AUTO_FREE char *slow = fs_join(st.bin, "plugins/slow.so");
    AUTO_FREE char *to = in_dir(name);
    AUTO_BUF struct buf b;
    struct err e = {0};
    int fd;

    buf_init(&b, 16u << 20);
    if (text)
        buf_adds(&b, text);
    else if (fs_read(slow, &b, &e) < 0)
        fail_msg("%s", e.text);
    fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, b.p, b.n), b.n);
    close(fd);
}

static void expect_refused(const char *path, int code, const char *words)
{
    struct err e = {0};

    assert_null(plugin_load(path, &e));
    if (e.code != code || !strstr(e.text, words) || !strstr(e.text, path))
        fail_msg("'%s' (%s) does not say '%s'", e.text, err_name(e.code), words);
    assert_null(plugin_load(path, NULL));
}

static void test_files(void **state)
{
    AUTO_FREE char *good = in_dir("good.so");
    AUTO_FREE char *missing = in_dir("missing.so");
    AUTO_FREE char *text = in_dir("text.so");
    AUTO_FREE char *link = in_dir("link.so");
    AUTO_FREE char *far = fs_join(st.home, "open/good.so");
    AUTO_FREE char *far_dir = fs_join(st.home, "open");
    struct plugin *p;
    struct err e = {0};

    (void)state;
    put("good.so", NULL);
    p = plugin_load(good, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_string_equal(p->api.name, "slow");
    assert_string_equal(p->path, good);
    assert_true(p->compute.size == sizeof p->compute && p->compute.run && p->corpus.put);
    assert_null(p->api.models); /* not given: NULL */
    plugin_free(p);
    plugin_free(NULL);
    expect_refused(missing, ERR_NOT_FOUND, "no such file");
    expect_refused(dir, ERR_NOT_FOUND, "no such file");
    put("text.so", "#!/bin/sh\necho no\n");
    expect_refused(text, ERR_PLUGIN, "");
    /* Code that others could have put there is never run. */
    assert_int_equal(chmod(good, 0770), 0);
    expect_refused(good, ERR_CONFIG, "can be written by others");
    assert_int_equal(chmod(good, 0700), 0);
    assert_int_equal(mkdir(far_dir, 0700), 0);
    assert_int_equal(rename(good, far), 0);
    assert_int_equal(symlink(far, link), 0);
    p = plugin_load(link, &e);
    assert_non_null(p);
    plugin_free(p);
    assert_int_equal(chmod(far_dir, 0777), 0);
    assert_null(plugin_load(link, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "can be written by others"));
}

static void expect_none(struct plugins *ps, const char *name, int code, const char *words)
{
    struct err e = {0};

    assert_null(plugins_get(ps, name, &e));
    if (e.code != code || !strstr(e.text, words))
        fail_msg("%s: %s", err_name(e.code), e.text);
}

static void test_names(void **state)
{
    struct plugins *ps = plugins_new();
    struct plugin *p;
    struct err e = {0};

    (void)state;
    p = plugins_get(ps, "slow", &e);
    assert_non_null(p);
    assert_ptr_equal(plugins_get(ps, "slow", &e), p); /* loaded once */
    assert_non_null(plugins_get(ps, "local", &e)); /* the program's own folder */
    expect_none(ps, "nowhere", ERR_NOT_FOUND, "no plugin 'nowhere' in ");
    expect_none(ps, "nowhere", ERR_NOT_FOUND, dir);
    /* A name is no path. */
    expect_none(ps, "../plugins/slow", ERR_CONFIG, "is no name of a plugin");
    expect_none(ps, "/bin/sh", ERR_CONFIG, "is no name of a plugin");
    expect_none(ps, "", ERR_CONFIG, "is no name of a plugin");
    expect_none(ps, "Slow", ERR_CONFIG, "is no name of a plugin");
    expect_none(ps, "slow.so", ERR_CONFIG, "is no name of a plugin");
    expect_none(ps, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ERR_CONFIG, "is no name of a plugin");
    put("other.so", NULL);
    expect_none(ps, "other", ERR_PLUGIN, "it calls itself 'slow'; name the file slow.so");
    plugins_free(ps);
    plugins_free(NULL);
}

/* A plugin is never found in the folder where one happens to be. */
static void test_not_from_here(void **state)
{
    AUTO_FREE char *here = getcwd(NULL, 0);
    struct plugins *ps;

    (void)state;
    put("here.so", NULL);
    assert_int_equal(chdir(dir), 0);
    setenv("XDG_DATA_HOME", "relative", 1); /* to be ignored, says the specification */
    ps = plugins_new();
    expect_none(ps, "here", ERR_NOT_FOUND, "no plugin 'here'");
    plugins_free(ps);
    assert_int_equal(chdir(here), 0);
}

/* ---- the list ---- */

struct listed {
    struct buf text;
    const char *only; /* this folder's files */
};

static void list(void *ctx, const char *path, const struct plugin *p, const struct err *e)
{
    struct listed *l = ctx;

    assert_int_equal(p != NULL, e->code == 0);
    if (strncmp(path, l->only, strlen(l->only)) == 0)
        buf_addf(&l->text, "%s %s\n", path + strlen(l->only) + 1, p ? p->api.name : e->text);
}

static void test_list(void **state)
{
    struct plugins *ps = plugins_new();
    struct listed l = {.only = dir};
    struct str rest, line;

    (void)state;
    put("local.so", NULL);
    put("a-text.so", "no");
    put(".hidden.so", "no");
    put("notes.txt", "no");
    put("Odd Name.so", NULL);
    buf_init(&l.text, 1 << 16);
    plugins_each(ps, list, &l);
    rest = buf_str(&l.text);
    line = str_line(&rest);
    assert_true(str_starts(line, STR("Odd Name.so 'Odd Name' is no name of a plugin")));
    line = str_line(&rest);
    assert_true(str_starts(line, STR("a-text.so plugin ")));
    line = str_line(&rest);
    assert_true(str_starts(line, STR("local.so plugin ")) && str_find(line, STR("hidden by ")) > 0);
    line = str_line(&rest);
    assert_true(str_eqc(line, "slow.so slow"));
    assert_int_equal(rest.n, 0);
    buf_fini(&l.text);
    plugins_free(ps);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_files), T(test_names), T(test_not_from_here), T(test_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
