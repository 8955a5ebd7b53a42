/* SPDX-License-Identifier: MIT */
/* The answer of one exchange as libcurl hands it over: status, headers, body, each checked before the handler sees it, and
 * the limits on time. Knows no connection and no other exchange. Surprising: a cancelled exchange swallows what still comes
 * instead of stopping libcurl, so that there is one way only in which it ends. */
#include "core/io/http_priv.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <string.h>
#include <strings.h>

static int on_sending(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct http_req *r = ctx;

    (void)peer_ip;
    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    r->sent_us = clock_us();
    return CURL_PREREQFUNC_OK;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static int parse_status(struct str line)
{
    size_t i = 0;
    int status = 0;

    while (i < line.n && line.p[i] != ' ')
        i++;
    for (i++; i < line.n && line.p[i] >= '0' && line.p[i] <= '9' && status < 1000; i++)
        status = status * 10 + (line.p[i] - '0');
    return status;
}

void http_req_forbid_reuse(struct http_req *r)
{
    if (r->http->curl.holds_resets)
        r->http->curl.easy_setopt(r->easy, CURLOPT_FORBID_REUSE, 1L);
}

static bool accept_head(struct http_req *r)
{
    struct str length = http_header(r, "content-length"), encoding = http_header(r, "content-encoding");
    unsigned long long n;

    if (encoding.n && !(encoding.n == 8 && strncasecmp(encoding.p, "identity", 8) == 0)) {
        err_set(&r->err, ERR_PROTO, "%s sends content-encoding '" STR_FMT "', which was not asked for", r->peer,
                STR_ARG(str_sub(encoding, 0, 40)));
        return false;
    }
    if (!r->text->is_head && str_to_u64(length, &n) && n > r->max_reply_bytes) {
        err_set(&r->err, ERR_TOO_BIG, "the answer of %s has %llu bytes, at most %zu are taken", r->peer, n,
                r->max_reply_bytes);
        return false;
    }
    return true;
}

/* Called once a line; also for interim answers (1xx) and, after the body, for trailers. */
static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct http_req *r = ctx;
    struct str line = str_trim((struct str) { p, size * n });

    if (r->is_over || r->has_head)
        return size * n; /* cancelled: settle() ends it in a moment, so that one way of ending is enough */
    if (line.n >= 5 && strncasecmp(line.p, "HTTP/", 5) == 0) {
        r->is_h2 = line.n > 5 && line.p[5] == '2';
        r->status = parse_status(line);
        buf_reset(&r->head);
    } else if (line.n) {
        (void)buf_addstr(&r->head, line);
        if (!buf_addc(&r->head, '\n'))
            err_set(&r->err, ERR_TOO_BIG, "the answer of %s has more than %u bytes of headers", r->peer, MAX_HTTP_HEADER_BYTES);
    } else if (r->status >= 200 || r->status == 101) {
        r->has_head = true;
        if (accept_head(r))
            r->handler->head(r->ctx, r, r->status);
    }
    if (r->err.code)
        http_req_forbid_reuse(r);
    return r->err.code ? 0 : size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct http_req *r = ctx;

    n *= size;
    if (r->is_over)
        return n;
    r->last_byte_us = clock_us();
    if (!r->first_byte_us) {
        r->first_byte_us = r->last_byte_us;
        http_req_arm(r);
    }
    r->received += n;
    if (r->received > r->max_reply_bytes)
        err_set(&r->err, ERR_TOO_BIG, "the answer of %s has more than %zu bytes", r->peer, r->max_reply_bytes);
    else if (!r->handler->body(r->ctx, r, (struct str) { p, n }) && !r->is_over)
        err_set(&r->err, ERR_CANCELLED, "the answer of %s was not wanted any more", r->peer);
    if (r->err.code)
        http_req_forbid_reuse(r);
    return r->err.code ? 0 : n;
}

void http_req_answer_on(const struct curl_api *c, CURL *easy)
{
    c->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    c->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    c->easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_sending);
}

struct str http_header(const struct http_req *r, const char *name)
{
    struct str rest = buf_str(&r->head), line, found = STR_NULL;
    size_t n = strlen(name);

    while (rest.n) {
        line = str_line(&rest);
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            found = str_trim(str_sub(line, n + 1, line.n));
    }
    return found;
}

void http_req_arm(struct http_req *r)
{
    uint64_t now_us = clock_us(), at_us = r->start_us + r->timeout_ms * 1000ull;

    if (r->first_byte_us)
        at_us = MIN(at_us, r->last_byte_us + r->idle_timeout_ms * 1000ull);
    else if (r->first_byte_timeout_ms)
        at_us = MIN(at_us, r->start_us + r->first_byte_timeout_ms * 1000ull);
    loop_timer_start(r->timer, at_us > now_us ? (at_us - now_us + 999) / 1000 : 0);
}

bool http_req_is_late(const struct http_req *r, struct err *e)
{
    uint64_t now_us = clock_us();

    if (now_us - r->start_us >= r->timeout_ms * 1000ull)
        err_set(e, ERR_TIMEOUT, "no complete answer from %s within %s", r->peer, http_duration(r->timeout_ms).text);
    else if (r->first_byte_us && now_us - r->last_byte_us >= r->idle_timeout_ms * 1000ull)
        err_set(e, ERR_TIMEOUT, "%s fell silent for %s in the middle of its answer", r->peer,
                http_duration(r->idle_timeout_ms).text);
    else if (!r->first_byte_us && r->first_byte_timeout_ms && now_us - r->start_us >= r->first_byte_timeout_ms * 1000ull)
        err_set(e, ERR_TIMEOUT, "no answer from %s within %s", r->peer, http_duration(r->first_byte_timeout_ms).text);
    else
        return false;
    return true;
}
