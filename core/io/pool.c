/* SPDX-License-Identifier: MIT */
/* The worker pool: one queue per priority, one list of finished jobs, one lock around both, and an eventfd that wakes the
 * loop. It knows nothing of what jobs compute. Surprising: a job whose strand is at work wakes nobody; the worker that
 * ends the strand's present job finds the next one by itself.
 *
 * Invariant: while a worker is idle and not yet woken, no queued job could run.
 * Invariant: the finished list is empty or the eventfd has been, or is about to be, written. */
#include "core/io/pool.h"
#include "core/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PRIORITIES = 2, MAX_THREADS = 64 };

struct jobs {
    struct job *head, **tail;
};

struct strand {
    bool busy;   /* one of its jobs is running */
    size_t load; /* queued and running */
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    struct job *current;
};

struct pool {
    struct loop *loop;
    struct loop_fd *watch;
    int wakefd;
    size_t pending;  /* the loop thread's alone */
    bool delivering; /* as well */
    pthread_mutex_t lock;
    pthread_cond_t work;
    /* Behind the lock: */
    struct jobs queue[PRIORITIES], finished;
    int nworkers, max_workers;
    int idle;  /* workers asleep, or about to look at the queue before they sleep, to whom no wake-up was sent */
    int wakes; /* wake-ups sent and not yet noticed */
    bool stopping;
    struct worker workers[];
};

static void jobs_init(struct jobs *q)
{
    q->head = NULL;
    q->tail = &q->head;
}

static void jobs_append(struct jobs *q, struct job *j)
{
    j->next = NULL;
    *q->tail = j;
    q->tail = &j->next;
}

static struct job *jobs_unlink(struct jobs *q, struct job **link)
{
    struct job *j = *link;

    *link = j->next;
    if (!*link)
        q->tail = link;
    return j;
}

/* The first job by priority and age whose strand is free. */
static struct job *take_runnable(struct pool *p)
{
    struct job **link, *j;
    int i;

    for (i = 0; i < PRIORITIES; i++)
        for (link = &p->queue[i].head; (j = *link); link = &j->next)
            if (!j->strand || !j->strand->busy) {
                jobs_unlink(&p->queue[i], link);
                if (j->strand)
                    j->strand->busy = true;
                return j;
            }
    return NULL;
}

/* Returns whether the loop has to be told. */
static bool finish_locked(struct pool *p, struct job *j)
{
    bool first = !p->finished.head;

    if (j->strand)
        j->strand->load--;
    jobs_append(&p->finished, j);
    return first;
}

static void wake_loop(struct pool *p)
{
    uint64_t one = 1;

    /* Fails only when the counter is full, and then the loop is awake anyway. */
    while (write(p->wakefd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void leave_idle_locked(struct pool *p)
{
    if (p->wakes)
        p->wakes--;
    else
        p->idle--;
}

static void sleep_locked(struct pool *p)
{
    p->idle++;
    while (!p->wakes && !p->stopping)
        pthread_cond_wait(&p->work, &p->lock);
    leave_idle_locked(p);
}

/* Outside the lock, so that the loop does not wake up to a closed door; idle meanwhile, so that the next job, which often
 * comes at once from the loop, does not start another thread. */
static void tell_loop_locked(struct pool *p)
{
    p->idle++;
    pthread_mutex_unlock(&p->lock);
    wake_loop(p);
    pthread_mutex_lock(&p->lock);
    leave_idle_locked(p);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    struct job *j;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!(j = take_runnable(p)) && !p->stopping)
            sleep_locked(p);
        if (!j)
            break;
        w->current = j;
        pthread_mutex_unlock(&p->lock);
        if (!atomic_load_explicit(&j->cancelled, memory_order_relaxed)) {
            j->ran = true;
            j->run(j);
        }
        pthread_mutex_lock(&p->lock);
        w->current = NULL;
        if (j->strand)
            j->strand->busy = false;
        if (finish_locked(p, j))
            tell_loop_locked(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static struct job *take_finished(struct pool *p)
{
    struct job *list;

    pthread_mutex_lock(&p->lock);
    list = p->finished.head;
    jobs_init(&p->finished);
    pthread_mutex_unlock(&p->lock);
    return list;
}

static void deliver(struct pool *p)
{
    struct job *j, *next;

    p->delivering = true;
    for (j = take_finished(p); j; j = next) {
        next = j->next; /* done() frees the job */
        p->pending--;
        j->done(j);
    }
    p->delivering = false;
}

static void on_wake(void *ctx, int fd, unsigned events)
{
    uint64_t count;

    (void)events;
    /* Before the list is taken: a job that ends in between writes again. */
    if (read(fd, &count, sizeof count) == (ssize_t)sizeof count)
        deliver(ctx);
}

struct pool *pool_new(struct loop *l, int max_threads, struct err *e)
{
    int max = CLAMP(max_threads, 1, MAX_THREADS);
    struct pool *p = mem_zalloc(sizeof *p + (size_t)max * sizeof p->workers[0]);
    int i;

    p->loop = l;
    p->max_workers = max;
    for (i = 0; i < PRIORITIES; i++)
        jobs_init(&p->queue[i]);
    jobs_init(&p->finished);
    p->wakefd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->wakefd < 0) {
        err_set_errno(e, errno, "cannot create an event descriptor");
        free(p);
        return NULL;
    }
    p->watch = loop_fd_add(l, p->wakefd, LOOP_READ, on_wake, p, e);
    if (!p->watch) {
        close(p->wakefd);
        free(p);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    return p;
}

/* Moves a queued job to the finished list. False if it is not queued any more. */
static bool withdraw_locked(struct pool *p, struct job *j, bool *tell)
{
    struct jobs *q = &p->queue[j->priority];
    struct job **link = &q->head;

    while (*link && *link != j)
        link = &(*link)->next;
    if (!*link)
        return false;
    jobs_unlink(q, link);
    *tell |= finish_locked(p, j);
    return true;
}

static void stop_workers(struct pool *p)
{
    bool tell = false;
    int i;

    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    for (i = 0; i < PRIORITIES; i++)
        while (p->queue[i].head) {
            atomic_store_explicit(&p->queue[i].head->cancelled, true, memory_order_relaxed);
            (void)withdraw_locked(p, p->queue[i].head, &tell);
        }
    for (i = 0; i < p->nworkers; i++)
        if (p->workers[i].current)
            atomic_store_explicit(&p->workers[i].current->cancelled, true, memory_order_relaxed);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (i = 0; i < p->nworkers; i++)
        pthread_join(p->workers[i].thread, NULL);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    assert(!p->delivering);
    stop_workers(p);
    while (p->pending)
        deliver(p); /* again for what a done() submitted */
    loop_fd_remove(p->watch);
    close(p->wakefd);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct strand *strand_new(struct pool *p)
{
    (void)p;
    return mem_zalloc(sizeof(struct strand));
}

void strand_free(struct strand *s)
{
    if (!s)
        return;
    assert(!s->busy && s->load == 0);
    free(s);
}

/* Signals stay with the loop thread. */
static bool start_worker_locked(struct pool *p)
{
    struct worker *w = &p->workers[p->nworkers];
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->pool = p;
    r = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0)
        return false;
    (void)pthread_setname_np(w->thread, "worker");
    p->nworkers++;
    return true;
}

/* Makes sure that somebody will look at the queue. False if there is nobody at all. */
static bool call_worker_locked(struct pool *p)
{
    if (p->idle) {
        p->idle--;
        p->wakes++;
        pthread_cond_signal(&p->work);
        return true;
    }
    if (p->nworkers < p->max_workers && start_worker_locked(p))
        return true;
    return p->nworkers > 0;
}

void pool_submit(struct pool *p, struct job *j)
{
    bool strand_looks = false, accepted, tell = false;

    assert(j->run && j->done);
    j->pool = p;
    j->ran = false;
    j->priority = CLAMP(j->priority, 0, PRIORITIES - 1);
    p->pending++;
    pthread_mutex_lock(&p->lock);
    if (j->strand)
        strand_looks = j->strand->load++ > 0;
    jobs_append(&p->queue[j->priority], j);
    accepted = !p->stopping && (strand_looks || call_worker_locked(p));
    if (!accepted) {
        atomic_store_explicit(&j->cancelled, true, memory_order_relaxed);
        (void)withdraw_locked(p, j, &tell);
    }
    pthread_mutex_unlock(&p->lock);
    if (tell)
        wake_loop(p);
}

void job_cancel(struct job *j)
{
    struct pool *p = j->pool;
    bool tell = false;

    atomic_store_explicit(&j->cancelled, true, memory_order_relaxed);
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    (void)withdraw_locked(p, j, &tell);
    pthread_mutex_unlock(&p->lock);
    if (tell)
        wake_loop(p);
}

size_t pool_pending(const struct pool *p)
{
    return p->pending;
}
