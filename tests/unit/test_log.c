/* SPDX-License-Identifier: MIT */
/* The log as others see it: what arrives in a file, on a pipe and on a terminal, from several threads at once. */
#include "core/base/log.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_MODULE "test"

enum { THREADS = 4, LINES = 200 };

/* Runs `what` with stderr replaced by fd. */
static void with_stderr(int fd, void (*what)(void))
{
    int saved = dup(STDERR_FILENO);

    assert_true(saved >= 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    what();
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
}

static char *logged(void (*what)(void))
{
    char text[8192];
    ssize_t n;
    int fds[2];

    assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    with_stderr(fds[1], what);
    n = read(fds[0], text, sizeof text - 1);
    close(fds[0]);
    close(fds[1]);
    return mem_strndup(text, n > 0 ? (size_t)n : 0);
}

static void say_all_levels(void)
{
    log_error("one %d", 1);
    log_warn("two");
    log_info("three");
    log_debug("four");
}

static void the_level_decides(void **state)
{
    AUTO_FREE char *quiet = NULL, *all = NULL;

    (void)state;
    assert_true(log_set_level_name("error"));
    quiet = logged(say_all_levels);
    assert_string_equal(quiet, "switchyard: error test: one 1\n");
    assert_false(log_set_level_name("loud"));
    assert_false(log_on(LOG_WARN));
    assert_true(log_set_level_name("debug"));
    all = logged(say_all_levels);
    assert_string_equal(all,
        "switchyard: error test: one 1\nswitchyard: warn test: two\nswitchyard: info test: three\n"
        "switchyard: debug test: four\n");
    log_set_level(LOG_WARN);
    assert_true(log_on(LOG_WARN) && !log_on(LOG_INFO));
}

static void say_controls(void)
{
    log_error("%s", "a\nb\r\tc\x1b[31m\x7f\xc2\x9b\xff\xe2\x80\xae\xc3\xa9.");
}

static void one_line_without_controls(void **state)
{
    AUTO_FREE char *text = logged(say_controls);

    (void)state;
    assert_string_equal(text, "switchyard: error test: a b  c?[31m????\xc3\xa9.\n");
}

static void say_too_much(void)
{
    AUTO_BUF struct buf b;
    size_t i;

    for (i = 0; i < 4; i++) {
        size_t k;

        buf_init(&b, 10000);
        for (k = 0; k < i; k++)
            buf_addc(&b, 'x');
        while (b.n < 3000)
            buf_adds(&b, "\xf0\x9f\x98\x80");
        log_error("%s", b.p);
        buf_fini(&b);
    }
}

static void long_lines_are_cut_between_characters(void **state)
{
    AUTO_FREE char *text = logged(say_too_much);
    struct str rest = str_c(text), line;
    size_t n = 0;

    (void)state;
    while (rest.n) {
        line = str_line(&rest);
        assert_in_range(line.n, 2000, 2048);
        assert_true(utf8_valid(line));
        assert_null(memchr(line.p, '?', line.n));
        n++;
    }
    assert_int_equal(n, 4);
}

static void a_terminal_gets_colours(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
    char text[200], name[100];
    ssize_t n;

    (void)state;
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) + unlockpt(master) + ptsname_r(master, name, sizeof name), 0);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    unsetenv("NO_COLOR");
    with_stderr(slave, say_controls);
    n = read(master, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "switchyard: \033[31merror\033[0m test: a b"));
    setenv("NO_COLOR", "1", 1);
    with_stderr(slave, say_controls);
    n = read(master, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_null(strchr(text, '\033'));
    unsetenv("NO_COLOR");
    close(slave);
    close(master);
}

static void say_bugs(void)
{
    int i;

    for (i = 0; i < 3; i++)
        assert_true(BUG_ON(i >= 0));
    assert_false(BUG_ON(i < 0));
    assert_true(BUG_ON(i == 3));
}

static void a_bug_is_told_once_per_place(void **state)
{
    AUTO_FREE char *text = logged(say_bugs);
    struct str rest = str_c(text), line;
    size_t n = 0;

    (void)state;
    while (rest.n) {
        line = str_line(&rest);
        assert_true(str_find(line, STR("test_log.c:")) > 0);
        n++;
    }
    assert_int_equal(n, 2);
    assert_non_null(strstr(text, "i >= 0"));
}

static void *write_lines(void *arg)
{
    int i;

    for (i = 0; i < LINES; i++)
        log_error("thread %zu line %d %0*d", (size_t)(uintptr_t)arg, i, 500, i);
    return NULL;
}

/* Last, since there is no way back to stderr. */
static void a_file_gets_whole_lines_with_a_time(void **state)
{
    const char *tmp = getenv("TMPDIR");
    AUTO_FREE char *path = mem_printf("%s/test-log-%ld", tmp ? tmp : "/tmp", (long)getpid());
    pthread_t threads[THREADS];
    AUTO_BUF struct buf b;
    struct str rest, line;
    struct stat st;
    size_t i, n = 0;

    (void)state;
    assert_false(log_set_file("/nonexistent/folder/log"));
    assert_true(log_set_file(path));
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, (void *)(uintptr_t)i), 0);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(log_set_file(path)); /* once more: what is there stays */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_init(&b, 10 << 20);
    assert_int_equal(fs_read(path, &b, NULL), 0);
    rest = buf_str(&b);
    while (rest.n) {
        line = str_line(&rest);
        assert_true(line.n > 550 && line.p[4] == '-' && line.p[10] == 'T' && line.p[23] == 'Z');
        assert_int_equal(str_find(line, STR("error test: thread")), 25);
        n++;
    }
    assert_int_equal(n, THREADS * LINES);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_decides),
        cmocka_unit_test(one_line_without_controls),
        cmocka_unit_test(long_lines_are_cut_between_characters),
        cmocka_unit_test(a_terminal_gets_colours),
        cmocka_unit_test(a_bug_is_told_once_per_place),
        cmocka_unit_test(a_file_gets_whole_lines_with_a_time),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
