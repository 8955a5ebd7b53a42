/* SPDX-License-Identifier: MIT */
/* The HTTP client: exchanges on libcurl's multi interface, which the loop drives through its socket and timer callbacks.
 * It knows no provider and no JSON. Surprising: libcurl refuses to be called from its own callbacks, so what a head or
 * body handler starts or cancels is put on a list and done as soon as libcurl has returned.
 *
 * Cancelling one HTTP/2 stream must not cost the connection, which the next completion needs. Some versions of libcurl put
 * the reset into a buffer that nothing empties, so there a cancelled stream lingers, swallowing what comes, until a new
 * request to the same peer takes the reset along, or until LINGER_MS have passed and the connection is closed after all.
 *
 * Invariant: handlers run only while the exchange is on the live list; `is_over` is set when it leaves.
 * Invariant: no exchange goes into libcurl or out of it between enter() and leave(). */
#include "core/io/http_priv.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
    IDLE_CONNECTIONS = 16,
    IDLE_CONNECTION_S = 300,
    CONNECT_TIMEOUT_MS = 10 * 1000,
    TIMEOUT_MS = 600 * 1000,
    IDLE_TIMEOUT_MS = 60 * 1000,
    LINGER_MS = 250,
};

static void settle(struct http *h);

static void enter(struct http *h)
{
    assert(h->depth == 0);
    h->depth++;
}

static void leave(struct http *h)
{
    h->depth--;
    settle(h);
}

/* ---- the life of an exchange ---- */

static void unlink_live(struct http_req *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        r->http->live = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->is_over = true;
}

/* An unfinished exchange loses its connection or stream here, at once. */
static void detach(struct http_req *r)
{
    if (r->is_added)
        (void)r->http->curl.multi_remove_handle(r->http->multi, r->easy);
    r->is_added = false;
}

static bool peer_spoke_h2(const struct http_req *r)
{
    uint64_t peer = hash_bytes(0, r->peer, strlen(r->peer));
    size_t i;

    for (i = 0; i < H2_PEERS; i++)
        if (r->http->h2_peers[i] == peer)
            return true;
    return false;
}

static void remember_peer(const struct http_req *r)
{
    if (!r->is_h2 || peer_spoke_h2(r))
        return;
    r->http->h2_peers[r->http->next_h2_peer] = hash_bytes(0, r->peer, strlen(r->peer));
    r->http->next_h2_peer = (r->http->next_h2_peer + 1) % H2_PEERS;
}

static void free_req(struct http_req *r)
{
    struct http *h = r->http;

    remember_peer(r);
    loop_timer_free(r->timer);
    h->curl.easy_setopt(r->easy, CURLOPT_ERRORBUFFER, NULL);
    if (h->nspare < SPARE_HANDLES && !r->has_failed)
        h->spare[h->nspare++] = r->easy;
    else
        h->curl.easy_cleanup(r->easy);
    buf_fini(&r->head);
    http_text_free(r->text);
    free(r);
}

/* Tells the owner how it ended. Not from inside libcurl. */
static void finish(struct http_req *r, const struct err *e)
{
    struct http_timing t = { .total_us = clock_us() - r->start_us };
    long connects = 1;

    unlink_live(r);
    if (r->sent_us && r->http->curl.easy_getinfo(r->easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK)
        t.reused_connection = connects == 0;
    detach(r);
    t.sent_us = r->sent_us ? r->sent_us - r->start_us : 0;
    t.first_byte_us = r->first_byte_us ? r->first_byte_us - r->start_us : 0;
    r->handler->done(r->ctx, r, e, &t);
    free_req(r);
}

static void finish_result(struct http_req *r, CURLcode code)
{
    struct err e = r->err;
    struct curl_failure f = { .code = code,
                              .peer = r->peer,
                              .detail = r->detail,
                              .was_sent = r->sent_us != 0,
                              .connect_timeout_ms = r->connect_timeout_ms };
    long os_errno = 0;

    r->has_failed = code != CURLE_OK;
    if (!e.code && code != CURLE_OK) {
        (void)r->http->curl.easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os_errno);
        f.os_errno = (int)os_errno;
        curl_explain(&r->http->curl, &f, &e);
    } else if (!e.code && !r->has_head) {
        err_set(&e, ERR_PROTO, "%s sent no answer", r->peer);
    }
    finish(r, &e);
}

/* ---- cancelled streams ---- */

static bool is_alone(const struct http_req *r)
{
    const struct http_req *other;

    for (other = r->http->live; other; other = other->next)
        if (other != r && strcmp(other->peer, r->peer) == 0)
            return false;
    return true;
}

/* Takes what nobody waits for out of libcurl. Other streams of its connection send the reset with their next bytes. */
static void drop(struct http_req *r)
{
    struct http *h = r->http;

    if (h->curl.holds_resets && (r->is_h2 || (!r->has_head && peer_spoke_h2(r))) && r->sent_us && is_alone(r)) {
        r->is_lingering = true;
        r->next_todo = h->lingering;
        h->lingering = r;
        loop_timer_start(r->timer, LINGER_MS);
        return;
    }
    http_req_forbid_reuse(r);
    detach(r);
    free_req(r);
}

static void stop_lingering(struct http_req *r)
{
    struct http_req **link = &r->http->lingering;

    while (*link != r)
        link = &(*link)->next_todo;
    *link = r->next_todo;
    detach(r);
    free_req(r);
}

static void release_lingering(struct http *h, const char *peer)
{
    struct http_req *r, *next;

    for (r = h->lingering; r; r = next) {
        next = r->next_todo;
        if (strcmp(r->peer, peer) == 0)
            stop_lingering(r);
    }
}

static void on_timeout(void *ctx)
{
    struct http_req *r = ctx;
    struct err e = { 0 };

    if (r->is_lingering) {
        http_req_forbid_reuse(r);
        stop_lingering(r);
    } else if (http_req_is_late(r, &e)) {
        http_req_forbid_reuse(r);
        finish(r, &e);
    } else {
        http_req_arm(r);
    }
}

/* ---- in and out of libcurl ---- */

static bool give_to_curl(struct http_req *r, struct err *e)
{
    CURLMcode code;

    release_lingering(r->http, r->peer); /* first, so that this request finds the connection and takes the reset along */
    code = r->http->curl.multi_add_handle(r->http->multi, r->easy);
    r->is_added = code == CURLM_OK;
    if (!r->is_added)
        err_set(e, ERR_IO, "cannot start a request to %s: %s", r->peer, r->http->curl.multi_strerror(code));
    return r->is_added;
}

static void settle_waiting(struct http *h)
{
    struct http_req *r = h->waiting;
    struct err e = { 0 };

    h->waiting = r->next_todo;
    if (r->is_over) /* cancelled meanwhile */
        free_req(r);
    else if (!give_to_curl(r, &e))
        finish(r, &e);
}

static void settle_cancelled(struct http *h)
{
    struct http_req *r = h->cancelled;

    h->cancelled = r->next_todo;
    drop(r);
}

/* Does what callbacks asked for and reports what has ended. Handlers called here may start, cancel and end anything. */
static void settle(struct http *h)
{
    struct http_req *r;
    CURLMsg *msg;
    int left;

    for (;;) {
        if (h->cancelled) {
            settle_cancelled(h);
        } else if (h->waiting) {
            settle_waiting(h);
        } else if ((msg = h->curl.multi_info_read(h->multi, &left))) {
            r = NULL;
            (void)h->curl.easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&r);
            if (r->is_lingering)
                stop_lingering(r);
            else
                finish_result(r, msg->data.result);
        } else {
            break;
        }
    }
}

/* ---- libcurl on the loop ---- */

static void on_socket(void *ctx, int fd, unsigned events)
{
    struct http *h = ctx;
    int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    int running;

    enter(h);
    (void)h->curl.multi_socket_action(h->multi, fd, mask, &running); /* 0: it looks itself */
    leave(h);
}

static void on_timer(void *ctx)
{
    struct http *h = ctx;
    long left_ms = -1;
    int running;

    enter(h);
    (void)h->curl.multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    leave(h);
    /* libcurl does not repeat itself about a deadline that has not changed, and by its own clock it may still lie ahead. */
    if (!loop_timer_active(h->timer) && h->curl.multi_timeout(h->multi, &left_ms) == CURLM_OK && left_ms >= 0)
        loop_timer_start(h->timer, (uint64_t)left_ms);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct http *h = ctx;

    (void)multi;
    if (timeout_ms < 0)
        loop_timer_stop(h->timer);
    else
        loop_timer_start(h->timer, (uint64_t)timeout_ms);
    return 0;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket)
{
    unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);
    struct loop_fd *watch = socket;
    struct http *h = ctx;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop_fd_remove(watch);
        (void)h->curl.multi_assign(h->multi, fd, NULL);
    } else if (watch) {
        loop_fd_set(watch, events);
    } else {
        watch = loop_fd_add(h->loop, fd, events, on_socket, h, NULL); /* if not, the exchange times out */
        (void)h->curl.multi_assign(h->multi, fd, watch);
    }
    return 0;
}

/* ---- handles ---- */

static CURL *new_handle(struct http *h)
{
    const struct curl_api *c = &h->curl;
    CURL *easy = c->easy_init();

    if (!easy)
        return NULL;
    c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    c->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    c->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    c->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    c->easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    c->easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    c->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    c->easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    /* Without it, cancelling during a name lookup waits until the resolver's thread gives up. */
    c->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    http_req_answer_on(c, easy);
    curl_set_trust(c, easy);
    return easy;
}

static void set_request(struct http_req *r)
{
    const struct curl_api *c = &r->http->curl;
    const struct http_text *t = r->text;
    CURL *easy = r->easy;

    c->easy_setopt(easy, CURLOPT_PRIVATE, r);
    c->easy_setopt(easy, CURLOPT_HEADERDATA, r);
    c->easy_setopt(easy, CURLOPT_WRITEDATA, r);
    c->easy_setopt(easy, CURLOPT_PREREQDATA, r);
    c->easy_setopt(easy, CURLOPT_ERRORBUFFER, r->detail);
    c->easy_setopt(easy, CURLOPT_URL, t->url);
    c->easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    /* A handle may have served another method before. The body comes first, because giving one means POST. */
    c->easy_setopt(easy, CURLOPT_POSTFIELDS, t->is_post ? t->body : NULL);
    c->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, t->is_post ? (curl_off_t)t->body_bytes : (curl_off_t)-1);
    c->easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (t->is_head)
        c->easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (t->is_post)
        c->easy_setopt(easy, CURLOPT_POST, 1L);
    c->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
    c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout_ms);
    c->easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
}

/* ---- the client ---- */

struct http *http_new(struct loop *l)
{
    struct http *h = mem_zalloc(sizeof *h);

    h->loop = l;
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    assert(h->depth == 0);
    while (h->live)
        http_cancel(h->live);
    while (h->lingering)
        stop_lingering(h->lingering);
    while (h->nspare)
        h->curl.easy_cleanup(h->spare[--h->nspare]);
    if (h->multi)
        (void)h->curl.multi_cleanup(h->multi);
    loop_timer_free(h->timer);
    if (h->is_loaded)
        h->curl.global_cleanup();
    free(h);
}

static int load(struct http *h, struct err *e)
{
    if (h->is_loaded)
        return 0;
    if (!h->no_curl.code && curl_load(&h->curl, curl_library_names, &h->no_curl) == 0)
        h->is_loaded = true;
    return h->is_loaded ? 0 : err_set(e, h->no_curl.code, "%s", h->no_curl.text);
}

int http_prepare(struct http *h, struct err *e)
{
    CURL *first;

    if (h->multi)
        return 0;
    if (load(h, e) < 0)
        return h->no_curl.code;
    h->multi = h->curl.multi_init();
    first = h->multi ? new_handle(h) : NULL;
    if (!first) {
        if (h->multi)
            (void)h->curl.multi_cleanup(h->multi);
        h->multi = NULL;
        return err_set(e, ERR_IO, "libcurl has no memory");
    }
    h->spare[h->nspare++] = first;
    h->timer = loop_timer_new(h->loop, on_timer, h);
    h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    h->curl.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    h->curl.multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t dflt)
{
    return value ? value : dflt;
}

struct http_req *http_start(struct http *h, const struct http_spec *spec, const struct http_handler *handler, void *ctx,
                            struct err *e)
{
    char peer[HTTP_PEER_BYTES];
    struct http_req *r;
    CURL *easy;

    if (http_check(spec, peer, e) < 0 || http_prepare(h, e) < 0)
        return NULL;
    easy = h->nspare ? h->spare[--h->nspare] : new_handle(h);
    if (!easy) {
        err_set(e, ERR_IO, "libcurl has no memory");
        return NULL;
    }
    r = mem_zalloc(sizeof *r);
    r->http = h;
    r->handler = handler;
    r->ctx = ctx;
    r->easy = easy;
    r->start_us = clock_us();
    r->text = http_text_new(spec);
    buf_init(&r->head, MAX_HTTP_HEADER_BYTES);
    memcpy(r->peer, peer, sizeof peer);
    r->max_reply_bytes = spec->max_reply_bytes ? spec->max_reply_bytes : MAX_HTTP_REPLY_BYTES;
    r->connect_timeout_ms = or_default(spec->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    r->first_byte_timeout_ms = spec->first_byte_timeout_ms;
    r->timeout_ms = or_default(spec->timeout_ms, TIMEOUT_MS);
    r->idle_timeout_ms = or_default(spec->idle_timeout_ms, IDLE_TIMEOUT_MS);
    r->timer = loop_timer_new(h->loop, on_timeout, r);
    set_request(r);
    r->next = h->live;
    if (r->next)
        r->next->prev = r;
    h->live = r;
    if (h->depth) {
        r->next_todo = h->waiting;
        h->waiting = r;
    } else if (!give_to_curl(r, e)) {
        unlink_live(r);
        free_req(r);
        return NULL;
    }
    http_req_arm(r);
    return r;
}

void http_cancel(struct http_req *r)
{
    struct http *h;

    if (!r || r->is_over) /* its done() is running */
        return;
    h = r->http;
    unlink_live(r);
    if (!r->is_added)
        return; /* on the waiting list, which frees it */
    if (h->depth) {
        r->next_todo = h->cancelled;
        h->cancelled = r;
        return;
    }
    drop(r);
}

const char *http_version(struct http *h)
{
    return load(h, NULL) == 0 ? h->curl.version : h->no_curl.text;
}
