/* SPDX-License-Identifier: MIT */
/* A task: one request of a front, from its call to its one answer. State changes go through task_set_state(). */
#ifndef CORE_ENGINE_SESSION_TASKS_H
#define CORE_ENGINE_SESSION_TASKS_H

#include "core/engine/provider.h"
#include "core/engine/session.h"

#define TASK_MAGIC 0x5441534bu

enum task_state { TASK_NEW, TASK_WAITING, TASK_ASKING, TASK_ANSWERED };

struct decision;
struct ask; /* one running request to one target (complete.c) */

struct task {
    uint32_t magic;
    enum task_state state;
    enum task_kind kind;
    uint64_t handle, started_us;
    struct session *s;
    struct task *next;
    struct document *doc;      /* a reference */
    struct decision *decision;
    size_t candidate;          /* next of decision->choice.c[] to try */
    void *own;                 /* struct completion or struct edit */
    /* Answers with an error or, with e NULL, as empty with `reason`; called through task_fail() only. */
    void (*fail)(struct task *t, const struct err *e, const char *reason);
    void (*release)(struct task *t); /* stops what runs, frees `own` */
};

struct task *task_new(struct session *s, enum task_kind kind, struct document *doc);
void task_set_state(struct task *t, enum task_state to);
/* Answers it, unless it is just being answered: the front's callback may do anything to the session, even this. */
void task_fail(struct task *t, const struct err *e, const char *reason);
/* The same for all tasks that `which` picks (NULL: all), one after another whatever callbacks add and remove. */
void tasks_fail(struct session *s, bool (*which)(const struct task *t, const void *ctx), const void *ctx,
                const struct err *e, const char *reason);
/* The task was answered: record, release and free it. */
void task_end(struct task *t);
struct task *task_find(struct session *s, uint64_t handle);

#endif
