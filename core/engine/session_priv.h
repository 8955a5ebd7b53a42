/* SPDX-License-Identifier: MIT */
/* What the session's own files share: session.c (life, documents), targets.c (providers and health), complete.c and
 * edit.c (tasks), corpus.c (what plugins learn from), report.c (words for people). Loop thread only. */
#ifndef CORE_ENGINE_SESSION_PRIV_H
#define CORE_ENGINE_SESSION_PRIV_H

#include "core/engine/decision.h"
#include "core/engine/session_tasks.h"

struct site;

struct session {
    uint32_t magic;
    struct loop *loop;
    struct http *http;
    struct pool *pool;
    struct grammars *grammars;
    struct config *config;
    struct settings settings;    /* the config's, changed by the editor's */
    struct plugins *plugins;
    struct provider **providers; /* one a config provider; NULL until needed */
    struct err *provider_errors; /* why it could not be opened */
    struct health *health;       /* one a target */
    struct documents *docs;
    struct decisions *decisions;
    struct reuse *reuse;
    struct corpus *corpus;
    struct question *questions;  /* unanswered (question.c) */
    struct task *tasks;          /* unanswered, newest first */
    struct items *items;         /* what was offered lately (items.h) */
    struct loop_timer *idle;     /* parses, corpus edits and records wait for it */
    uint64_t touched_ms, waiting_ms; /* the last and the first time that something began to wait for it */
    uint64_t next_handle;
    char *workspace, *state_dir;
    char *focus;                 /* URI or NULL */
    char problem[256];
    struct {
        uint64_t requests, served, reused, shown, accepted, partly, dismissed;
    } count;
    char last_reason[160];       /* why there was no suggestion, for status */
    bool prepared;               /* the transport was loaded ahead of time */
    bool freed_much;             /* a large document was closed */
    bool closing;
};

/* ---- targets.c: the config's targets with their providers and health ---- */
struct provider *session_provider(struct session *s, unsigned provider, struct err *e); /* opens when first needed */
void session_route(struct session *s, enum task_kind task, uint64_t need, uint32_t prompt_tokens, uint32_t answer_tokens,
                   uint64_t seed, struct decision *d);
/* What becomes of a request to a target: it runs, and then it was dropped by us or has this result. */
void session_asking(struct session *s, unsigned target);
void session_dropped(struct session *s, unsigned target);
void session_health(struct session *s, unsigned target, const struct exchange_report *r, const struct err *e);

/* ---- question.c ---- */
bool question_cancel(struct session *s, uint64_t handle); /* false: it is none */
void questions_end(struct session *s);

/* ---- session.c ---- */
void session_touch(struct session *s); /* something waits for idle time */
/* The document's path as plugins and records see it: relative to the workspace where it lies in it. Borrowed. */
struct str session_path(const struct session *s, const struct document *d);

/* ---- parse.c: keeps trees up to date in the background; never parses on the keystroke path ---- */
void session_parse_soon(struct session *s, struct document *d);
void session_site(struct session *s, struct document *d, size_t at, struct site *ret);

/* ---- corpus.c: what corpus plugins are told; nothing on the keystroke path but a note of the edit ---- */
struct corpus *corpus_new(struct session *s);
void corpus_free(struct corpus *c);
void corpus_open(struct corpus *c, struct document *d);
void corpus_edit(struct corpus *c, struct document *d, const struct doc_edit *edit, struct str text);
void corpus_close(struct corpus *c, struct document *d);
void corpus_flush(struct corpus *c);            /* tells the noted edits */
void corpus_workspace(struct corpus *c);        /* starts (again) to read the workspace in the background */
bool corpus_busy(const struct corpus *c);       /* reading or telling goes on */
size_t corpus_files(const struct corpus *c);    /* workspace files told so far */

/* ---- reuse.c: answers without asking ---- */
struct reuse *reuse_new(void);
void reuse_free(struct reuse *r);
struct reuse_hit {
    struct str text;         /* what is left to insert; borrowed until the next call */
    const char *target;
    double confidence;
    size_t over;             /* bytes behind the caret that it replaces */
    const char *id;          /* the item's id when it was first shown */
};
void reuse_put(struct reuse *r, const struct document *d, size_t caret, struct str text, size_t over, const char *target,
               double confidence, const char *id);
bool reuse_find(struct reuse *r, const struct document *d, size_t caret, struct reuse_hit *ret);
/* The surroundings of a suggestion that began at `start`, seen with the caret at `caret`: equal keys, same place. */
uint64_t reuse_key(const struct document *d, size_t start, size_t caret);
void reuse_drop(struct reuse *r, const char *id);         /* dismissed */
void reuse_forget(struct reuse *r, const struct document *d); /* NULL: everything */

#endif
