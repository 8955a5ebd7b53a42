/* SPDX-License-Identifier: MIT */
/* Test documents as text with a block (U+2588) where the caret is. Header only; for one document at a time. */
#ifndef TESTS_LIB_CARET_H
#define TESTS_LIB_CARET_H

#include "core/base/mem.h"
#include "core/engine/context.h"

#include <stdio.h>
#include <string.h>

#define CARET "\xe2\x96\x88"

struct caret_doc {
    struct rope *rope;
    size_t caret;
    struct context context;
};

/* Without a block the caret is at the end. */
static inline void caret_init(struct caret_doc *d, struct str text, size_t prefix_bytes, size_t suffix_bytes)
{
    ptrdiff_t at = str_find(text, STR(CARET));
    struct buf b;

    buf_init(&b, text.n);
    d->caret = at < 0 ? text.n : (size_t)at;
    buf_add(&b, text.p, d->caret);
    if (at >= 0)
        buf_addstr(&b, str_sub(text, d->caret + sizeof CARET - 1, text.n));
    d->rope = rope_new(buf_str(&b));
    buf_fini(&b);
    context_init(&d->context, d->rope, d->caret, prefix_bytes, suffix_bytes);
}

static inline void caret_fini(struct caret_doc *d)
{
    context_fini(&d->context);
    rope_unref(d->rope);
}

#endif
