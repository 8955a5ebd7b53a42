/* SPDX-License-Identifier: MIT */
/* From what a model said to what may stand in the file: the order of steps is fixed and each only takes away.
 *
 * Model output is untrusted text: control characters and bidirectional overrides never get through. Pure. */
#ifndef CORE_ENGINE_POST_H
#define CORE_ENGINE_POST_H

#include "core/engine/context.h"

struct lang;

struct post {
    const struct context *context;
    const struct lang *lang; /* NULL: unknown */
    bool single_line;
    bool from_service;     /* may echo, fence, leak special tokens; the embedded model does not */
};

/* Appends the text to insert to `out`. *ret_over is the number of bytes behind the caret that it replaces (closers that
 * the text brings itself). Returns NULL, or why nothing is left (static; out is empty then). */
const char *post_process(const struct post *p, struct str raw, struct buf *out, size_t *ret_over);

/* While text streams in: is enough there already, so that the rest need not be paid for? */
bool post_has_enough(const struct post *p, struct str so_far);

#endif
