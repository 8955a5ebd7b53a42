/* SPDX-License-Identifier: MIT */
/* Worker threads for pure functions over snapshots; results come back to the loop thread.
 *
 * A job has two functions: run() on a worker, done() on the loop thread afterwards, always, exactly once, also for jobs
 * cancelled before they ran (then run() was not called). Jobs of one strand run one at a time in order of submission
 * within their priority, so a strand is a single-threaded world (a compute plugin, say). Threads start with the first job
 * and number at most `max_threads`; idle ones sleep. Every function is for the loop thread. The queue is the program's
 * only lock. */
#ifndef CORE_IO_POOL_H
#define CORE_IO_POOL_H

#include "core/io/loop.h"
#include <stdatomic.h>
#include <stddef.h>

struct pool;
struct strand;

/* Zero-initialised by the caller, who then sets what the comment does not give to the pool. */
struct job {
    void (*run)(struct job *j);  /* worker thread; poll `cancelled` in long work */
    void (*done)(struct job *j); /* loop thread, never inside pool_submit() or job_cancel(); owns the job from here on */
    atomic_bool cancelled;       /* set by job_cancel(); read it anywhere */
    bool ran;                    /* the pool's; valid in done() */
    int priority;                /* 0 first, 1 later */
    struct strand *strand;       /* NULL: any time, any worker */
    struct job *next;            /* the pool's */
    struct pool *pool;           /* the pool's */
};

struct pool *pool_new(struct loop *l, int max_threads, struct err *e);

/* Cancels what is queued or running, waits for what runs, calls every done(). Not from inside a done(). NULL is fine. */
void pool_free(struct pool *p);

struct strand *strand_new(struct pool *p);
void strand_free(struct strand *s); /* only when none of its jobs is queued or running; NULL is fine */

/* Where not a single thread can be started the job counts as cancelled. */
void pool_submit(struct pool *p, struct job *j);
void job_cancel(struct job *j);            /* a queued job is done at once (in the next round), a running one when run() returns */
size_t pool_pending(const struct pool *p); /* jobs submitted whose done() has not been called */

#endif
