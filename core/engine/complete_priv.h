/* SPDX-License-Identifier: MIT */
/* What complete.c (the task) and ask.c (its requests) share. */
#ifndef CORE_ENGINE_COMPLETE_PRIV_H
#define CORE_ENGINE_COMPLETE_PRIV_H

#include "core/engine/context.h"
#include "core/engine/session_priv.h"

#define MAX_FOUND 8
#define SINGLE_TOKENS 48
#define SEVERAL_TOKENS 128

struct suggestion {
    char *text;
    size_t n;
    double confidence;
    const char *target;
    bool from_service;
};

struct completion {
    struct task *t;
    enum pos_encoding enc;
    size_t caret;
    uint64_t revision;               /* of the document, when asked */
    bool invoked, single_line;
    unsigned max_items;
    struct context context;
    struct ask *ask;                 /* the request that is waited for, or NULL */
    struct ask *held;                /* taken over from an older task; used when its target's turn comes */
    struct suggestion found[MAX_FOUND];
    size_t nfound;
    struct loop_timer *wait, *deadline;
    struct err failure;              /* the last target's, if nothing else is said */
    complete_fn fn;
    void *ctx;
};

/* One request to one target. It may change its task, and may end before its turn comes. */
struct ask {
    struct completion *c;
    struct exchange *x;              /* NULL once it has ended */
    unsigned target;
    size_t base;                     /* caret when it was sent */
    uint64_t key;                    /* of its surroundings */
    struct buf text;                 /* streamed so far */
    bool from_service;
    struct exchange_report report;
    struct err error;
};

/* Sends the caret's context to a target. 0, or a code with e set: then nothing runs. */
int ask_start(struct completion *c, unsigned target, struct err *e);
/* Waits for the held request if it is to this target: true. One that has ended already is taken in at once. */
bool ask_resume(struct completion *c, unsigned target);
/* Takes over, as c->held, a running request of an older task of this document whose answer may still serve here. */
void ask_adopt(struct completion *c);
/* Gives up waiting: what has come in so far counts, with `why` as the attempt's result. */
void ask_give_up(struct completion *c, const struct err *why);
/* A target that could not even be asked. */
void ask_refused(struct completion *c, unsigned target, const struct err *e);
void ask_free(struct ask *a); /* closes its connection if it runs; NULL is fine */

/* Goes on after an attempt has ended or a wait is over. Answers the task in the end. */
void complete_step(struct completion *c);

#endif
