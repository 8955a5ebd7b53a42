/* SPDX-License-Identifier: MIT */
/* The event loop with real pipes, timers and signals. Order and safety under changes from inside handlers matter more
 * here than exact times, which are only bounded from below.
 * suite: time=60 */
#include "core/io/loop.c" /* for the timers' deadlines */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

static struct loop *loop;
static char trace[4096];

static void note(const char *what)
{
    size_t n = strlen(trace);

    snprintf(trace + n, sizeof trace - n, "%s ", what);
}

static int setup(void **state)
{
    (void)state;
    trace[0] = '\0';
    loop = loop_new(NULL);
    return loop ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void step(int timeout_ms)
{
    struct err e = { 0 };

    assert_int_equal(loop_step(loop, timeout_ms, &e), 0);
}

/* ---- descriptors ---- */

struct pipe_watch {
    int fds[2];
    struct loop_fd *f;
    unsigned last;
    int calls;
    struct pipe_watch *removes; /* removed by this one's handler */
};

static void on_pipe(void *ctx, int fd, unsigned events)
{
    struct pipe_watch *w = ctx;

    assert_int_equal(fd, w->fds[0]);
    w->last = events;
    w->calls++;
    if (w->removes) {
        loop_fd_remove(w->removes->f);
        w->removes->f = NULL;
        w->removes = NULL;
    }
}

static void watch_pipe(struct pipe_watch *w)
{
    *w = (struct pipe_watch) { .calls = 0 };
    assert_int_equal(pipe2(w->fds, O_CLOEXEC | O_NONBLOCK), 0);
    w->f = loop_fd_add(loop, w->fds[0], LOOP_READ, on_pipe, w, NULL);
    assert_non_null(w->f);
}

static void close_pipe(struct pipe_watch *w)
{
    loop_fd_remove(w->f);
    close(w->fds[0]);
    if (w->fds[1] >= 0)
        close(w->fds[1]);
}

static void reading_and_hangup(void **state)
{
    struct pipe_watch w;
    char c;

    (void)state;
    watch_pipe(&w);
    step(0);
    assert_int_equal(w.calls, 0);
    assert_int_equal(write(w.fds[1], "x", 1), 1);
    step(1000);
    assert_int_equal(w.calls, 1);
    assert_int_equal(w.last, LOOP_READ);
    loop_fd_set(w.f, 0);
    step(0);
    assert_int_equal(w.calls, 1);
    loop_fd_set(w.f, LOOP_READ);
    close(w.fds[1]);
    w.fds[1] = -1;
    step(1000);
    assert_int_equal(w.last, LOOP_READ | LOOP_HANGUP);
    assert_int_equal(read(w.fds[0], &c, 1), 1);
    step(1000);
    assert_int_equal(w.last, LOOP_HANGUP);
    close_pipe(&w);
}

static void a_handler_removes_the_other_ready_one(void **state)
{
    struct pipe_watch a, b;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        watch_pipe(&a);
        watch_pipe(&b);
        a.removes = &b;
        b.removes = &a;
        assert_int_equal(write(a.fds[1], "x", 1), 1);
        assert_int_equal(write(b.fds[1], "x", 1), 1);
        step(1000);
        assert_int_equal(a.calls + b.calls, 1); /* whoever came first removed the other */
        close_pipe(&a);
        close_pipe(&b);
    }
}

static void a_handler_removes_itself(void **state)
{
    struct pipe_watch a;

    (void)state;
    watch_pipe(&a);
    a.removes = &a;
    assert_int_equal(write(a.fds[1], "x", 1), 1);
    step(1000);
    step(0);
    assert_int_equal(a.calls, 1);
    close_pipe(&a);
}

static void on_file(void *ctx, int fd, unsigned events)
{
    char c[4];
    int *calls = ctx;

    assert_int_equal(events, LOOP_READ);
    assert_int_equal(read(fd, c, sizeof c), 0);
    ++*calls;
}

static void files_are_always_ready(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), calls = 0;
    struct loop_fd *f = loop_fd_add(loop, fd, LOOP_READ, on_file, &calls, NULL);

    (void)state;
    assert_non_null(f);
    step(-1);
    step(-1);
    assert_int_equal(calls, 2);
    loop_fd_set(f, 0);
    step(0);
    assert_int_equal(calls, 2);
    loop_fd_remove(f);
    close(fd);
}

static void a_bad_descriptor_is_an_error(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_null(loop_fd_add(loop, 987, LOOP_READ, on_pipe, NULL, &e));
    assert_int_equal(e.code, ERR_IO);
    assert_string_equal(e.text, "cannot watch descriptor 987: Bad file descriptor");
}

/* ---- timers ---- */

struct named {
    const char *name;
    struct loop_timer *t;
    struct named *frees, *starts;
    uint64_t at_us;
};

static void on_timer(void *ctx)
{
    struct named *n = ctx;

    note(n->name);
    n->at_us = clock_us();
    if (n->frees) {
        loop_timer_free(n->frees->t);
        n->frees->t = NULL;
    }
    if (n->starts)
        loop_timer_start(n->starts->t, 0);
}

static void timers_fire_in_order_and_never_early(void **state)
{
    struct named n[5] = { { .name = "a" }, { .name = "b" }, { .name = "c" }, { .name = "d" }, { .name = "e" } };
    static const uint64_t after_ms[5] = { 30, 10, 20, 10, 500 };
    uint64_t start_us;
    size_t i;

    (void)state;
    start_us = clock_us();
    for (i = 0; i < 5; i++) {
        n[i].t = loop_timer_new(loop, on_timer, &n[i]);
        loop_timer_start(n[i].t, after_ms[i]);
    }
    loop_timer_stop(n[4].t);
    assert_false(loop_timer_active(n[4].t));
    assert_true(loop_timer_active(n[0].t));
    while (loop_timer_active(n[0].t))
        step(-1);
    assert_string_equal(trace, "b d c a ");
    for (i = 0; i < 4; i++)
        assert_true(n[i].at_us - start_us >= after_ms[i] * 1000);
    assert_true(n[1].at_us - start_us < 500000);
    for (i = 0; i < 5; i++)
        loop_timer_free(n[i].t);
}

static void a_moved_timer_fires_once(void **state)
{
    struct named a = { .name = "a" }, b = { .name = "b" };

    (void)state;
    a.t = loop_timer_new(loop, on_timer, &a);
    b.t = loop_timer_new(loop, on_timer, &b);
    loop_timer_start(a.t, 1);
    loop_timer_start(b.t, 10);
    loop_timer_start(a.t, 20);
    while (loop_timer_active(a.t))
        step(-1);
    assert_string_equal(trace, "b a ");
    loop_timer_free(a.t);
    loop_timer_free(b.t);
}

static void timers_change_timers(void **state)
{
    struct named a = { .name = "a" }, b = { .name = "b" };
    struct pipe_watch w;

    (void)state;
    watch_pipe(&w);
    assert_int_equal(write(w.fds[1], "x", 1), 1);
    a.t = loop_timer_new(loop, on_timer, &a);
    b.t = loop_timer_new(loop, on_timer, &b);
    a.starts = &a; /* for ever, but once a round */
    a.frees = &b;
    loop_timer_start(a.t, 0);
    loop_timer_start(b.t, 0);
    step(-1);
    assert_string_equal(trace, "a ");
    a.frees = NULL;
    step(-1);
    assert_string_equal(trace, "a a ");
    assert_int_equal(w.calls, 2);
    a.frees = &a;
    a.starts = NULL;
    step(-1);
    assert_null(a.t);
    close_pipe(&w);
}

static uint64_t last_us;
static size_t fired;

static void in_order(void *ctx)
{
    struct loop_timer **t = ctx;

    assert_true((*t)->deadline_us >= last_us);
    assert_true(clock_us() >= (*t)->deadline_us);
    last_us = (*t)->deadline_us;
    fired++;
}

static void a_thousand_timers(void **state)
{
    enum { N = 1000 };
    static struct loop_timer *t[N];
    size_t i, before, stopped = 0;
    unsigned x = 7;

    (void)state;
    last_us = 0;
    fired = 0;
    for (i = 0; i < N; i++)
        t[i] = loop_timer_new(loop, in_order, &t[i]);
    for (i = 0; i < 3 * N; i++) {
        x = x * 1103515245u + 12345u;
        loop_timer_start(t[(x >> 8) % N], (x >> 3) % 40);
        if (i % 5 == 0)
            loop_timer_stop(t[(x >> 16) % N]);
    }
    for (i = 0; i < N; i++)
        stopped += !loop_timer_active(t[i]);
    assert_true(stopped > 0 && stopped < N / 2);
    while (fired + stopped < N) {
        before = fired;
        step(-1);
        assert_true(fired > before); /* no wake-up for nothing */
    }
    for (i = 0; i < N; i++)
        loop_timer_free(t[i]);
}

/* ---- deferred calls, stopping, signals ---- */

static int deferrals;

static void on_defer(void *ctx)
{
    note(ctx);
    if (deferrals-- > 0)
        loop_defer(loop, on_defer, ctx);
}

static void deferred_calls(void **state)
{
    char a[] = "a", b[] = "b";

    (void)state;
    deferrals = 1;
    loop_defer(loop, on_defer, a);
    loop_defer(loop, on_defer, b);
    step(-1); /* does not wait */
    assert_string_equal(trace, "a b ");
    step(-1);
    assert_string_equal(trace, "a b a ");
    loop_defer(loop, on_defer, a);
    loop_defer(loop, on_defer, b);
    loop_undefer(loop, on_defer, a);
    step(-1);
    assert_string_equal(trace, "a b a b ");
}

static void on_stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void running_and_stopping(void **state)
{
    struct loop_timer *t = loop_timer_new(loop, on_stop, NULL);
    struct err e = { 0 };

    (void)state;
    loop_timer_start(t, 5);
    assert_int_equal(loop_run(loop, &e), 0);
    loop_stop(loop);
    assert_int_equal(loop_run(loop, &e), 0); /* a stop beforehand counts */
    loop_timer_start(t, 5);
    assert_int_equal(loop_run(loop, &e), 0);
    loop_timer_free(t);
}

static void on_signo(void *ctx, int signo)
{
    note(ctx);
    assert_int_equal(signo, SIGUSR1);
    if (trace[2])
        assert_int_equal(loop_signal(loop, SIGUSR1, NULL, NULL, NULL), 0);
}

static void signals_arrive_on_the_loop(void **state)
{
    char s[] = "s";
    struct err e = { 0 };
    sigset_t now;

    (void)state;
    assert_int_equal(loop_signal(loop, SIGUSR1, on_signo, s, &e), 0);
    assert_int_equal(loop_signal(loop, SIGUSR2, on_signo, s, &e), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_string_equal(trace, "");
    step(1000);
    assert_string_equal(trace, "s ");
    assert_int_equal(raise(SIGUSR1), 0);
    step(1000);
    assert_string_equal(trace, "s s ");
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGUSR1), 0); /* given back by the handler */
    assert_int_equal(sigismember(&now, SIGUSR2), 1);
    assert_int_equal(loop_signal(loop, 999, on_signo, s, &e), ERR_INVALID);
}

static void signal_handlers_end_with_the_loop(void **state)
{
    struct loop *l = loop_new(NULL);
    sigset_t now;

    (void)state;
    assert_int_equal(loop_signal(l, SIGUSR1, on_signo, NULL, NULL), 0);
    loop_free(l);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGUSR1), 0);
}

static void a_vanished_reader_does_not_kill(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1); /* and SIGPIPE would have ended the test */
    close(fds[1]);
}

static void an_idle_loop_sleeps(void **state)
{
    struct loop_timer *t = loop_timer_new(loop, on_stop, NULL);
    struct rusage a, b;

    (void)state;
    loop_timer_start(t, 300);
    getrusage(RUSAGE_THREAD, &a);
    assert_int_equal(loop_run(loop, NULL), 0);
    getrusage(RUSAGE_THREAD, &b);
    assert_true(b.ru_nvcsw - a.ru_nvcsw <= 2);
    loop_timer_free(t);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(reading_and_hangup),
        T(a_handler_removes_the_other_ready_one),
        T(a_handler_removes_itself),
        T(files_are_always_ready),
        T(a_bad_descriptor_is_an_error),
        T(timers_fire_in_order_and_never_early),
        T(a_moved_timer_fires_once),
        T(timers_change_timers),
        T(a_thousand_timers),
        T(deferred_calls),
        T(running_and_stopping),
        T(signals_arrive_on_the_loop),
        T(signal_handlers_end_with_the_loop),
        T(a_vanished_reader_does_not_kill),
        T(an_idle_loop_sleeps),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
