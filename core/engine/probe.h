/* SPDX-License-Identifier: MIT */
/* What a command line asks of the engine beside an editor's work: one prompt to one target, and a plugin on the bench.
 *
 * The bench sends nothing: it shows the exchange that a plugin describes, and what it makes of an answer. Both go through
 * the same host code as a real exchange, so what is shown is what would happen. Strings in results are borrowed. */
#ifndef CORE_ENGINE_PROBE_H
#define CORE_ENGINE_PROBE_H

#include "core/engine/session.h"

/* ---- one prompt to one target, without any fallback ---- */
struct question_result {
    const char *target, *model, *request_id; /* model, request_id: as the service reports them, or "" */
    bool has_usage;              /* else the tokens are not known */
    uint64_t in_new, in_read, in_written, out, reasoning; /* input: not cached, read from a cache, written to one */
    double cost;                 /* by the configured prices; < 0: unknown */
    bool cost_is_most;           /* cached input was counted at the full price */
    bool cut;                    /* the answer reached its length limit */
    uint64_t first_us, total_us; /* to the first text, to the end */
};

struct question_handler {
    bool (*text)(void *ctx, struct str piece); /* whole characters, control characters included; false: enough */
    /* Exactly once. e->code is 0, ERR_CANCELLED, or why it failed, with what to change. res is never NULL. */
    void (*done)(void *ctx, const struct question_result *res, const struct err *e);
};

/* Returns a handle for session_cancel(), or 0 if done() has been called already. Unknown targets fail by name. */
uint64_t session_ask(struct session *s, const char *target, struct str prompt, const struct question_handler *h, void *ctx);

/* ---- a plugin on the bench; `plugin` is a name or, with a slash in it, a file ---- */
struct bench_params {
    const char *plugin;
    const char *const *options; /* "KEY=VALUE"; they win over those of the request; "key" is the provider's key */
    size_t noptions;
    const char *request_path;   /* see plugins/README.md; NULL: a small sample */
    struct str request;         /* its content, if the path is set */
    int64_t now_ms;             /* the clock that signatures see; 0: the real one */
    bool show_secrets;
};

/* Load checks and a self-exchange. */
int bench_check(const struct bench_params *p, struct buf *out, struct err *e);
/* Name, ABI, capabilities, options of one plugin file. */
int bench_dump(const char *path, struct buf *out, struct err *e);
/* Prints the exchange that the plugin describes: line, headers, an empty line, the body as it would be sent. */
int bench_encode(const struct bench_params *p, struct buf *out, struct err *e);

struct bench_answer {
    int status;                 /* 0: 200 */
    const char *const *headers; /* "Name: value" */
    size_t nheaders;
    size_t split;               /* fed in pieces of so many bytes; 0: at once */
    struct str body;
};
/* Prints the events of an answer, one JSON object a line, with the host's verdict last if the plugin gave none. */
int bench_decode(const struct bench_params *p, const struct bench_answer *a, struct buf *out, struct err *e);

#endif
