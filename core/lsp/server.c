/* SPDX-License-Identifier: MIT */
/* The server's life from the first byte to the exit status, and the dispatch of messages to handlers by methods.def.
 * Knows the states of the protocol and no method's contents. */
#include "core/lsp/server.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/lsp/server_priv.h"

#include <signal.h>
#include <string.h>

#define LOG_MODULE "lsp"

enum {
    FLUSH_MS = 500,      /* for the client to read the last answers */
    REMARK_MS = 10 * 60 * 1000
};

enum when { READY, EVER };

static const struct {
    struct str name;
    request_fn fn;
    enum when when;
} requests[] = {
#define REQUEST(name, fn, when) { { name, sizeof name - 1 }, fn, when },
#define NOTIFICATION(name, fn, when)
#define COMMAND(name, fn)
#include "core/lsp/methods.def"
#undef REQUEST
#undef NOTIFICATION
};

static const struct {
    struct str name;
    notification_fn fn;
    enum when when;
} notifications[] = {
#define REQUEST(name, fn, when)
#define NOTIFICATION(name, fn, when) { { name, sizeof name - 1 }, fn, when },
#include "core/lsp/methods.def"
#undef NOTIFICATION
#undef COMMAND
};

static const struct {
    struct str name;
    command_fn fn;
} commands[] = {
#define NOTIFICATION(name, fn, when)
#define COMMAND(name, fn) { { name, sizeof name - 1 }, fn },
#include "core/lsp/methods.def"
#undef REQUEST
#undef NOTIFICATION
#undef COMMAND
};

/* ---- messages to the person ---- */

static bool was_said(struct server *s, const char *text)
{
    uint64_t hash = hash_bytes(0, text, strlen(text)), now_ms = clock_ms();

    for (size_t i = 0; i < REMARKS; i++) {
        if (s->remarks[i].hash == hash && s->remarks[i].until_ms > now_ms)
            return true;
    }
    s->remarks[s->next_remark].hash = hash;
    s->remarks[s->next_remark].until_ms = now_ms + REMARK_MS;
    s->next_remark = (s->next_remark + 1) % REMARKS;
    return false;
}

static void say(struct server *s, const char *method, enum message_type type, const char *text)
{
    AUTO_BUF struct buf b = { 0 };

    if (was_said(s, text))
        return;
    buf_init(&b, MAX_EXPLAIN_BYTES);
    buf_addf(&b, "{\"type\":%d,\"message\":", (int)type);
    json_quote(str_c(text), &b);
    buf_addc(&b, '}');
    rpc_notify(s->rpc, method, buf_str(&b));
}

void server_show(struct server *s, enum message_type type, const char *text)
{
    say(s, "window/showMessage", type, text);
}

void server_log(struct server *s, enum message_type type, const char *text)
{
    say(s, "window/logMessage", type, text);
}

/* ---- dispatch ---- */

static void on_request(void *ctx, struct reply r, const char *method, const json_t *params)
{
    struct server *s = ctx;
    struct str name = str_c(method);
    size_t i = 0;

    while (i < ARRAY_LEN(requests) && !str_eq(requests[i].name, name))
        i++;
    if (s->state == SERVER_SHUT)
        reply_error(r, RPC_INVALID_REQUEST, "the server was shut down");
    else if (s->state == SERVER_FRESH && (i == ARRAY_LEN(requests) || requests[i].when != EVER))
        reply_error(r, RPC_NOT_INITIALIZED, "the first request must be 'initialize'");
    else if (i == ARRAY_LEN(requests))
        reply_error(r, RPC_METHOD_NOT_FOUND, "there is no method '%.100s'", method);
    else
        requests[i].fn(s, r, params);
}

static void on_notification(void *ctx, const char *method, const json_t *params)
{
    struct server *s = ctx;
    struct str name = str_c(method);

    for (size_t i = 0; i < ARRAY_LEN(notifications); i++) {
        if (!str_eq(notifications[i].name, name))
            continue;
        if (notifications[i].when == EVER || s->state == SERVER_READY)
            notifications[i].fn(s, params);
        return;
    }
    log_debug("ignored notification '%.100s'", method);
}

static bool on_quick(void *ctx, struct str message, struct buf *scratch)
{
    struct server *s = ctx;

    return s->state == SERVER_READY && sync_quickly(s, message, scratch);
}

void handle_execute_command(struct server *s, struct reply r, const json_t *params)
{
    struct str name = json_get_str(params, "command");
    const json_t *arguments = json_object_get(params, "arguments");

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(commands[i].name, name)) {
            commands[i].fn(s, r, arguments);
            return;
        }
    }
    reply_error(r, RPC_INVALID_PARAMS, "there is no command '%.*s'", (int)MIN(name.n, (size_t)100), name.p ? name.p : "");
}

void server_list_commands(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        buf_addc(out, i ? ',' : '[');
        json_quote(commands[i].name, out);
    }
    buf_addc(out, ']');
}

/* ---- life ---- */

void server_stop(struct server *s, int status)
{
    s->status = status;
    rpc_stop(s->rpc);
    loop_stop(s->loop);
}

void server_cancel_all(struct server *s)
{
    uint64_t task;

    while ((task = rpc_any_task(s->rpc))) {
        session_cancel(s->session, task);
        if (BUG_ON(rpc_any_task(s->rpc) == task))
            return;
    }
}

static void on_ended(void *ctx, const struct err *e)
{
    struct server *s = ctx;

    s->failure = *e;
    s->status = 0;
    loop_stop(s->loop);
}

static void on_signal(void *ctx, int signo)
{
    (void)signo;
    server_stop(ctx, 0);
}

static const struct rpc_handler rpc_handler = {
    .request = on_request,
    .notification = on_notification,
    .ended = on_ended,
    .quick = on_quick,
};

int server_run(struct loop *l, struct session *session, int in_fd, int out_fd, struct err *e)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    struct server s = { .loop = l, .session = session, .enc = POS_UTF16, .parent_fd = -1 };
    int r = 0;

    s.rpc = rpc_new(l, in_fd, out_fd, &rpc_handler, &s, e);
    if (!s.rpc)
        return e->code;
    buf_init(&s.text, MAX_OUTPUT_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(signals) && r == 0; i++)
        r = loop_signal(l, signals[i], on_signal, &s, e);
    if (r == 0)
        r = loop_run(l, e);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        (void)loop_signal(l, signals[i], NULL, NULL, NULL);
    rpc_stop(s.rpc);
    server_cancel_all(&s);
    rpc_free(s.rpc, FLUSH_MS);
    lifecycle_fini(&s);
    workspace_fini(&s);
    buf_fini(&s.text);
    if (r == 0 && s.failure.code)
        r = err_set(e, s.failure.code, "%s", s.failure.text);
    return r < 0 ? r : s.status;
}
