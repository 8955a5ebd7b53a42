/* SPDX-License-Identifier: MIT */
/* The server's state and what the method families share. One file per family holds the handlers that methods.def names.
 *
 * A request handler answers through its reply or hands it to a task; the connection checks that it did one of both. */
#ifndef CORE_LSP_SERVER_PRIV_H
#define CORE_LSP_SERVER_PRIV_H

#include "core/lsp/rpc.h"
#include "core/lsp/types.h"

enum { REMARKS = 8 };

enum server_state { SERVER_FRESH, SERVER_READY, SERVER_SHUT };
enum message_type { MESSAGE_ERROR = 1, MESSAGE_WARNING, MESSAGE_INFO, MESSAGE_LOG };

/* What the client can do, as it said in initialize. */
struct client {
    bool inline_completion, inline_dynamic;
    bool configuration, configuration_dynamic;
    bool apply_edit, document_changes;
    bool code_actions; /* as literals; else as commands */
    bool details;      /* wants to know why: experimental.switchyard.details */
};

struct server {
    struct loop *loop;
    struct session *session;
    struct rpc *rpc;
    enum server_state state;
    int status;          /* of the process, when the loop ends */
    struct err failure;  /* why the connection ended, if it was not the client's wish */
    enum pos_encoding enc;
    struct client client;
    struct buf text; /* the JSON being written; in use only within one handler */
    char **folders;  /* workspace folders as paths; the first is the workspace */
    size_t nfolders, folders_cap;
    int parent_fd; /* a pidfd, or -1 */
    struct loop_fd *parent_watch;
    struct {
        uint64_t hash, until_ms;
    } remarks[REMARKS]; /* what was said lately */
    unsigned next_remark;
};

typedef void (*request_fn)(struct server *s, struct reply r, const json_t *params);
typedef void (*notification_fn)(struct server *s, const json_t *params);
typedef void (*command_fn)(struct server *s, struct reply r, const json_t *arguments); /* an array, or NULL */

#define REQUEST(name, fn, when) void fn(struct server *s, struct reply r, const json_t *params);
#define NOTIFICATION(name, fn, when) void fn(struct server *s, const json_t *params);
#define COMMAND(name, fn) void fn(struct server *s, struct reply r, const json_t *arguments);
#include "core/lsp/methods.def"
#undef REQUEST
#undef NOTIFICATION
#undef COMMAND

void server_stop(struct server *s, int status);
void server_cancel_all(struct server *s);
void server_list_commands(struct buf *out); /* as a JSON array */

/* To the client's message area, or to its log. What was said within ten minutes is not repeated. */
void server_show(struct server *s, enum message_type type, const char *text);
void server_log(struct server *s, enum message_type type, const char *text);

/* lifecycle.c: ends the server when the process does. */
void lifecycle_watch_parent(struct server *s, long long pid);
void lifecycle_fini(struct server *s);

/* sync.c: takes the message if it is a key's didChange of the usual shape. */
bool sync_quickly(struct server *s, struct str message, struct buf *scratch);

/* workspace.c */
void workspace_init(struct server *s, const json_t *initialize_params);
void workspace_fini(struct server *s);
void workspace_settings(struct server *s, const json_t *settings);
void workspace_pull_settings(struct server *s);

#endif
