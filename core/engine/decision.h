/* SPDX-License-Identifier: MIT */
/* The record of one decision: what was asked, who could serve, who was dropped and why, what was tried, what came out.
 *
 * Records are kept in memory (a ring) and appended as JSON lines to the state folder, mode 0600, in a file that is cut
 * to its newer half when it passes its cap. A record holds no text of a document and no key. Writing is put off to idle
 * time: the keystroke path only fills a struct. */
#ifndef CORE_ENGINE_DECISION_H
#define CORE_ENGINE_DECISION_H

#include "core/engine/router.h"

#define DECISION_ID_BYTES 20

struct decision_attempt {
    const char *target;  /* the config's string */
    int err_code;        /* 0: answered */
    char words[160];     /* why it failed, or "" */
    uint64_t first_us, total_us;
    uint64_t tokens_in, tokens_out;
    size_t request_bytes, answer_bytes;
    double confidence;   /* < 0 unknown */
};

struct decision {
    char id[DECISION_ID_BYTES];
    int64_t wall_ms;
    enum task_kind task;
    char path[200];      /* relative to the workspace, as far as it fits */
    const char *language;
    uint32_t line, col8; /* from 0 */
    bool invoked;
    double threshold;
    struct route_request request;
    struct route_choice choice;
    const char *names[16]; /* of choice.c[], in its order */
    struct decision_attempt attempts[4]; /* MAX_ATTEMPTS */
    size_t nattempts;
    const char *served_by; /* target, "reuse" or NULL */
    double confidence;
    char reason[160];      /* why there is nothing, or "" */
    uint64_t total_us;
};

struct decisions;
/* state_dir NULL: memory only. Nothing is created until the first record is written. */
struct decisions *decisions_new(const char *state_dir);
void decisions_free(struct decisions *ds); /* writes what is waiting */

/* A fresh record with an id, the caller's until it gives it back. */
struct decision *decisions_begin(struct decisions *ds, enum task_kind task);
void decisions_end_take(struct decisions *ds, struct decision *d); /* complete: kept, written later */
void decisions_flush(struct decisions *ds);                   /* call when idle; failures are kept in problem() */
bool decisions_pending(const struct decisions *ds);
const char *decisions_problem(const struct decisions *ds);

/* Borrowed; NULL id = the last one that ended. */
const struct decision *decisions_find(const struct decisions *ds, const char *id);

json_t *decision_json(const struct decision *d); /* new reference */
/* Explains a record (its JSON form) to a person, several lines. */
void decision_explain(const json_t *d, struct buf *out);
/* The newest stored record, or the one with this id; NULL with ERR_NOT_FOUND. */
json_t *decision_stored(const char *state_dir, const char *id, struct err *e);

#endif
