/* SPDX-License-Identifier: MIT */
/* What the files of the HTTP client share: libcurl as a table of functions that is filled at run time, and a request in
 * the form libcurl wants it. Only http*.c include this. */
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

/* One request copied into one block; freed with free(). */
struct http_text {
    struct curl_slist *headers;
    const char *url, *body;
    const char *method; /* NULL where libcurl has a way of its own */
    size_t body_bytes;
    bool is_head, is_post;
};
int http_check(const struct http_spec *spec, char peer[HTTP_PEER_BYTES], struct err *e);
struct http_text *http_text_new(const struct http_spec *spec); /* of a checked one */

#endif
