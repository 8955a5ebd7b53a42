/* SPDX-License-Identifier: MIT */
/* JSON-RPC 2.0 over one pair of descriptors: who asked what, who still waits, and bytes that never block the loop.
 *
 * Knows ids, requests, notifications and responses; knows no method and no document. Incoming ids are integers or
 * strings and go back as they came; our own are integers, because some editors accept nothing else. What the client does
 * not read is kept up to MAX_OUTPUT_BYTES; long before that the input is no longer read.
 *
 * Invariant: every request gets exactly one response. A handler that returns without having answered or without a task
 * is a bug of ours: the client gets InternalError. A second answer is dropped and logged. */
#ifndef CORE_LSP_RPC_H
#define CORE_LSP_RPC_H

#include "core/base/json.h"
#include "core/io/loop.h"

enum { /* the codes that are not made from an enum err_code */
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_NOT_INITIALIZED = -32002,
    RPC_CONTENT_MODIFIED = -32801,
    RPC_REQUEST_FAILED = -32803
};

struct rpc;

/* A request's right to one answer. A plain value: copies name the same right, and a used one is inert. */
struct reply {
    struct rpc *rpc;
    uint32_t slot, serial;
};

struct rpc_handler {
    void (*request)(void *ctx, struct reply r, const char *method, const json_t *params); /* params: borrowed or NULL */
    void (*notification)(void *ctx, const char *method, const json_t *params);
    /* No more input: code 0 for the end of the stream, else why. Called once. */
    void (*ended)(void *ctx, const struct err *e);
    /* May be NULL. Sees each message first, unread; true: it was one to be dealt with quickly, and that is done. */
    bool (*quick)(void *ctx, struct str message, struct buf *scratch);
};

/* The descriptors stay the caller's. A pipe at out_fd is non-blocking until rpc_free(). */
struct rpc *rpc_new(struct loop *l, int in_fd, int out_fd, const struct rpc_handler *h, void *ctx, struct err *e);

/* Takes no more messages, not even those already received. Answers may still be given. */
void rpc_stop(struct rpc *r);

/* Waits up to flush_ms for the client to read what is left, then lets go. Unanswered requests are a bug; our own
 * unanswered ones are called back with ERR_CANCELLED. NULL is fine. */
void rpc_free(struct rpc *r, int flush_ms);

void rpc_notify(struct rpc *r, const char *method, struct str params_json);

/* Our own request. fn (may be NULL) is called once: result is borrowed; e->code is 0, or ERR_PROTO with the client's
 * sentence, or ERR_CANCELLED. */
typedef void (*rpc_response_fn)(void *ctx, const json_t *result, const struct err *e);
void rpc_call(struct rpc *r, const char *method, struct str params_json, rpc_response_fn fn, void *ctx);

/* Exactly one of these per request. */
void reply_result(struct reply r, struct str json);
void reply_error(struct reply r, int lsp_code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void reply_fail(struct reply r, const struct err *e); /* code by err_lsp_code() */

/* The answer will come from a task; rpc_task_of() finds it for a cancellation. task != 0. */
void reply_wait(struct reply r, uint64_t task);

uint64_t rpc_task_of(const struct rpc *r, const json_t *id); /* 0 if no request with this id waits for a task */
uint64_t rpc_any_task(const struct rpc *r);                  /* 0 if none waits */
bool rpc_is_full(const struct rpc *r); /* so many requests wait that none should be added that waits as well */

#endif
