/* SPDX-License-Identifier: MIT */
/* What the files of the HTTP client share: libcurl as a table of functions that is filled at run time (http_curl.c), a
 * request in the form libcurl wants it (http_spec.c), the answer (http_answer.c) and the exchanges (http.c). */
#ifndef CORE_IO_HTTP_PRIV_H
#define CORE_IO_HTTP_PRIV_H

#include "core/io/http.h"
#include <curl/curl.h>

/* libcurl's functions without their prefix; the types are those of its header. */
#define CURL_FUNCTIONS(X)                                                                                              \
    X(global_init)                                                                                                     \
    X(global_cleanup)                                                                                                  \
    X(version_info)                                                                                                    \
    X(easy_init)                                                                                                       \
    X(easy_setopt)                                                                                                     \
    X(easy_getinfo)                                                                                                    \
    X(easy_strerror)                                                                                                   \
    X(easy_cleanup)                                                                                                    \
    X(multi_init)                                                                                                      \
    X(multi_setopt)                                                                                                    \
    X(multi_add_handle)                                                                                                \
    X(multi_remove_handle)                                                                                             \
    X(multi_socket_action)                                                                                             \
    X(multi_timeout)                                                                                                   \
    X(multi_assign)                                                                                                    \
    X(multi_info_read)                                                                                                 \
    X(multi_strerror)                                                                                                  \
    X(multi_cleanup)

struct curl_api {
#define X(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(X)
#undef X
    char version[120];
    bool holds_resets; /* 7.88 to 8.14 keep the reset of an HTTP/2 stream until something else is sent */
};

extern const char *const curl_library_names[]; /* ends with NULL */

/* Opens the first library of the names that can be opened; it stays in memory for good. */
int curl_load(struct curl_api *c, const char *const names[], struct err *e);

/* Tells the handle which certificates to trust. */
void curl_set_trust(const struct curl_api *c, CURL *easy);

struct curl_failure {
    CURLcode code;
    const char *peer;   /* host:port */
    const char *detail; /* libcurl's own words or "" */
    int os_errno;
    bool was_sent;
    uint32_t connect_timeout_ms;
};
void curl_explain(const struct curl_api *c, const struct curl_failure *f, struct err *e);

/* "250 ms", "10 s" */
struct http_duration {
    char text[24];
};
struct http_duration http_duration(uint64_t ms);

enum { HTTP_PEER_BYTES = 272 };

/* One request copied into one block. */
struct http_text {
    struct curl_slist *headers;
    size_t header_bytes; /* their texts, one behind the other from the first one on */
    const char *url, *body;
    const char *method; /* NULL where libcurl has a way of its own */
    size_t body_bytes;
    bool is_head, is_post;
};
int http_check(const struct http_spec *spec, char peer[HTTP_PEER_BYTES], struct err *e);
struct http_text *http_text_new(const struct http_spec *spec); /* of a checked one */
void http_text_free(struct http_text *t);                      /* wipes the headers, which hold keys */

enum { SPARE_HANDLES = 4, H2_PEERS = 8 };

struct http {
    struct loop *loop;
    struct curl_api curl;
    struct err no_curl; /* why there is none, if one was looked for in vain */
    bool is_loaded;
    CURLM *multi;
    struct loop_timer *timer; /* libcurl's one timeout */
    int depth;                /* > 0: inside libcurl */
    CURL *spare[SPARE_HANDLES];
    size_t nspare;
    struct http_req *live;    /* handlers may still be called */
    /* By next_todo: to be taken out of libcurl, to be given to it, still in it only to be reset. */
    struct http_req *cancelled, *waiting, *lingering;
    uint64_t h2_peers[H2_PEERS]; /* hashes of those that last spoke HTTP/2 */
    size_t next_h2_peer;
};

struct http_req {
    struct http *http;
    struct http_req *prev, *next, *next_todo;
    const struct http_handler *handler;
    void *ctx;
    CURL *easy;
    bool is_over, is_added, is_lingering;
    bool has_failed; /* the handle remembers it, so it is not used again */
    struct http_text *text;
    struct buf head; /* lines "name: value\n" */
    bool has_head, is_h2;
    int status;
    size_t received, max_reply_bytes;
    uint64_t start_us, sent_us, first_byte_us, last_byte_us;
    uint32_t connect_timeout_ms, first_byte_timeout_ms, timeout_ms, idle_timeout_ms;
    struct loop_timer *timer; /* whichever limit is next; of a lingering one its end */
    struct err err; /* ours, found inside a callback; goes before libcurl's */
    char peer[HTTP_PEER_BYTES];
    char detail[CURL_ERROR_SIZE];
};

void http_req_answer_on(const struct curl_api *c, CURL *easy); /* sets the callbacks; their argument is the exchange */

/* When it ends early, its connection goes as well, unless other streams use it. Also from inside libcurl. */
void http_req_forbid_reuse(struct http_req *r);

/* The timer is not moved at every piece of the body; at its end one asks whether that was too early. */
void http_req_arm(struct http_req *r);
bool http_req_is_late(const struct http_req *r, struct err *e);

#endif
