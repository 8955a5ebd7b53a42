/* SPDX-License-Identifier: MIT */
/* From initialize to exit: capabilities, registrations, the parent process.
 * Knows what is offered, not how it is done. Surprising: what the client sent in initialize takes effect after the answer
 * to it, so that no message of ours comes before that answer. */
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/lsp/server_priv.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_MODULE "lsp"

static bool can(const json_t *capabilities, const char *path)
{
    return json_is_true(json_get(capabilities, path));
}

static struct client read_client(const json_t *capabilities)
{
    return (struct client) {
        .inline_completion = json_is_object(json_get(capabilities, "textDocument.inlineCompletion")),
        .inline_dynamic = can(capabilities, "textDocument.inlineCompletion.dynamicRegistration"),
        .configuration = can(capabilities, "workspace.configuration"),
        .configuration_dynamic = can(capabilities, "workspace.didChangeConfiguration.dynamicRegistration"),
        .apply_edit = can(capabilities, "workspace.applyEdit"),
        .document_changes = can(capabilities, "workspace.workspaceEdit.documentChanges"),
        .code_actions = json_is_object(json_get(capabilities, "textDocument.codeAction.codeActionLiteralSupport")),
        .details = can(capabilities, "experimental.switchyard.details"),
    };
}

static void write_capabilities(const struct server *s, struct buf *out)
{
    buf_addf(out,
             "{\"capabilities\":{\"positionEncoding\":\"%s\","
             "\"textDocumentSync\":{\"openClose\":true,\"change\":2}",
             encoding_name(s->enc));
    /* `true` and not `{}`, which some JSON readers cannot tell from null. */
    if (!s->client.inline_dynamic)
        buf_adds(out, ",\"inlineCompletionProvider\":true");
    if (!s->client.inline_completion)
        buf_adds(out, ",\"completionProvider\":{\"triggerCharacters\":[\".\",\":\",\">\",\"(\",\"=\"]}");
    buf_adds(out, s->client.code_actions ? ",\"codeActionProvider\":{\"codeActionKinds\":[\"refactor.rewrite\"]}"
                                         : ",\"codeActionProvider\":true");
    buf_adds(out, ",\"executeCommandProvider\":{\"commands\":");
    server_list_commands(out);
    buf_adds(out,
             "},\"workspace\":{\"workspaceFolders\":{\"supported\":true,\"changeNotifications\":true}},"
             "\"experimental\":{\"switchyard\":{\"details\":true,"
             "\"requests\":[\"switchyard/status\",\"switchyard/explain\"],"
             "\"notifications\":[\"textDocument/didFocus\",\"textDocument/didShowCompletion\","
             "\"textDocument/didPartiallyAcceptCompletion\",\"textDocument/didRejectCompletion\"]}}},"
             "\"serverInfo\":{\"name\":\"switchyard\",\"version\":\"" SWITCHYARD_VERSION "\"}}");
}

void handle_initialize(struct server *s, struct reply r, const json_t *params)
{
    const json_t *capabilities = json_object_get(params, "capabilities");
    const json_t *options = json_object_get(params, "initializationOptions");
    const json_t *own = json_object_get(options, "switchyard");

    if (s->state != SERVER_FRESH) {
        reply_error(r, RPC_INVALID_REQUEST, "'initialize' was already sent");
        return;
    }
    s->state = SERVER_READY;
    s->enc = read_encoding(capabilities);
    s->client = read_client(capabilities);
    buf_reset(&s->text);
    write_capabilities(s, &s->text);
    reply_result(r, buf_str(&s->text));
    lifecycle_watch_parent(s, json_get_int(params, "processId", 0));
    workspace_init(s, params);
    workspace_settings(s, json_is_object(own) ? own : options);
}

static void on_registered(void *ctx, const json_t *result, const struct err *e)
{
    (void)ctx;
    (void)result;
    if (e->code && e->code != ERR_CANCELLED)
        log_warn("the client refused a registration: %s", e->text);
}

static void register_dynamic(struct server *s)
{
    const char *comma = "";

    if (!s->client.inline_dynamic && !s->client.configuration_dynamic)
        return;
    buf_reset(&s->text);
    buf_adds(&s->text, "{\"registrations\":[");
    if (s->client.inline_dynamic) {
        buf_adds(&s->text, "{\"id\":\"switchyard.inlineCompletion\",\"method\":\"textDocument/inlineCompletion\","
                           "\"registerOptions\":{\"documentSelector\":null}}");
        comma = ",";
    }
    if (s->client.configuration_dynamic)
        buf_addf(&s->text, "%s{\"id\":\"switchyard.configuration\",\"method\":\"workspace/didChangeConfiguration\","
                           "\"registerOptions\":{\"section\":\"switchyard\"}}", comma);
    buf_adds(&s->text, "]}");
    rpc_call(s->rpc, "client/registerCapability", buf_str(&s->text), on_registered, s);
}

void handle_initialized(struct server *s, const json_t *params)
{
    const char *problem = session_problem(s->session);

    (void)params;
    register_dynamic(s);
    workspace_pull_settings(s);
    if (problem)
        server_show(s, MESSAGE_WARNING, problem);
}

void handle_shutdown(struct server *s, struct reply r, const json_t *params)
{
    (void)params;
    s->state = SERVER_SHUT;
    server_cancel_all(s);
    reply_result(r, STR("null"));
}

void handle_exit(struct server *s, const json_t *params)
{
    (void)params;
    server_stop(s, s->state == SERVER_SHUT ? 0 : 1);
}

void handle_cancel(struct server *s, const json_t *params)
{
    session_cancel(s->session, rpc_task_of(s->rpc, json_object_get(params, "id")));
}

static void on_parent_end(void *ctx, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    log_info("the editor's process has ended");
    server_stop(ctx, 0);
}

void lifecycle_watch_parent(struct server *s, long long pid)
{
    struct err e = { 0 };

    if (pid <= 0 || pid > INT32_MAX)
        return;
    s->parent_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (s->parent_fd < 0) {
        /* No such process: the editor is in another container. The end of the input will tell. */
        log_debug("cannot watch process %lld: errno %d", pid, errno);
        return;
    }
    s->parent_watch = loop_fd_add(s->loop, s->parent_fd, LOOP_READ, on_parent_end, s, &e);
    if (!s->parent_watch)
        log_debug("%s", e.text);
}

void lifecycle_fini(struct server *s)
{
    loop_fd_remove(s->parent_watch);
    s->parent_watch = NULL;
    if (s->parent_fd >= 0)
        close(s->parent_fd);
    s->parent_fd = -1;
}
