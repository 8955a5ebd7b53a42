/* SPDX-License-Identifier: MIT */
/* A small editor's end of the wire: starts a server, sends messages, waits for answers with an end to every wait.
 * Knows JSON-RPC and as much of LSP as a server may ask of a client; knows no screen. */
#ifndef TESTS_DEMO_CLIENT_H
#define TESTS_DEMO_CLIENT_H

#include "core/base/json.h"
#include <sys/types.h>

struct client;

/* argv[0] is the program's path. */
struct client *client_start(const char *const argv[], struct err *e);
void client_stop(struct client *c, bool *ret_clean); /* shutdown, exit, wait; ret_clean: it left with status 0 */
pid_t client_pid(const struct client *c);

/* Both take params (NULL: none). The result is a new reference; NULL with the server's own sentence in e. */
json_t *client_call(struct client *c, const char *method, json_t *params_take, struct err *e);
int client_notify(struct client *c, const char *method, json_t *params_take, struct err *e);

/* The last edit that the server asked to be applied (workspace/applyEdit), a new reference, or NULL. */
json_t *client_take_edit(struct client *c);

/* The last sentence that the server wanted to be shown (window/showMessage), or "". */
const char *client_message(const struct client *c);

/* Runs a program to its end; its standard output is appended to out. Returns the exit status, or a negative code. */
int run_program(const char *const argv[], struct buf *out, struct err *e);

#endif
