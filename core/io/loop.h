/* SPDX-License-Identifier: MIT */
/* The one event loop: epoll, timers, signals. One thread owns it and all program state.
 *
 * Handlers may add and remove anything, themselves included, while they are being called: removal takes effect at once
 * and memory is released after the round. Rounds do not nest. loop_free() asserts that every descriptor and timer was
 * removed. An idle loop sleeps without a timeout. Knows no HTTP, no documents. */
#ifndef CORE_IO_LOOP_H
#define CORE_IO_LOOP_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 }; /* HANGUP is always reported, in every round until removal */

struct loop;
struct loop_fd;
struct loop_timer;

/* Also ignores SIGPIPE for the process, unless someone handles it: a peer that went away is an error of write(). */
struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* takes signal handlers back, drops deferred calls; NULL is fine */
int loop_run(struct loop *l, struct err *e); /* until loop_stop(); 0, or a code if epoll itself fails */
void loop_stop(struct loop *l);              /* the round is finished first; before loop_run() it makes that return */

/* Runs one round (descriptors, then due timers, then deferred calls), waiting at most timeout_ms (-1 = until something
 * happens). For tests and command-line fronts. */
int loop_step(struct loop *l, int timeout_ms, struct err *e);

/* Regular files and /dev/null, which epoll refuses, count as always ready. A descriptor must be removed before it is
 * closed: a duplicate of it elsewhere would keep epoll reporting it. */
typedef void (*loop_fd_fn)(void *ctx, int fd, unsigned events);
struct loop_fd *loop_fd_add(struct loop *l, int fd, unsigned events, loop_fd_fn fn, void *ctx, struct err *e);
void loop_fd_set(struct loop_fd *f, unsigned events);
void loop_fd_remove(struct loop_fd *f); /* does not close the descriptor; NULL is fine */

/* One-shot timers at millisecond grain, fired in order of time, never early. A started timer that is started again
 * moves. One that is started by a timer's own call waits for the next round, so 0 ms cannot starve the descriptors. */
typedef void (*loop_timer_fn)(void *ctx);
struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn fn, void *ctx);
void loop_timer_free(struct loop_timer *t); /* NULL is fine */
void loop_timer_start(struct loop_timer *t, uint64_t after_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);

/* Called on the loop thread when the signal arrives (signalfd). One handler a signal. fn = NULL removes it. The signal is
 * blocked in this thread meanwhile: start threads afterwards, and unblock it in children. */
typedef void (*loop_signal_fn)(void *ctx, int signo);
int loop_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx, struct err *e);

/* Called once after the present round, before waiting again; one that is deferred by a deferred call, a round later. */
typedef void (*loop_idle_fn)(void *ctx);
void loop_defer(struct loop *l, loop_idle_fn fn, void *ctx);
void loop_undefer(struct loop *l, loop_idle_fn fn, void *ctx); /* forgets these calls, for an owner that goes away */

#endif
