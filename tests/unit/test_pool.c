/* SPDX-License-Identifier: MIT */
/* The worker pool on a real loop with real threads; a build with -fsanitize=thread must stay silent too. What a worker
 * must not do by itself is proven by gates: a job that waits on a semaphore holds its worker until the test lets go.
 * suite: time=120 */
#include "core/io/pool.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct loop *loop;
static struct pool *pool;
static struct job *finished[20000];
static size_t nfinished;

struct task {
    struct job job;
    int id;
    atomic_int *inside;  /* how many run at once in one strand */
    sem_t *entered, *gate;
    struct job *submits; /* by done() */
    pthread_t thread;
    bool done;
    int order;           /* of run() */
    sigset_t mask;
};

static atomic_int runs;

static void wait_for(sem_t *s)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    while (sem_timedwait(s, &until) < 0)
        if (errno != EINTR)
            fail_msg("waited for 20 s");
}

static void run_task(struct job *j)
{
    struct task *t = CONTAINER_OF(j, struct task, job);

    t->order = atomic_fetch_add(&runs, 1);
    t->thread = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &t->mask);
    if (t->inside && atomic_fetch_add(t->inside, 1) != 0)
        abort();
    if (t->entered)
        sem_post(t->entered);
    if (t->gate)
        wait_for(t->gate);
    if (t->inside)
        atomic_fetch_sub(t->inside, 1);
}

/* Long work that ends only when it is cancelled. */
static void run_until_cancelled(struct job *j)
{
    struct task *t = CONTAINER_OF(j, struct task, job);
    uint64_t end_ms = clock_ms() + 10000;

    sem_post(t->entered);
    while (!atomic_load(&j->cancelled))
        if (clock_ms() > end_ms)
            abort();
}

static void done_task(struct job *j)
{
    struct task *t = CONTAINER_OF(j, struct task, job);

    assert_false(t->done);
    t->done = true;
    finished[nfinished++] = j;
    if (t->submits)
        pool_submit(pool, t->submits);
}

static void init(struct task *t, int id, struct strand *s, int priority)
{
    *t = (struct task) { .id = id };
    t->job.run = run_task;
    t->job.done = done_task;
    t->job.strand = s;
    t->job.priority = priority;
}

static void settle(size_t pending)
{
    uint64_t end_ms = clock_ms() + 20000;

    while (pool_pending(pool) > pending) {
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
        assert_true(clock_ms() < end_ms);
    }
}

static int setup(void **state)
{
    (void)state;
    nfinished = 0;
    atomic_store(&runs, 0);
    loop = loop_new(NULL);
    pool = pool_new(loop, 3, NULL);
    return loop && pool ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    loop_free(loop);
    return 0;
}

static int threads(void)
{
    int n = -1;
    char line[128];
    FILE *f = fopen("/proc/self/status", "re");

    while (f && fgets(line, sizeof line, f))
        (void)sscanf(line, "Threads: %d", &n);
    fclose(f);
    return n;
}

static void every_job_runs_and_is_done(void **state)
{
    enum { N = 10000 };
    struct task *t = mem_array(NULL, N, sizeof *t);
    int i;

    (void)state;
    for (i = 0; i < N; i++) {
        init(&t[i], i, NULL, i % 2);
        pool_submit(pool, &t[i].job);
    }
    assert_int_equal(nfinished, 0); /* never from inside pool_submit() */
    settle(0);
    assert_int_equal(nfinished, N);
    for (i = 0; i < N; i++) {
        assert_true(t[i].done && t[i].job.ran);
        assert_false(pthread_equal(t[i].thread, pthread_self()));
        assert_int_equal(sigismember(&t[i].mask, SIGTERM), 1);
    }
    free(t);
}

static void threads_start_late_and_are_bounded(void **state)
{
    int before = threads(), i;
    sem_t entered, gate;
    struct task t[5];

    (void)state;
    sem_init(&entered, 0, 0);
    sem_init(&gate, 0, 0);
    for (i = 0; i < 5; i++) {
        init(&t[i], i, NULL, 0);
        t[i].entered = &entered;
        t[i].gate = &gate;
        pool_submit(pool, &t[i].job);
        if (i < 3)
            wait_for(&entered);
        assert_int_equal(threads(), before + MIN(i + 1, 3));
    }
    for (i = 0; i < 5; i++)
        sem_post(&gate);
    settle(0);
    sem_destroy(&entered);
    sem_destroy(&gate);
}

static void an_idle_worker_is_used_again(void **state)
{
    int before = threads(), i;
    struct task t[50];

    (void)state;
    for (i = 0; i < 50; i++) {
        init(&t[i], i, NULL, 0);
        pool_submit(pool, &t[i].job);
        settle(0);
    }
    assert_int_equal(threads(), before + 1);
}

static void a_strand_is_one_at_a_time_in_order(void **state)
{
    enum { N = 3000, STRANDS = 4 };
    struct strand *s[STRANDS];
    atomic_int inside[STRANDS] = { 0 };
    struct task *t = mem_array(NULL, N, sizeof *t);
    int last[STRANDS] = { -1, -1, -1, -1 }, i;

    (void)state;
    for (i = 0; i < STRANDS; i++)
        s[i] = strand_new(pool);
    for (i = 0; i < N; i++) {
        init(&t[i], i, s[i % STRANDS], 0);
        t[i].inside = &inside[i % STRANDS];
        pool_submit(pool, &t[i].job);
    }
    settle(0);
    for (i = 0; i < N; i++) {
        assert_true(t[i].order > last[i % STRANDS]);
        last[i % STRANDS] = t[i].order;
    }
    for (i = 0; i < STRANDS; i++)
        strand_free(s[i]);
    free(t);
}

static void urgent_jobs_go_first(void **state)
{
    struct strand *s = strand_new(pool);
    sem_t entered, gate;
    struct task hold, t[4];
    int i;

    (void)state;
    sem_init(&entered, 0, 0);
    sem_init(&gate, 0, 0);
    init(&hold, 0, s, 0);
    hold.entered = &entered;
    hold.gate = &gate;
    pool_submit(pool, &hold.job);
    wait_for(&entered);
    for (i = 0; i < 4; i++) {
        init(&t[i], i, s, i < 2 ? 1 : 0);
        pool_submit(pool, &t[i].job);
    }
    sem_post(&gate);
    settle(0);
    assert_int_equal(t[2].order, 1);
    assert_int_equal(t[3].order, 2);
    assert_int_equal(t[0].order, 3);
    assert_int_equal(t[1].order, 4);
    strand_free(s);
    sem_destroy(&entered);
    sem_destroy(&gate);
}

static void a_busy_strand_does_not_hold_others_up(void **state)
{
    struct strand *s = strand_new(pool);
    sem_t entered, gate;
    struct task hold, behind, other;

    (void)state;
    sem_init(&entered, 0, 0);
    sem_init(&gate, 0, 0);
    init(&hold, 0, s, 0);
    hold.entered = &entered;
    hold.gate = &gate;
    pool_submit(pool, &hold.job);
    wait_for(&entered);
    init(&behind, 1, s, 0);
    pool_submit(pool, &behind.job);
    init(&other, 2, NULL, 1);
    pool_submit(pool, &other.job);
    settle(2);
    assert_true(other.done && !behind.done);
    sem_post(&gate);
    settle(0);
    assert_true(behind.done && behind.job.ran);
    strand_free(s);
    sem_destroy(&entered);
    sem_destroy(&gate);
}

static void cancelling(void **state)
{
    struct strand *s = strand_new(pool);
    struct task running, queued, later;
    sem_t entered;

    (void)state;
    sem_init(&entered, 0, 0);
    init(&running, 0, s, 0);
    running.entered = &entered;
    running.job.run = run_until_cancelled;
    init(&queued, 1, s, 0);
    init(&later, 2, s, 0);
    pool_submit(pool, &running.job);
    pool_submit(pool, &queued.job);
    pool_submit(pool, &later.job);
    wait_for(&entered);
    job_cancel(&queued.job);
    assert_false(queued.done); /* never from inside job_cancel() */
    settle(2);
    assert_true(queued.done && !queued.job.ran); /* although its strand is still at work */
    job_cancel(&queued.job);                     /* too late is harmless */
    job_cancel(&running.job);
    settle(0);
    assert_true(running.job.ran && later.job.ran);
    assert_int_equal(nfinished, 3);
    strand_free(s);
    sem_destroy(&entered);
}

static void done_may_submit(void **state)
{
    struct task a, b;

    (void)state;
    init(&a, 0, NULL, 0);
    init(&b, 1, NULL, 0);
    a.submits = &b.job;
    pool_submit(pool, &a.job);
    settle(0);
    assert_true(a.done && b.done && b.job.ran);
}

static void freeing_with_work_left(void **state)
{
    struct strand *s = strand_new(pool);
    struct task running, queued, strand_queued, more;
    sem_t entered;

    (void)state;
    sem_init(&entered, 0, 0);
    init(&running, 0, s, 0);
    running.entered = &entered;
    running.job.run = run_until_cancelled;
    init(&strand_queued, 1, s, 1);
    init(&queued, 2, NULL, 0);
    init(&more, 3, NULL, 0);
    running.submits = &more.job; /* at the worst of times */
    pool_submit(pool, &running.job);
    wait_for(&entered);
    pool_submit(pool, &strand_queued.job);
    pool_submit(pool, &queued.job);
    pool_free(pool);
    pool = NULL;
    assert_true(running.done && queued.done && strand_queued.done && more.done);
    assert_true(!more.job.ran && atomic_load(&more.job.cancelled));
    assert_true(!strand_queued.job.ran);
    strand_free(s);
    sem_destroy(&entered);
}

/* Submits, cancels and delivers at random from one thread while the workers race. */
static void storm(void **state)
{
    enum { N = 20000, STRANDS = 3 };
    struct task *t = mem_array(NULL, N, sizeof *t);
    struct strand *s[STRANDS];
    atomic_int inside[STRANDS] = { 0 };
    size_t ran = 0;
    unsigned x = 1;
    int i, k;

    (void)state;
    for (i = 0; i < STRANDS; i++)
        s[i] = strand_new(pool);
    for (i = 0; i < N; i++) {
        x = x * 1103515245u + 12345u;
        k = (int)((x >> 8) % (STRANDS + 1));
        init(&t[i], i, k < STRANDS ? s[k] : NULL, (int)(x >> 20) % 2);
        t[i].inside = k < STRANDS ? &inside[k] : NULL;
        pool_submit(pool, &t[i].job);
        if ((x >> 12) % 3 == 0) {
            k = i - (int)((x >> 16) % 8);
            if (k >= 0 && !t[k].done)
                job_cancel(&t[k].job);
        }
        if ((x >> 14) % 16 == 0)
            assert_int_equal(loop_step(loop, 0, NULL), 0);
    }
    settle(0);
    assert_int_equal(nfinished, N);
    for (i = 0; i < N; i++)
        ran += t[i].job.ran;
    assert_true(ran > N / 3 && ran < N);
    for (i = 0; i < STRANDS; i++)
        strand_free(s[i]);
    free(t);
}

/* How often the pool's threads have gone to sleep so far. */
static long worker_sleeps(int *ret_workers)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    char path[300], line[128];
    bool is_worker;
    long total = 0, n;
    FILE *f;

    *ret_workers = 0;
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        for (is_worker = false; f && fgets(line, sizeof line, f);) {
            is_worker |= strcmp(line, "Name:\tworker\n") == 0;
            if (is_worker && sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1) {
                total += n;
                ++*ret_workers;
            }
        }
        if (f)
            fclose(f);
    }
    closedir(dir);
    return total;
}

static void idle_threads_sleep(void **state)
{
    struct task t;
    int workers;
    long before;

    (void)state;
    init(&t, 0, NULL, 0);
    pool_submit(pool, &t.job);
    settle(0);
    nanosleep(&(struct timespec) { 0, 100000000 }, NULL);
    before = worker_sleeps(&workers);
    assert_int_equal(workers, 1);
    nanosleep(&(struct timespec) { 0, 300000000 }, NULL);
    assert_int_equal(worker_sleeps(&workers), before);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_job_runs_and_is_done),
        T(threads_start_late_and_are_bounded),
        T(an_idle_worker_is_used_again),
        T(a_strand_is_one_at_a_time_in_order),
        T(urgent_jobs_go_first),
        T(a_busy_strand_does_not_hold_others_up),
        T(cancelling),
        T(done_may_submit),
        T(freeing_with_work_left),
        T(storm),
        T(idle_threads_sleep),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
