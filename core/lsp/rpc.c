/* SPDX-License-Identifier: MIT */
/* One JSON-RPC connection. Knows no method's name except to pass it on.
 *
 * Waiting requests live in slots with a serial number, so that a `struct reply` can be copied freely and a used one is
 * recognised. Surprising: output is written at once, in the caller's stack, and only what the client does not take goes
 * through the loop; a reply therefore costs one system call and no wake-up. */
#include "core/lsp/rpc.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/io/frame.h"
#include "core/lsp/parse.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "rpc"

enum {
    READ_BYTES = 64 << 10,
    KEEP_BYTES = 256 << 10, /* buffers above this size are given back when they are empty */
    MAX_ID_BYTES = 1 << 10,
    MAX_CALLS = 256 /* our own unanswered requests; the oldest is given up */
};
/* Input is not read while more than this waits to be written: back-pressure instead of growth. */
#define HIGH_WATER_BYTES (MAX_OUTPUT_BYTES / 8)

struct waiting {
    char *id; /* JSON text; NULL in a free slot */
    uint64_t task;
    uint32_t serial;
};

struct call {
    long long id;
    rpc_response_fn fn;
    void *ctx;
};

struct rpc {
    struct loop *loop;
    const struct rpc_handler *handler;
    void *ctx;
    struct frame frame;
    int in_fd, out_fd;
    struct loop_fd *in_watch, *out_watch;
    int out_flags; /* to restore, or -1 */
    bool out_socket, out_dead;
    bool stopped, ended, paused;
    struct buf out, scratch;
    size_t out_done; /* bytes at the front of `out` that are written */
    struct waiting *slots;
    size_t nslots, slots_cap, nwaiting;
    struct call *calls;
    size_t ncalls, calls_cap;
    long long next_id;
    char input[READ_BYTES];
};

static void rpc_end(struct rpc *r, const struct err *e)
{
    if (r->ended)
        return;
    r->ended = true;
    rpc_stop(r);
    r->handler->ended(r->ctx, e);
}

/* ---- output ---- */

static ssize_t write_some(struct rpc *r, const char *p, size_t n)
{
    ssize_t got;

    do {
        got = r->out_socket ? send(r->out_fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(r->out_fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static void on_writable(void *ctx, int fd, unsigned events);
static void resume_input(struct rpc *r);

static void rpc_watch_output(struct rpc *r)
{
    struct err e = { 0 };

    if (r->out_watch)
        return;
    r->out_watch = loop_fd_add(r->loop, r->out_fd, LOOP_WRITE, on_writable, r, &e);
    if (!r->out_watch) {
        r->out_dead = true;
        rpc_end(r, &e);
    }
}

static void rpc_flush(struct rpc *r)
{
    while (!r->out_dead && r->out_done < r->out.n) {
        ssize_t got = write_some(r, r->out.p + r->out_done, r->out.n - r->out_done);

        if (got >= 0) {
            r->out_done += (size_t)got;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            rpc_watch_output(r);
            break;
        } else {
            struct err e = { 0 };

            r->out_dead = true;
            /* EPIPE is the ordinary end of an editor, not a failure. */
            if (errno != EPIPE && errno != ECONNRESET)
                err_set_errno(&e, errno, "cannot write to the client");
            rpc_end(r, &e);
        }
    }
    if (r->out_dead || r->out_done == r->out.n) {
        if (r->out.cap > KEEP_BYTES)
            buf_fini(&r->out);
        buf_reset(&r->out);
        r->out_done = 0;
        loop_fd_remove(r->out_watch);
        r->out_watch = NULL;
    } else if (r->out_done > r->out.n / 2) {
        buf_consume(&r->out, r->out_done);
        r->out_done = 0;
    }
    if (r->paused && r->out.n - r->out_done < HIGH_WATER_BYTES / 2)
        resume_input(r);
}

static void on_writable(void *ctx, int fd, unsigned events)
{
    struct rpc *r = ctx;

    (void)fd;
    (void)events; /* a hang-up shows as EPIPE in write() */
    rpc_flush(r);
}

static void rpc_send(struct rpc *r, struct str body)
{
    if (r->out_dead)
        return;
    if (!frame_write(&r->out, body)) {
        struct err e = { 0 };

        err_set(&e, ERR_TOO_BIG, "the client left over %u bytes unread", MAX_OUTPUT_BYTES);
        r->out_dead = true;
        rpc_end(r, &e);
        return;
    }
    if (!r->out_watch)
        rpc_flush(r);
}

static void rpc_reset_scratch(struct rpc *r)
{
    if (r->scratch.cap > KEEP_BYTES)
        buf_fini(&r->scratch);
    buf_reset(&r->scratch);
}

/* Sends what was written to the scratch buffer. */
static void rpc_send_scratch(struct rpc *r)
{
    if (!BUG_ON(r->scratch.overflow))
        rpc_send(r, buf_str(&r->scratch));
    rpc_reset_scratch(r);
}

static void rpc_send_error(struct rpc *r, const char *id_json, int code, struct str text)
{
    buf_addf(&r->scratch, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":", id_json, code);
    json_quote(text, &r->scratch);
    buf_adds(&r->scratch, "}}");
    rpc_send_scratch(r);
}

void rpc_notify(struct rpc *r, const char *method, struct str params_json)
{
    buf_adds(&r->scratch, "{\"jsonrpc\":\"2.0\",\"method\":");
    json_quote(str_c(method), &r->scratch);
    buf_adds(&r->scratch, ",\"params\":");
    buf_addstr(&r->scratch, params_json);
    buf_addc(&r->scratch, '}');
    rpc_send_scratch(r);
}

/* ---- our own requests ---- */

static void call_done(struct call c, const json_t *result, const struct err *e)
{
    if (c.fn)
        c.fn(c.ctx, result, e);
}

void rpc_call(struct rpc *r, const char *method, struct str params_json, rpc_response_fn fn, void *ctx)
{
    struct call c = { .id = ++r->next_id, .fn = fn, .ctx = ctx };

    if (r->ncalls >= MAX_CALLS) {
        struct call oldest = r->calls[0];
        struct err e = { 0 };

        memmove(r->calls, r->calls + 1, --r->ncalls * sizeof *r->calls);
        err_set(&e, ERR_CANCELLED, "the client never answered");
        call_done(oldest, NULL, &e);
    }
    MEM_GROW(r->calls, r->ncalls, r->calls_cap);
    r->calls[r->ncalls++] = c;
    buf_addf(&r->scratch, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":", c.id);
    json_quote(str_c(method), &r->scratch);
    buf_adds(&r->scratch, ",\"params\":");
    buf_addstr(&r->scratch, params_json);
    buf_addc(&r->scratch, '}');
    rpc_send_scratch(r);
}

static void on_response(struct rpc *r, const json_t *msg, const json_t *id)
{
    const json_t *error = json_object_get(msg, "error");
    struct err e = { 0 };

    for (size_t i = 0; i < r->ncalls; i++) {
        struct call c = r->calls[i];

        if (!json_is_integer(id) || json_integer_value(id) != c.id)
            continue;
        memmove(&r->calls[i], &r->calls[i + 1], (--r->ncalls - i) * sizeof c);
        if (json_is_object(error))
            err_set(&e, ERR_PROTO, "%s", json_get_cstr(error, "message", "the client refused"));
        call_done(c, e.code ? NULL : json_object_get(msg, "result"), &e);
        return;
    }
    log_debug("a response to nothing we asked");
}

/* ---- answers ---- */

static struct waiting *reply_slot(struct reply r)
{
    struct waiting *w = r.slot < r.rpc->nslots ? &r.rpc->slots[r.slot] : NULL;

    return w && w->id && w->serial == r.serial ? w : NULL;
}

static void slot_release(struct rpc *r, struct waiting *w)
{
    free(w->id);
    w->id = NULL;
    w->task = 0;
    r->nwaiting--;
}

void reply_result(struct reply r, struct str json)
{
    struct waiting *w = reply_slot(r);

    if (BUG_ON(!w))
        return;
    buf_adds(&r.rpc->scratch, "{\"jsonrpc\":\"2.0\",\"id\":");
    buf_adds(&r.rpc->scratch, w->id);
    buf_adds(&r.rpc->scratch, ",\"result\":");
    buf_addstr(&r.rpc->scratch, json);
    buf_addc(&r.rpc->scratch, '}');
    slot_release(r.rpc, w);
    rpc_send_scratch(r.rpc);
}

static void reply_with_error(struct reply r, int code, struct str text)
{
    struct waiting *w = reply_slot(r);
    AUTO_FREE char *id = NULL;

    if (BUG_ON(!w))
        return;
    id = w->id;
    w->id = NULL;
    slot_release(r.rpc, w);
    rpc_send_error(r.rpc, id, code, text);
}

void reply_error(struct reply r, int lsp_code, const char *fmt, ...)
{
    struct buf text;
    va_list ap;

    buf_init(&text, 4096);
    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    reply_with_error(r, lsp_code, buf_str(&text));
    buf_fini(&text);
}

void reply_fail(struct reply r, const struct err *e)
{
    reply_with_error(r, err_lsp_code(e->code), str_c(e->text));
}

void reply_wait(struct reply r, uint64_t task)
{
    struct waiting *w = reply_slot(r);

    if (!BUG_ON(!w || !task))
        w->task = task;
}

/* ---- ids ---- */

static bool id_is_valid(const json_t *id)
{
    return json_is_integer(id) || json_is_string(id);
}

static char *id_text(const json_t *id)
{
    struct buf b;

    buf_init(&b, MAX_MESSAGE_BYTES * 6ul);
    if (json_is_integer(id))
        buf_addf(&b, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else
        json_quote((struct str) { json_string_value(id), json_string_length(id) }, &b);
    return buf_take(&b);
}

static struct waiting *slot_of_id(const struct rpc *r, const char *id)
{
    size_t left = r->nwaiting;

    for (size_t i = 0; left > 0 && i < r->nslots; i++) {
        struct waiting *w = &r->slots[i];

        if (w->id && strcmp(w->id, id) == 0)
            return w;
        left -= w->id != NULL;
    }
    return NULL;
}

uint64_t rpc_task_of(const struct rpc *r, const json_t *id)
{
    AUTO_FREE char *text = id_is_valid(id) ? id_text(id) : NULL;
    const struct waiting *w = text ? slot_of_id(r, text) : NULL;

    return w ? w->task : 0;
}

uint64_t rpc_any_task(const struct rpc *r)
{
    for (size_t i = 0; r->nwaiting > 0 && i < r->nslots; i++) {
        if (r->slots[i].id && r->slots[i].task)
            return r->slots[i].task;
    }
    return 0;
}

bool rpc_is_full(const struct rpc *r)
{
    return r->nwaiting > MAX_PENDING_REQUESTS; /* the one being handled is counted */
}

static struct reply slot_take(struct rpc *r, char *id)
{
    size_t i = 0;

    while (i < r->nslots && r->slots[i].id)
        i++;
    if (i == r->nslots) {
        MEM_GROW(r->slots, r->nslots, r->slots_cap);
        r->slots[r->nslots++] = (struct waiting) { 0 };
    }
    r->slots[i].id = id;
    r->slots[i].task = 0;
    r->slots[i].serial++;
    r->nwaiting++;
    return (struct reply) { .rpc = r, .slot = (uint32_t)i, .serial = r->slots[i].serial };
}

/* ---- input ---- */

static void on_request(struct rpc *r, const json_t *id, const char *method, const json_t *params)
{
    char *text = id_text(id); /* the slot's, from slot_take() on */
    struct waiting *w;
    struct reply reply;

    if (strlen(text) > MAX_ID_BYTES) {
        rpc_send_error(r, text, RPC_INVALID_REQUEST, STR("the id is too long"));
        free(text);
    } else if (slot_of_id(r, text)) {
        rpc_send_error(r, text, RPC_INVALID_REQUEST, STR("a request with this id is still unanswered"));
        free(text);
    } else {
        reply = slot_take(r, text);
        r->handler->request(r->ctx, reply, method, params);
        w = reply_slot(reply);
        if (BUG_ON(w && !w->task))
            reply_error(reply, RPC_INTERNAL_ERROR, "'%s' was not answered; this is a bug in switchyard", method);
    }
}

static void on_object(struct rpc *r, const json_t *msg)
{
    const json_t *id = json_object_get(msg, "id"), *params = json_object_get(msg, "params");
    const json_t *name = json_object_get(msg, "method");
    const char *method = json_string_value(name);
    AUTO_FREE char *text = NULL;

    if (json_is_null(params))
        params = NULL;
    if (method && strlen(method) == json_string_length(name) && (!params || json_is_object(params) || json_is_array(params))) {
        if (!id)
            r->handler->notification(r->ctx, method, params);
        else if (id_is_valid(id))
            on_request(r, id, method, params);
        else
            rpc_send_error(r, "null", RPC_INVALID_REQUEST, STR("an id must be an integer or a string"));
        return;
    }
    if (!name && (json_object_get(msg, "result") || json_object_get(msg, "error"))) {
        on_response(r, msg, id);
        return;
    }
    text = id_is_valid(id) ? id_text(id) : mem_strdup("null");
    if (method)
        rpc_send_error(r, text, RPC_INVALID_PARAMS, STR("'params' must be an object or an array"));
    else
        rpc_send_error(r, text, RPC_INVALID_REQUEST, STR("the message is neither a request nor a response"));
}

static void on_message(void *ctx, struct str body)
{
    struct rpc *r = ctx;
    struct err e = { 0 };
    AUTO_JSON json_t *msg = NULL;

    if (r->stopped)
        return;
    if (r->handler->quick && r->handler->quick(r->ctx, body, &r->scratch)) {
        rpc_reset_scratch(r);
        return;
    }
    msg = parse_quickly(body, &r->scratch);
    rpc_reset_scratch(r);
    if (!msg)
        msg = json_parse(body, "message", &e);
    if (json_is_object(msg))
        on_object(r, msg);
    else if (!msg)
        rpc_send_error(r, "null", RPC_PARSE_ERROR, str_c(e.text));
    else if (json_is_array(msg))
        rpc_send_error(r, "null", RPC_INVALID_REQUEST, STR("batches are not part of LSP; send one message at a time"));
    else
        rpc_send_error(r, "null", RPC_INVALID_REQUEST, STR("a message must be an object"));
}

static void on_frame_error(void *ctx, const struct err *e)
{
    struct rpc *r = ctx;

    if (r->stopped)
        return;
    log_warn("%s", e->text);
    rpc_send_error(r, "null", e->code == ERR_TOO_BIG ? RPC_INVALID_REQUEST : RPC_PARSE_ERROR, str_c(e->text));
}

static const struct frame_handler frame_handler = { .message = on_message, .error = on_frame_error };

static void read_input(struct rpc *r)
{
    ssize_t got = read(r->in_fd, r->input, sizeof r->input);
    struct err e = { 0 };

    if (got > 0) {
        frame_feed(&r->frame, (struct str) { r->input, (size_t)got });
        if (!r->stopped && r->out.n - r->out_done > HIGH_WATER_BYTES) {
            r->paused = true;
            loop_fd_set(r->in_watch, 0);
        }
    } else if (got == 0) {
        if (!frame_is_idle(&r->frame))
            log_warn("the input ended inside a message");
        rpc_end(r, &e);
    } else if (errno != EAGAIN && errno != EINTR) {
        err_set_errno(&e, errno, "cannot read from the client");
        rpc_end(r, &e);
    }
}

static void on_readable(void *ctx, int fd, unsigned events)
{
    struct rpc *r = ctx;

    (void)fd;
    if (r->paused && (events & LOOP_HANGUP)) {
        /* Hang-ups cannot be masked; the rest of the input is read when there is room for its answers. */
        loop_fd_remove(r->in_watch);
        r->in_watch = NULL;
    } else if (!r->paused) {
        read_input(r);
    }
}

static int watch_input(struct rpc *r, struct err *e)
{
    r->in_watch = loop_fd_add(r->loop, r->in_fd, LOOP_READ, on_readable, r, e);
    return r->in_watch ? 0 : ERR_IO;
}

static void resume_input(struct rpc *r)
{
    struct err e = { 0 };

    r->paused = false;
    if (r->stopped)
        return;
    if (r->in_watch)
        loop_fd_set(r->in_watch, LOOP_READ);
    else if (watch_input(r, &e) < 0) /* it hung up while nobody was reading */
        rpc_end(r, &e);
}

void rpc_stop(struct rpc *r)
{
    r->stopped = true;
    loop_fd_remove(r->in_watch);
    r->in_watch = NULL;
}

struct rpc *rpc_new(struct loop *l, int in_fd, int out_fd, const struct rpc_handler *h, void *ctx, struct err *e)
{
    struct rpc *r = mem_zalloc(sizeof *r);
    struct stat st;

    r->loop = l;
    r->handler = h;
    r->ctx = ctx;
    r->in_fd = in_fd;
    r->out_fd = out_fd;
    r->out_flags = -1;
    frame_init(&r->frame, MAX_MESSAGE_BYTES, &frame_handler, r);
    buf_init(&r->out, MAX_OUTPUT_BYTES);
    buf_init(&r->scratch, MAX_OUTPUT_BYTES);
    r->out_socket = fstat(out_fd, &st) == 0 && S_ISSOCK(st.st_mode);
    if (!r->out_socket) {
        r->out_flags = fcntl(out_fd, F_GETFL);
        if (r->out_flags < 0 || fcntl(out_fd, F_SETFL, r->out_flags | O_NONBLOCK) < 0) {
            err_set_errno(e, errno, "cannot use the output");
            rpc_free(r, 0);
            return NULL;
        }
    }
    if (watch_input(r, e) < 0) {
        rpc_free(r, 0);
        return NULL;
    }
    return r;
}

static void flush_last(struct rpc *r, int flush_ms)
{
    struct pollfd p = { .fd = r->out_fd, .events = POLLOUT };

    r->paused = false;
    rpc_flush(r);
    for (int rounds = 0; rounds < 1000 && r->out.n > 0 && !r->out_dead; rounds++) {
        if (poll(&p, 1, flush_ms) <= 0)
            return;
        rpc_flush(r);
    }
}

void rpc_free(struct rpc *r, int flush_ms)
{
    struct err e = { 0 };

    if (!r)
        return;
    r->ended = true; /* from here on a broken pipe concerns nobody */
    rpc_stop(r);
    for (size_t i = 0; i < r->nslots; i++) {
        if (BUG_ON(r->slots[i].id))
            reply_error((struct reply) { r, (uint32_t)i, r->slots[i].serial }, RPC_INTERNAL_ERROR, "the server is ending");
    }
    flush_last(r, flush_ms);
    loop_fd_remove(r->out_watch);
    err_set(&e, ERR_CANCELLED, "the server is ending");
    for (size_t i = 0; i < r->ncalls; i++)
        call_done(r->calls[i], NULL, &e);
    /* The description may be shared with a shell that does not expect it to be non-blocking. */
    if (r->out_flags >= 0)
        (void)fcntl(r->out_fd, F_SETFL, r->out_flags);
    frame_fini(&r->frame);
    buf_fini(&r->out);
    buf_fini(&r->scratch);
    free(r->slots);
    free(r->calls);
    free(r);
}
