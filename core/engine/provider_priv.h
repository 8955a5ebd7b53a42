/* SPDX-License-Identifier: MIT */
/* What provider.c and its two ways of exchange (exchange_http.c, exchange_compute.c) share. */
#ifndef CORE_ENGINE_PROVIDER_PRIV_H
#define CORE_ENGINE_PROVIDER_PRIV_H

#include "core/engine/provider.h"
#include "core/io/pool.h"

#define EXCHANGE_MAGIC 0x45584348u

struct host_auth;
struct exchange_copy;

struct provider {
    const struct config_provider *cfg;
    const struct plugin *plugin;
    struct http *http;
    struct pool *pool;
    struct strand *strand; /* compute providers only */
    void *self;
    struct sy_host host;
    struct err failure;    /* what the plugin said through host->fail() in the present call */
    struct buf scratch;    /* printed option values, one after another; kept until close() */
    const char *bench_key; /* plugin_bench.c: the key, instead of the configured one; NULL otherwise */
    const char *bench_stand_in; /* plugin_bench.c: the key where one is needed and none is configured */
    int64_t bench_now_ms;  /* plugin_bench.c: the wall clock that requests are made at; 0: the real one */
    struct host_auth *auth; /* host_auth.c; NULL until the first request */
    char corpus_problem[240];
    size_t busy;
};

struct exchange {
    uint32_t magic;
    struct provider *p;
    const struct exchange_handler *handler;
    void *ctx;
    struct exchange_report report;
    uint64_t start_us;
    struct err error;  /* from an ERROR event */
    bool ended;        /* STOP or ERROR was seen */
    bool enough;       /* the handler said so */
    /* HTTP */
    void *x;           /* the plugin's state */
    struct http_req *req;
    bool retired;      /* end() was called */
    struct exchange_copy *copy; /* the request, to be begun anew */
    bool again;        /* it was, because the service refused a part of it */
    struct exchange *next_waiting;
    /* compute */
    struct job *job;
};

/* Feeds one event of the plugin into the exchange: bookkeeping, then the handler. Returns < 0 for "enough". */
int exchange_event(struct exchange *x, const struct sy_event *ev);
/* Calls the handler's done() with what the exchange knows; frees x. `e` is the transport's failure, or NULL. */
void exchange_finish(struct exchange *x, const struct err *e);

int exchange_http_start(struct exchange *x, const struct sy_request *req, struct err *e);
void exchange_http_resume(struct exchange *x); /* the credential command has ended */
void exchange_http_cancel(struct exchange *x);
int exchange_compute_start(struct exchange *x, const struct sy_request *req, struct err *e);
void exchange_compute_cancel(struct exchange *x);

/* Adds to a failed exchange's sentence what to change, if anything can be. (mend.c) */
bool provider_signs(const struct provider *p); /* by its vendor's credentials, in a region */
void provider_mend(const struct provider *p, const struct exchange_report *r, struct err *e);

/* Our error code for a plugin's; 0 stays 0. */
int provider_err_code(int sy_code);
/* The sentence of the plugin's call that just returned `code` < 0, or a general one. */
int provider_take_failure(struct provider *p, int code, const char *what, struct err *e);

#endif
