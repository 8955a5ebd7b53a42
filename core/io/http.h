/* SPDX-License-Identifier: MIT */
/* HTTP for every provider: libcurl's multi interface on the loop, loaded with dlopen when the first request is near.
 *
 * This is the only module that names libcurl. It knows no provider and no JSON. Redirects are not followed (a key must
 * not travel to another host); only http and https; no compression is accepted; proxies as the environment says; TLS is
 * always verified, against SSL_CERT_FILE or SSL_CERT_DIR where set. Cancelling closes the connection (HTTP/1.1) or resets
 * the stream (HTTP/2) before http_cancel() returns, or, from inside a handler of this module, right after that handler.
 * Where libcurl holds resets back (7.88 to 8.14), an HTTP/2 stream is reset together with the next request to the same
 * peer; if none comes within 250 ms, its connection is closed. Sentences name host and port, never the rest of a URL,
 * which may hold a key. */
#ifndef CORE_IO_HTTP_H
#define CORE_IO_HTTP_H

#include "core/base/str.h"
#include "core/io/loop.h"

struct http;     /* the client: connections, TLS state */
struct http_req; /* one exchange in flight */

struct http_header {
    struct str name, value;
};

struct http_spec {
    struct str method, url; /* url: http:// or https://, without user and password */
    /* What belongs to the transport (Content-Length, Transfer-Encoding, Connection, Keep-Alive, Expect, Accept-Encoding) is
     * left out, so that a plugin can neither smuggle nor inflate. */
    const struct http_header *headers;
    size_t nheaders;
    struct str body;            /* borrowed for the call; copied */
    uint32_t connect_timeout_ms; /* until the request can be sent, TLS included; 0 = 10 s */
    uint32_t first_byte_timeout_ms; /* until the first body byte; 0 = none */
    uint32_t timeout_ms;        /* whole exchange; 0 = 600 s */
    uint32_t idle_timeout_ms;   /* longest silence after the first body byte; 0 = 60 s */
    size_t max_reply_bytes;     /* 0 = MAX_HTTP_REPLY_BYTES */
};

/* Times in microseconds after the start of the request; 0 if not reached. */
struct http_timing {
    uint64_t sent_us;       /* connected, the request goes out */
    uint64_t first_byte_us; /* of the body */
    uint64_t total_us;
    bool reused_connection;
};

/* Borrowed until done() has returned. Any function but http_free() may be called from inside. */
struct http_handler {
    /* Status and headers are complete. http_header() works from here until done() returns. */
    void (*head)(void *ctx, struct http_req *r, int status);
    /* Body bytes in order, split anywhere. Return false to end the exchange (done() then comes with ERR_CANCELLED). */
    bool (*body)(void *ctx, struct http_req *r, struct str bytes);
    /* The last call. code 0: the body is whole as far as HTTP knows. Otherwise e says why in one sentence:
     * ERR_TIMEOUT, ERR_IO (no route, refused, TLS, reset, cut short), ERR_PROTO (no HTTP), ERR_TOO_BIG. */
    void (*done)(void *ctx, struct http_req *r, const struct err *e, const struct http_timing *t);
};

struct http *http_new(struct loop *l);
void http_free(struct http *h); /* cancels what is in flight without calling handlers; NULL is fine */

/* Loads libcurl and prepares TLS off the first request's path, some 5 ms. Cheap when done already, also in vain. */
int http_prepare(struct http *h, struct err *e);

/* Starts an exchange; NULL with e set if it cannot even start (ERR_INVALID: the spec; ERR_TOO_BIG: the request;
 * ERR_UNSUPPORTED: no libcurl). No handler is called before this returns. */
struct http_req *http_start(struct http *h, const struct http_spec *spec, const struct http_handler *handler, void *ctx,
                            struct err *e);
void http_cancel(struct http_req *r); /* no handler is called any more; r is gone. NULL is fine */
struct str http_header(const struct http_req *r, const char *name); /* case-insensitive; last one; STR_NULL */

/* "8.1.2 OpenSSL/3.0 nghttp2/1.52" or the reason why there is no libcurl; the client's. For doctor. */
const char *http_version(struct http *h);

#endif
