/* SPDX-License-Identifier: MIT */
/* The event loop: descriptors in epoll, timers in a binary heap, signals through a signalfd that is itself a descriptor.
 * It knows nothing of what its callers wait for. Surprising: a removed descriptor stays in the list as a dead entry until
 * the round is over, because epoll may already have handed out its address. */
#include "core/io/loop.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EVENTS_PER_ROUND = 64, SIGNALS = 65 };

struct loop_fd {
    struct loop *loop;
    loop_fd_fn fn;
    void *ctx;
    int fd;
    unsigned events;
    bool is_file; /* refused by epoll, always ready */
    bool is_dead;
    struct loop_fd *prev, *next; /* the loop's list */
    struct loop_fd *next_dead;
};

struct loop_timer {
    struct loop *loop;
    loop_timer_fn fn;
    void *ctx;
    uint64_t deadline_us, seq;
    size_t at; /* 1 + index in the heap; 0 = not started */
};

struct deferred {
    loop_idle_fn fn; /* NULL: taken back */
    void *ctx;
};

struct loop {
    int epfd;
    bool in_round, stop;
    struct loop_fd *fds, *dead;
    size_t nfiles;
    struct loop_timer **heap;
    size_t nheap, heap_cap, ntimers;
    uint64_t seq;
    struct deferred *deferred;
    size_t ndeferred, deferred_cap;
    int sigfd;
    struct loop_fd *sigwatch;
    sigset_t watched, blocked_by_us;
    struct {
        loop_signal_fn fn;
        void *ctx;
    } signals[SIGNALS];
};

struct loop *loop_new(struct err *e)
{
    int epfd = epoll_create1(EPOLL_CLOEXEC);
    struct sigaction pipe_action;
    struct loop *l;

    if (epfd < 0) {
        err_set_errno(e, errno, "cannot create an event queue");
        return NULL;
    }
    if (sigaction(SIGPIPE, NULL, &pipe_action) == 0 && pipe_action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    l = mem_zalloc(sizeof *l);
    l->epfd = epfd;
    l->sigfd = -1;
    sigemptyset(&l->watched);
    sigemptyset(&l->blocked_by_us);
    return l;
}

void loop_free(struct loop *l)
{
    int i;

    if (!l)
        return;
    assert(!l->in_round);
    for (i = 1; i < SIGNALS; i++)
        if (l->signals[i].fn)
            (void)loop_signal(l, i, NULL, NULL, NULL);
    assert(!l->fds && l->ntimers == 0);
    free(l->heap);
    free(l->deferred);
    close(l->epfd);
    free(l);
}

void loop_stop(struct loop *l)
{
    l->stop = true;
}

/* ---- descriptors ---- */

static uint32_t to_epoll(unsigned events)
{
    return (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u);
}

static unsigned from_epoll(uint32_t events)
{
    return (events & EPOLLIN ? LOOP_READ : 0u) | (events & EPOLLOUT ? LOOP_WRITE : 0u) |
           (events & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0u);
}

struct loop_fd *loop_fd_add(struct loop *l, int fd, unsigned events, loop_fd_fn fn, void *ctx, struct err *e)
{
    struct loop_fd *f = mem_zalloc(sizeof *f);
    struct epoll_event ev = { .events = to_epoll(events), .data.ptr = f };

    if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
        if (errno != EPERM) {
            err_set_errno(e, errno, "cannot watch descriptor %d", fd);
            free(f);
            return NULL;
        }
        f->is_file = true;
        l->nfiles++;
    }
    f->loop = l;
    f->fn = fn;
    f->ctx = ctx;
    f->fd = fd;
    f->events = events;
    f->next = l->fds;
    if (f->next)
        f->next->prev = f;
    l->fds = f;
    return f;
}

void loop_fd_set(struct loop_fd *f, unsigned events)
{
    struct epoll_event ev = { .events = to_epoll(events), .data.ptr = f };

    assert(!f->is_dead);
    if (f->events == events)
        return;
    f->events = events;
    if (!f->is_file)
        (void)epoll_ctl(f->loop->epfd, EPOLL_CTL_MOD, f->fd, &ev);
}

static void release_fd(struct loop_fd *f)
{
    if (f->next)
        f->next->prev = f->prev;
    if (f->prev)
        f->prev->next = f->next;
    else
        f->loop->fds = f->next;
    free(f);
}

void loop_fd_remove(struct loop_fd *f)
{
    struct loop *l;

    if (!f)
        return;
    assert(!f->is_dead);
    l = f->loop;
    if (f->is_file)
        l->nfiles--;
    else
        (void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, f->fd, NULL);
    if (!l->in_round) {
        release_fd(f);
        return;
    }
    f->is_dead = true;
    f->next_dead = l->dead;
    l->dead = f;
}

static void release_dead(struct loop *l)
{
    struct loop_fd *f;

    while ((f = l->dead)) {
        l->dead = f->next_dead;
        release_fd(f);
    }
}

/* New entries go in front of the list, so the walk does not meet them; dead ones stay linked until the round is over. */
static void dispatch_files(struct loop *l)
{
    struct loop_fd *f;

    for (f = l->fds; f && l->nfiles; f = f->next)
        if (f->is_file && !f->is_dead && f->events)
            f->fn(f->ctx, f->fd, f->events);
}

static bool has_ready_file(const struct loop *l)
{
    const struct loop_fd *f;

    for (f = l->fds; f && l->nfiles; f = f->next)
        if (f->is_file && f->events)
            return true;
    return false;
}

/* ---- timers ---- */

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->deadline_us != b->deadline_us ? a->deadline_us < b->deadline_us : a->seq < b->seq;
}

static void heap_put(struct loop *l, size_t i, struct loop_timer *t)
{
    l->heap[i] = t;
    t->at = i + 1;
}

static void heap_up(struct loop *l, size_t i, struct loop_timer *t)
{
    for (; i > 0 && is_before(t, l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap_put(l, i, l->heap[(i - 1) / 2]);
    heap_put(l, i, t);
}

static void heap_down(struct loop *l, size_t i, struct loop_timer *t)
{
    size_t child;

    while ((child = 2 * i + 1) < l->nheap) {
        if (child + 1 < l->nheap && is_before(l->heap[child + 1], l->heap[child]))
            child++;
        if (!is_before(l->heap[child], t))
            break;
        heap_put(l, i, l->heap[child]);
        i = child;
    }
    heap_put(l, i, t);
}

struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn fn, void *ctx)
{
    struct loop_timer *t = mem_zalloc(sizeof *t);

    t->loop = l;
    t->fn = fn;
    t->ctx = ctx;
    l->ntimers++;
    return t;
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    loop_timer_stop(t);
    t->loop->ntimers--;
    free(t);
}

void loop_timer_start(struct loop_timer *t, uint64_t after_ms)
{
    struct loop *l = t->loop;
    uint64_t after_us = MIN(after_ms, (uint64_t)INT64_MAX / 1000 / 2) * 1000;

    loop_timer_stop(t);
    t->deadline_us = clock_us() + after_us;
    t->seq = ++l->seq;
    MEM_GROW(l->heap, l->nheap, l->heap_cap);
    l->nheap++;
    heap_up(l, l->nheap - 1, t);
}

void loop_timer_stop(struct loop_timer *t)
{
    struct loop *l = t->loop;
    struct loop_timer *last;
    size_t i;

    if (!t->at)
        return;
    i = t->at - 1;
    t->at = 0;
    last = l->heap[--l->nheap];
    if (last == t)
        return;
    if (i > 0 && is_before(last, l->heap[(i - 1) / 2]))
        heap_up(l, i, last);
    else
        heap_down(l, i, last);
}

bool loop_timer_active(const struct loop_timer *t)
{
    return t->at != 0;
}

static void run_timers(struct loop *l)
{
    uint64_t newest = l->seq;
    uint64_t now_us;
    struct loop_timer *t;

    if (!l->nheap)
        return;
    now_us = clock_us();
    while (l->nheap && (t = l->heap[0])->deadline_us <= now_us && t->seq <= newest) {
        loop_timer_stop(t);
        t->fn(t->ctx); /* may free it */
    }
}

/* ---- signals ---- */

static void on_signal(void *ctx, int fd, unsigned events)
{
    struct loop *l = ctx;
    struct signalfd_siginfo info;

    (void)events;
    while (l->sigfd == fd && read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo < SIGNALS && l->signals[info.ssi_signo].fn)
            l->signals[info.ssi_signo].fn(l->signals[info.ssi_signo].ctx, (int)info.ssi_signo);
}

static void unwatch_signal(struct loop *l, int signo)
{
    sigset_t one;
    int i;

    l->signals[signo].fn = NULL;
    sigdelset(&l->watched, signo);
    (void)signalfd(l->sigfd, &l->watched, 0);
    if (sigismember(&l->blocked_by_us, signo) == 1) {
        sigdelset(&l->blocked_by_us, signo);
        sigemptyset(&one);
        sigaddset(&one, signo);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    }
    for (i = 1; i < SIGNALS; i++)
        if (l->signals[i].fn)
            return;
    loop_fd_remove(l->sigwatch);
    l->sigwatch = NULL;
    close(l->sigfd);
    l->sigfd = -1;
}

/* Makes the descriptor report the set; on failure nothing has changed. */
static int watch_signals(struct loop *l, const sigset_t *set, struct err *e)
{
    int fd = signalfd(l->sigfd, set, SFD_NONBLOCK | SFD_CLOEXEC);

    if (fd < 0)
        return err_set_errno(e, errno, "cannot watch signals");
    if (!l->sigwatch && !(l->sigwatch = loop_fd_add(l, fd, LOOP_READ, on_signal, l, e))) {
        close(fd);
        return ERR_IO;
    }
    l->sigfd = fd;
    return 0;
}

int loop_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx, struct err *e)
{
    sigset_t set, one, before;
    int r;

    if (signo < 1 || signo >= SIGNALS)
        return err_set(e, ERR_INVALID, "there is no signal %d", signo);
    if (!fn) {
        if (l->signals[signo].fn)
            unwatch_signal(l, signo);
        return 0;
    }
    if (!l->signals[signo].fn) {
        set = l->watched;
        sigaddset(&set, signo);
        r = watch_signals(l, &set, e);
        if (r < 0)
            return r;
        l->watched = set;
        sigemptyset(&one);
        sigaddset(&one, signo);
        pthread_sigmask(SIG_BLOCK, &one, &before);
        if (sigismember(&before, signo) == 0)
            sigaddset(&l->blocked_by_us, signo);
    }
    l->signals[signo].fn = fn;
    l->signals[signo].ctx = ctx;
    return 0;
}

/* ---- rounds ---- */

void loop_defer(struct loop *l, loop_idle_fn fn, void *ctx)
{
    MEM_GROW(l->deferred, l->ndeferred, l->deferred_cap);
    l->deferred[l->ndeferred++] = (struct deferred) { fn, ctx };
}

void loop_undefer(struct loop *l, loop_idle_fn fn, void *ctx)
{
    size_t i;

    for (i = 0; i < l->ndeferred; i++)
        if (l->deferred[i].fn == fn && l->deferred[i].ctx == ctx)
            l->deferred[i].fn = NULL;
}

static void run_deferred(struct loop *l)
{
    size_t i, n = l->ndeferred;
    struct deferred d;

    if (!n)
        return;
    for (i = 0; i < n; i++) {
        d = l->deferred[i]; /* a copy: the array may move during the call */
        if (d.fn)
            d.fn(d.ctx);
    }
    l->ndeferred -= n;
    memmove(l->deferred, l->deferred + n, l->ndeferred * sizeof *l->deferred);
}

/* Rounded up, so that a timer is never found a fraction of a millisecond early and polled for. */
static int wait_ms(const struct loop *l, int timeout_ms)
{
    uint64_t now_us, ms;

    if (l->ndeferred || has_ready_file(l))
        return 0;
    if (!l->nheap)
        return timeout_ms;
    now_us = clock_us();
    if (l->heap[0]->deadline_us <= now_us)
        return 0;
    ms = (l->heap[0]->deadline_us - now_us + 999) / 1000;
    return timeout_ms >= 0 && (uint64_t)timeout_ms < ms ? timeout_ms : (int)MIN(ms, (uint64_t)INT_MAX);
}

int loop_step(struct loop *l, int timeout_ms, struct err *e)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    struct loop_fd *f;
    int i, n;

    assert(!l->in_round);
    n = epoll_wait(l->epfd, events, EVENTS_PER_ROUND, wait_ms(l, timeout_ms));
    if (n < 0 && errno != EINTR)
        return err_set_errno(e, errno, "cannot wait for events");
    l->in_round = true;
    for (i = 0; i < n; i++) {
        f = events[i].data.ptr;
        if (!f->is_dead)
            f->fn(f->ctx, f->fd, from_epoll(events[i].events));
    }
    if (l->nfiles)
        dispatch_files(l);
    run_timers(l);
    run_deferred(l);
    l->in_round = false;
    release_dead(l);
    return 0;
}

int loop_run(struct loop *l, struct err *e)
{
    int r = 0;

    while (!l->stop && r == 0)
        r = loop_step(l, -1, e);
    l->stop = false;
    return r;
}
