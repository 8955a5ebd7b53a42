/* SPDX-License-Identifier: MIT */
/* The arena: alignment, zeroes, reuse after a reset, and its end when it is full. */
#include "core/base/arena.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void every_size_is_aligned_and_zeroed(void **state)
{
    unsigned char *blocks[600];
    struct arena a;
    size_t round, i, k;

    (void)state;
    arena_init(&a, 10 << 20);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < ARRAY_LEN(blocks); i++) {
            blocks[i] = arena_alloc(&a, i);
            assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
            for (k = 0; k < i; k++)
                assert_int_equal(blocks[i][k], 0);
            memset(blocks[i], (int)(i % 251) + 1, i);
        }
        for (i = 1; i < ARRAY_LEN(blocks); i++)
            assert_true(blocks[i][0] == i % 251 + 1 && blocks[i][i - 1] == i % 251 + 1);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_fini(&a);
    arena_fini(&a);
    arena_fini(NULL);
}

static void large_ones_do_not_waste_the_rest(void **state)
{
    char *small, *large, *next;
    struct arena a;

    (void)state;
    arena_init(&a, 10 << 20);
    small = arena_alloc(&a, 16);
    large = arena_alloc(&a, 1 << 20);
    memset(large, 1, 1 << 20);
    next = arena_alloc(&a, 16);
    assert_ptr_equal(next, small + 16);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 16), small); /* the first chunk was kept */
    arena_fini(&a);
}

static void a_large_first_chunk_is_given_back(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 10 << 20);
    assert_non_null(arena_alloc(&a, 5 << 20));
    arena_reset(&a);
    assert_null(a.head);
    assert_non_null(arena_alloc(&a, 9 << 20));
    arena_fini(&a);
}

static void strings(void **state)
{
    struct arena a;
    struct str s;

    (void)state;
    arena_init(&a, 1 << 20);
    assert_string_equal(arena_strdup(&a, STR("abc")), "abc");
    assert_string_equal(arena_strdup(&a, STR_NULL), "");
    s = arena_str(&a, STR("a\0b"));
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    assert_string_equal(arena_printf(&a, "%d-%s", 5, "x"), "5-x");
    assert_int_equal(strlen(arena_printf(&a, "%5000d", 1)), 5000);
    arena_fini(&a);
}

static int status_of(size_t max, size_t first, size_t second)
{
    struct rlimit no_core = { 0, 0 };
    struct arena a;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        close(STDERR_FILENO);
        arena_init(&a, max);
        arena_alloc(&a, first);
        arena_alloc(&a, second);
        arena_fini(&a);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_full_arena_aborts(void **state)
{
    (void)state;
    assert_int_equal(status_of(4096, 2048, 2048), 0);
    assert_int_equal(status_of(4096, 2048, 2049), SIGABRT);
    assert_int_equal(status_of(4096, 0, 4097), SIGABRT);
    assert_int_equal(status_of(4096, 16, SIZE_MAX), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_aligned_and_zeroed),
        cmocka_unit_test(large_ones_do_not_waste_the_rest),
        cmocka_unit_test(a_large_first_chunk_is_given_back),
        cmocka_unit_test(strings),
        cmocka_unit_test(a_full_arena_aborts),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
