/* SPDX-License-Identifier: MIT */
/* Is it worth asking at this caret at all? Each "no" is a sentence that status can show.
 *
 * Asked by hand (invoked), only policy counts; the rest is for automatic requests. */
#ifndef CORE_ENGINE_GATE_H
#define CORE_ENGINE_GATE_H

#include "core/doc/lang.h"
#include "core/engine/context.h"

struct settings;

struct gate {
    const struct settings *settings;
    const char *uri;
    const struct lang *lang;
    enum lang_scope scope;       /* at the caret */
    const struct context *context;
    size_t document_bytes;
    bool invoked;
};

/* NULL = go on; else why not (static text). */
const char *gate_refuses(const struct gate *g);

/* Should an answer here be one line only? */
bool gate_single_line(const struct gate *g);

#endif
