/* SPDX-License-Identifier: MIT */
/* The one event loop: epoll, timers, signals. One thread owns it and all program state.
 *
 * Handlers may add and remove anything, themselves included, while they are being called: removal takes effect at once
 * and memory is released after the round. loop_free() asserts that every registration was removed. Knows no HTTP, no
 * documents. */
#ifndef CORE_IO_LOOP_H
#define CORE_IO_LOOP_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 }; /* HANGUP is always reported */

struct loop;
struct loop_fd;
struct loop_timer;

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);
int loop_run(struct loop *l, struct err *e); /* until loop_stop(); 0, or a code if epoll itself fails */
void loop_stop(struct loop *l);

/* Runs one round, waiting at most timeout_ms (-1 = until something happens). For tests and command-line fronts. */
int loop_step(struct loop *l, int timeout_ms, struct err *e);

typedef void (*loop_fd_fn)(void *ctx, int fd, unsigned events);
struct loop_fd *loop_fd_add(struct loop *l, int fd, unsigned events, loop_fd_fn fn, void *ctx, struct err *e);
void loop_fd_set(struct loop_fd *f, unsigned events);
void loop_fd_remove(struct loop_fd *f); /* does not close the descriptor; NULL is fine */

/* One-shot timers at millisecond grain, fired in order of time. A started timer that is started again moves. */
typedef void (*loop_timer_fn)(void *ctx);
struct loop_timer *loop_timer_new(struct loop *l, loop_timer_fn fn, void *ctx);
void loop_timer_free(struct loop_timer *t); /* NULL is fine */
void loop_timer_start(struct loop_timer *t, uint64_t after_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);

/* Called on the loop thread when the signal arrives (signalfd). One handler a signal. fn = NULL removes it. */
typedef void (*loop_signal_fn)(void *ctx, int signo);
int loop_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx, struct err *e);

/* Called once after the present round, before waiting again. */
typedef void (*loop_idle_fn)(void *ctx);
void loop_defer(struct loop *l, loop_idle_fn fn, void *ctx);

#endif
