/* SPDX-License-Identifier: MIT */
/* One configured provider: a plugin opened with the options of its section, and one exchange with it.
 *
 * The host side of plugins/provider.h. An exchange is HTTP through core/io/http.h, or compute on the provider's own
 * strand; whoever starts one cannot tell the difference. Knows no task, no document, no routing. */
#ifndef CORE_ENGINE_PROVIDER_H
#define CORE_ENGINE_PROVIDER_H

#include "core/engine/config.h"
#include "core/engine/plugin.h"

struct http;
struct pool;
struct job;
struct provider;
struct exchange;

/* Opens the provider. NULL with the plugin's own sentence. cfg, plugin, http and pool must outlive it. */
struct provider *provider_open(const struct config_provider *cfg, const struct plugin *plugin, struct http *http,
                               struct pool *pool, struct err *e);
void provider_close(struct provider *p); /* no exchange may be running, no corpus job queued; NULL is fine */

const char *provider_name(const struct provider *p);
uint64_t provider_caps(const struct provider *p);
bool provider_is_local(const struct provider *p); /* text stays on this machine: embedded, or a loopback address */
bool provider_has_corpus(const struct provider *p);
size_t provider_busy(const struct provider *p); /* running exchanges and queued corpus calls */

/* Models as the service lists them, host's words for what went wrong in *e of done(). */
enum exchange_end { EXCHANGE_WHOLE, EXCHANGE_CUT, EXCHANGE_FAILED };

struct exchange_report {
    enum exchange_end end;
    int http_status;             /* 0 for compute */
    int provider_error;          /* SY_E* (negative) if the provider reported one, else 0 */
    uint64_t retry_after_ms;
    uint64_t first_us, total_us; /* first event, end; after the start */
    uint64_t tokens[5];          /* input, cache read, cache write, output, reasoning; 0 if never told */
    bool has_usage;
    int stop;                    /* SY_STOP_* */
    char model[96], request_id[96];
    size_t request_bytes;
};

struct exchange_handler {
    /* TEXT, CANDIDATE and MODEL events, in order. False = enough: the connection is closed, done() follows with EXCHANGE_CUT. */
    bool (*event)(void *ctx, const struct sy_event *ev);
    /* Exactly once unless cancelled. e->code is 0 for WHOLE and CUT. The exchange is gone afterwards. */
    void (*done)(void *ctx, const struct exchange_report *r, const struct err *e);
};

/* Starts one; NULL with e set if it cannot start (no key, a bad option). The request is copied as needed. No handler is
 * called before this returns. timeout_ms of the request bounds the first byte. */
struct exchange *exchange_start(struct provider *p, const struct sy_request *req, const struct exchange_handler *handler,
                                void *ctx, struct err *e);
void exchange_cancel(struct exchange *x); /* no handler is called any more; the connection is closed now */

/* Tells a corpus provider of a file (put), an edit, or a removal (drop: text.p NULL). Copies. In order per provider. */
enum corpus_op { CORPUS_PUT, CORPUS_EDIT, CORPUS_DROP };
struct corpus_change {
    enum corpus_op op;
    struct str path, language, text;
    uint64_t start, old_end;
    uint32_t flags;
    int priority;
};
void provider_corpus(struct provider *p, const struct corpus_change *c);

/* The last sentence a corpus call failed with, or NULL. */
const char *provider_corpus_problem(const struct provider *p);

#endif
