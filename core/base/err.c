/* SPDX-License-Identifier: MIT */
/* Error codes and sentences. Everything but the text comes from the rows of err.def; the table below is that file read a
 * second time, so a code without an exit status or an LSP code cannot exist. Knows no layer above and logs nothing.
 * Surprising: a sentence that is too long is cut at a character boundary, because it may end up in a JSON string. */
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    const char *name;
    int code, lsp_code, exit_status, may_try_other;
};

static const struct err_row err_rows[] = {
#define ERR(name, value, lsp, exit, other, word) { word, value, lsp, exit, other },
#include "core/base/err.def"
#undef ERR
};

static const struct err_row *err_row(int code)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(err_rows); i++)
        if (err_rows[i].code == code)
            return &err_rows[i];
    return NULL;
}

/* Formats behind the first `at` bytes of the text. */
static void __attribute__((format(printf, 3, 0))) err_vtext(struct err *e, size_t at, const char *fmt, va_list ap)
{
    size_t room = sizeof e->text - at;
    int n = vsnprintf(e->text + at, room, fmt, ap);

    if (n < 0)
        e->text[at] = '\0';
    else if ((size_t)n >= room)
        e->text[utf8_whole((struct str) { e->text, sizeof e->text - 1 })] = '\0';
}

static void __attribute__((format(printf, 3, 4))) err_text(struct err *e, size_t at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_vtext(e, at, fmt, ap);
    va_end(ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    assert(code < 0);
    if (!e || e->code)
        return code;
    e->code = code;
    va_start(ap, fmt);
    err_vtext(e, 0, fmt, ap);
    va_end(ap);
    return code;
}

int err_set_errno(struct err *e, int errnum, const char *fmt, ...)
{
    int code = errnum == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    char reason[96];
    va_list ap;

    if (!e || e->code)
        return code;
    e->code = code;
    va_start(ap, fmt);
    err_vtext(e, 0, fmt, ap);
    va_end(ap);
    /* The GNU variant: returns the text, which need not be in the buffer. */
    err_text(e, strlen(e->text), ": %s", strerror_r(errnum, reason, sizeof reason));
    return code;
}

void err_clear(struct err *e)
{
    if (e)
        *e = (struct err) { 0 };
}

const char *err_name(int code)
{
    const struct err_row *row = err_row(code);

    return row ? row->name : code == ERR_NONE ? "ok" : "unknown";
}

int err_lsp_code(int code)
{
    const struct err_row *row = err_row(code);

    return row ? row->lsp_code : -32603;
}

int err_exit_status(int code)
{
    const struct err_row *row = err_row(code);

    return row ? row->exit_status : code == ERR_NONE ? 0 : 70;
}

int err_may_try_other(int code)
{
    const struct err_row *row = err_row(code);

    return row ? row->may_try_other : 0;
}
