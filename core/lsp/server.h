/* SPDX-License-Identifier: MIT */
/* The LSP front: one client on two descriptors drives one session.
 *
 * Everything that is LSP or JSON-RPC in this program is below this header; nothing of it leaks into the engine. The
 * descriptors must not be 0 and 1: whoever starts the server moves the wire away from them first, so that a library
 * that prints cannot corrupt it. */
#ifndef CORE_LSP_SERVER_H
#define CORE_LSP_SERVER_H

#include "core/engine/session.h"

/* Serves until the client says exit, closes its end, or its process ends; or until SIGTERM, SIGINT or SIGHUP. Returns
 * the exit status: 0, or 1 for an exit without a shutdown before it; negative with e set if the connection failed. */
int server_run(struct loop *l, struct session *s, int in_fd, int out_fd, struct err *e);

#endif
