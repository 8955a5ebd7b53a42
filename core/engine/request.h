/* SPDX-License-Identifier: MIT */
/* The one HTTP request that a plugin describes: the host's side of struct sy_http, with the key put in.
 *
 * Made for an exchange (exchange_http.c) and for showing (plugin_bench.c), so that what is shown is what is sent. The key
 * is wiped by request_fini(). Sends nothing. */
#ifndef CORE_ENGINE_REQUEST_H
#define CORE_ENGINE_REQUEST_H

#include "core/engine/provider_priv.h"
#include "core/io/http.h"

#define MAX_REQUEST_HEADERS 32

struct request {
    struct provider *p;
    struct err *e;
    struct buf url, text, body; /* header strings point into `text`, which never moves (reserved whole) */
    char method[16];
    struct http_header headers[MAX_REQUEST_HEADERS];
    bool secret[MAX_REQUEST_HEADERS]; /* never shown: a key, or what the plugin marked with SY_SECRET */
    size_t nheaders;
    bool has_key; /* one of them is the configured key */
    void *x; /* the plugin's exchange; NULL until it began */
};

/* Lets the plugin describe the exchange for `req`, and sign it. 0, or a code with e set; request_fini() is due either way,
 * and after 0 the plugin's end(r->x) by the caller. e must not be NULL and must outlive r. REQUEST_LATER: the plugin waits
 * for a credential command (host_auth.h); e is set as if that were a failure. */
enum { REQUEST_LATER = 1 };
int request_build(struct request *r, struct provider *p, const struct sy_request *req, struct err *e);
void request_fini(struct request *r);

#endif
