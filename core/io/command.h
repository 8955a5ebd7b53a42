/* SPDX-License-Identifier: MIT */
/* Runs one command and takes what it prints. Blocking, so for workers only; no shell, no terminal, a group of its own so
 * that the time limit ends its children too. */
#ifndef CORE_IO_COMMAND_H
#define CORE_IO_COMMAND_H

#include "core/base/err.h"
#include "core/base/str.h"
#include <stdatomic.h>

/* Cuts a line into words: blanks part them, quotes and backslashes as in a shell, nothing is expanded. One block for
 * free(), the list NULL-terminated; NULL with e set for an open quote or no word at all. */
char **command_words(const char *line, struct err *e);

/* Output into `out`, up to its maximum. It fails with the first line of the command's own complaint where that ends with
 * another status than 0. `stop` may be set from elsewhere; then it fails with ERR_CANCELLED. */
int command_run(const char *line, int timeout_ms, const atomic_bool *stop, struct buf *out, struct err *e);

#endif
