/* SPDX-License-Identifier: MIT */
/* A request before it is one of libcurl's: checked byte by byte, since parts of it come from plugins and configuration,
 * and copied into one block. Knows no connection. Surprising: sentences name a header but never its value, and of a URL
 * only host and port. */
#include "core/io/http_priv.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Ours on every request. An empty value takes out what libcurl would add by itself. */
static const char *const own_headers[] = { "Accept-Encoding: identity", "Expect:" };
static const char no_content_type[] = "Content-Type:";

static bool is_name(struct str s, const char *name)
{
    return s.n == strlen(name) && strncasecmp(s.p, name, s.n) == 0;
}

static bool is_token(struct str s)
{
    size_t i;

    for (i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.n > 0;
}

static bool is_transports(struct str name)
{
    static const char *const names[] = { "content-length", "transfer-encoding", "connection",
                                         "keep-alive",     "expect",            "accept-encoding" };
    size_t i;

    for (i = 0; i < ARRAY_LEN(names); i++)
        if (is_name(name, names[i]))
            return true;
    return false;
}

static int check_headers(const struct http_spec *spec, struct err *e)
{
    size_t i, k;

    for (i = 0; i < spec->nheaders; i++) {
        const struct http_header *h = &spec->headers[i];

        if (!is_token(h->name) || h->name.n > 200)
            return err_set(e, ERR_INVALID, "header %zu of the request has a malformed name", i + 1);
        for (k = 0; k < h->value.n; k++)
            if ((unsigned char)h->value.p[k] < ' ' && h->value.p[k] != '\t')
                return err_set(e, ERR_INVALID, "header '" STR_FMT "' has a control character in its value", STR_ARG(h->name));
    }
    return 0;
}

/* host:port, the port as the scheme has it where the URL names none. */
static void write_peer(struct str host, const char *usual_port, char peer[HTTP_PEER_BYTES])
{
    size_t i = host.n;

    while (i > 0 && host.p[i - 1] >= '0' && host.p[i - 1] <= '9')
        i--;
    snprintf(peer, HTTP_PEER_BYTES, STR_FMT "%s", STR_ARG(host), i > 0 && host.p[i - 1] == ':' ? "" : usual_port);
}

static int check_url(struct str url, char peer[HTTP_PEER_BYTES], struct err *e)
{
    bool tls = url.n > 8 && strncasecmp(url.p, "https://", 8) == 0;
    struct str host;
    size_t i;

    for (i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7f)
            return err_set(e, ERR_INVALID, "the URL has a blank or a character outside ASCII");
    if (!tls && !(url.n > 7 && strncasecmp(url.p, "http://", 7) == 0))
        return err_set(e, ERR_INVALID, "the URL does not begin with http:// or https://");
    host = str_sub(url, tls ? 8 : 7, url.n);
    for (i = 0; i < host.n && !strchr("/?#", host.p[i]); i++)
        if (host.p[i] == '@')
            return err_set(e, ERR_INVALID, "the URL holds a user name or password");
    host.n = i;
    if (host.n == 0 || host.n > HTTP_PEER_BYTES - 8)
        return err_set(e, ERR_INVALID, "the URL has no usable host");
    write_peer(host, tls ? ":443" : ":80", peer);
    return 0;
}

int http_check(const struct http_spec *spec, char peer[HTTP_PEER_BYTES], struct err *e)
{
    int r = check_url(spec->url, peer, e);

    if (r < 0)
        return r;
    if (!is_token(spec->method) || spec->method.n > 20)
        return err_set(e, ERR_INVALID, "the request to %s has a malformed method", peer);
    if (spec->body.n > MAX_HTTP_REQUEST_BYTES)
        return err_set(e, ERR_TOO_BIG, "the request to %s has %zu bytes, at most %u are sent", peer, spec->body.n,
                       MAX_HTTP_REQUEST_BYTES);
    return check_headers(spec, e);
}

/* These write into a block that was measured before. */
static void put_bytes(char **at, struct str s)
{
    if (s.n)
        memcpy(*at, s.p, s.n);
    *at += s.n;
}

static char *put(char **at, struct str s)
{
    char *start = *at;

    put_bytes(at, s);
    *(*at)++ = '\0';
    return start;
}

static char *put_header(char **at, const struct http_header *h)
{
    char *start = *at;

    put_bytes(at, h->name);
    put_bytes(at, h->value.n ? STR(": ") : STR(";")); /* the latter is libcurl's way to send an empty one */
    put(at, h->value);
    return start;
}

struct http_text *http_text_new(const struct http_spec *spec)
{
    size_t extra = ARRAY_LEN(own_headers) + 1, n = 0, bytes = 0, i;
    bool has_type = false;
    struct http_text *t;
    struct curl_slist *nodes;
    char *at;

    for (i = 0; i < spec->nheaders; i++)
        bytes += spec->headers[i].name.n + spec->headers[i].value.n + 3;
    for (i = 0; i < ARRAY_LEN(own_headers); i++)
        bytes += strlen(own_headers[i]) + 1;
    bytes += sizeof no_content_type + spec->url.n + 1 + spec->method.n + 1 + spec->body.n + 1;
    t = mem_alloc(sizeof *t + (spec->nheaders + extra) * sizeof *nodes + bytes);
    *t = (struct http_text) { .body_bytes = spec->body.n };
    nodes = (struct curl_slist *)(t + 1);
    at = (char *)(nodes + spec->nheaders + extra);

    for (i = 0; i < spec->nheaders; i++) {
        if (is_transports(spec->headers[i].name))
            continue;
        has_type |= is_name(spec->headers[i].name, "content-type");
        nodes[n++].data = put_header(&at, &spec->headers[i]);
    }
    for (i = 0; i < ARRAY_LEN(own_headers); i++)
        nodes[n++].data = put(&at, str_c(own_headers[i]));
    if (!has_type)
        nodes[n++].data = put(&at, str_c(no_content_type));
    for (i = 0; i < n; i++)
        nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
    t->headers = nodes;
    t->header_bytes = (size_t)(at - nodes[0].data);
    t->url = put(&at, spec->url);
    t->is_head = str_eqc(spec->method, "HEAD");
    t->is_post = str_eqc(spec->method, "POST") || spec->body.n;
    if (!t->is_head && !str_eqc(spec->method, t->is_post ? "POST" : "GET"))
        t->method = put(&at, spec->method);
    t->body = put(&at, spec->body);
    return t;
}

void http_text_free(struct http_text *t)
{
    if (!t)
        return;
    mem_wipe(t->headers->data, t->header_bytes);
    free(t);
}
