/* SPDX-License-Identifier: MIT */
/* One way to fail: a negative code to branch on and one sentence to show.
 *
 * The caller owns a `struct err` on its stack, zero-initialised; NULL is allowed wherever one is taken. The first
 * err_set() wins, so a function may add nothing where its callee already said why. Sentences are lower case, name the
 * thing, and end without a period. Nothing here allocates or logs. Thread-safe: the state is the caller's. */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

enum err_code {
    ERR_NONE = 0,
#define ERR(name, value, lsp, exit, other, word) ERR_##name = value,
#include "core/base/err.def"
#undef ERR
};

struct err {
    int code;       /* 0 or an enum err_code */
    char text[240]; /* NUL-terminated UTF-8, cut at a character boundary */
};

/* Sets code and sentence unless one is set already. Returns `code` always, so `return err_set(e, …)` reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Like err_set with ": strerror(errnum)" appended; code ERR_NOT_FOUND for ENOENT, ERR_IO otherwise. */
int err_set_errno(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Forgets a failure that was dealt with. */
void err_clear(struct err *e);

const char *err_name(int code);       /* "timeout"; static */
int err_lsp_code(int code);           /* JSON-RPC / LSP error code */
int err_exit_status(int code);        /* for main() */
int err_may_try_other(int code);      /* may the router fall back to another target? */

#endif
