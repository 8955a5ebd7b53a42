/* SPDX-License-Identifier: MIT */
/* One plugin, opened with given options beside any configuration: what check, encode and decode share. Sends nothing. */
#ifndef CORE_ENGINE_PLUGIN_BENCH_H
#define CORE_ENGINE_PLUGIN_BENCH_H

#include "core/engine/probe.h"
#include "core/engine/request.h"

struct bench_request; /* a request that was written as JSON (bench_request.c) */

struct bench {
    struct loop *loop;
    struct pool *pool;
    struct plugins *plugins; /* by name */
    struct plugin *file;     /* by path */
    const struct plugin *plugin;
    json_t *spec, *options;
    struct config_provider cfg;
    struct provider *p;
    struct bench_request *request;
};

/* Loads the plugin and reads options and request; then opens it. bench_fini() is due whatever they return. Without a request
 * there is a sample: to fill a hole, or, with chat_first or from a plugin that cannot do that, to chat. */
int bench_load(struct bench *b, const struct bench_params *p, bool chat_first, struct err *e);
int bench_open(struct bench *b, const struct bench_params *p, struct err *e);
void bench_fini(struct bench *b);
void bench_any_address(struct bench *b); /* between both: a base_url that nobody answers at, if none was given */

/* The request as the plugin describes it, credential commands waited for. 0, or a code with e set; request_fini() is due
 * either way, and after 0 the plugin's end(). */
int bench_build(struct bench *b, struct request *r, struct err *e);

/* NULL with e set if the object is no request; the strings are borrowed from it. "call": "models" has no request. */
struct bench_request *bench_request_new(const json_t *spec, uint64_t caps, struct err *e);
void bench_request_free(struct bench_request *r);
const struct sy_request *bench_request_get(const struct bench_request *r);

#endif
