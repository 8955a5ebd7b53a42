/* SPDX-License-Identifier: MIT */
/* Allocation: what comes back, what is cleaned up at the end of a scope, and that running out of memory ends the
 * process with a line on stderr. The last is tried in a child with a small address space. */
#include "core/base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void nothing_is_null(void **state)
{
    void *p = mem_alloc(0), *q = mem_realloc(NULL, 0);
    unsigned char *z = mem_zalloc(100);
    size_t i;

    (void)state;
    assert_non_null(p);
    assert_non_null(q);
    for (i = 0; i < 100; i++)
        assert_int_equal(z[i], 0);
    z = mem_realloc(z, 100000);
    z[99999] = 1;
    free(p);
    free(q);
    free(z);
}

static void strings(void **state)
{
    AUTO_FREE char *a = mem_strdup("abc"), *b = mem_strndup("abcdef", 3), *c = mem_printf("%s-%03d", "x", 7);
    AUTO_FREE char *d = mem_strndup("a\0b", 3), *none = NULL;

    (void)state;
    assert_string_equal(a, "abc");
    assert_string_equal(b, "abc");
    assert_string_equal(c, "x-007");
    assert_memory_equal(d, "a\0b", 4);
    assert_null(none);
}

static void arrays_grow(void **state)
{
    size_t n, cap = 0;
    int *a = NULL;

    (void)state;
    for (n = 0; n < 1000; n++) {
        MEM_GROW(a, n, cap);
        assert_true(cap > n);
        a[n] = (int)n;
    }
    for (n = 0; n < 1000; n++)
        assert_int_equal(a[n], (int)n);
    free(a);
}

static int open_and_leave(void)
{
    AUTO_FD int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), unused = -1;

    assert_true(fd >= 0);
    assert_int_equal(unused, -1);
    return fd + 0;
}

static void a_scope_closes_its_files(void **state)
{
    int fd = open_and_leave();

    (void)state;
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void secrets_are_wiped(void **state)
{
    char key[] = "secret";

    (void)state;
    mem_wipe(key, sizeof key);
    assert_memory_equal(key, "\0\0\0\0\0\0\0", sizeof key);
    mem_wipe(NULL, 5);
}

/* Runs one allocation in a child and returns its stderr; it must die by SIGABRT. */
static void dies(void (*what)(void), char *text, size_t room)
{
    struct rlimit no_core = { 0, 0 };
    size_t len = 0;
    int fds[2], status;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(fds[1], STDERR_FILENO);
        what();
        _exit(0);
    }
    close(fds[1]);
    while (len < room - 1 && (n = read(fds[0], text + len, room - 1 - len)) > 0)
        len += (size_t)n;
    close(fds[0]);
    text[len] = '\0';
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void take_too_much(void)
{
    free(mem_alloc(SIZE_MAX / 4));
}

static void overflow_an_array(void)
{
    free(mem_array(NULL, SIZE_MAX / 2, 16));
}

static void out_of_memory_says_so_and_ends(void **state)
{
    char text[4096];

    (void)state;
    dies(take_too_much, text, sizeof text);
    assert_non_null(strstr(text, "out of memory"));
    dies(overflow_an_array, text, sizeof text);
    assert_non_null(strstr(text, "out of memory"));
}

static void helpers(void **state)
{
    struct pair {
        int a, b;
    } p;

    (void)state;
    assert_int_equal(MIN(3, 4) + MAX(3, 4), 7);
    assert_int_equal(CLAMP(9, 1, 5), 5);
    assert_int_equal(CLAMP(-9, 1, 5), 1);
    assert_ptr_equal(CONTAINER_OF(&p.b, struct pair, b), &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_null),
        cmocka_unit_test(strings),
        cmocka_unit_test(arrays_grow),
        cmocka_unit_test(a_scope_closes_its_files),
        cmocka_unit_test(secrets_are_wiped),
        cmocka_unit_test(out_of_memory_says_so_and_ends),
        cmocka_unit_test(helpers),
    };

    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
