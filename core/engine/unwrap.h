/* SPDX-License-Identifier: MIT */
/* Takes off what a service wraps around an answer: special tokens, thinking, fences, an echo of the line.
 *
 * A mark that the document itself shows is text here: whoever writes Markdown gets fences, and whoever writes a prompt
 * template gets its tokens. Works on pieces of a stream as well as on the whole. Pure. */
#ifndef CORE_ENGINE_UNWRAP_H
#define CORE_ENGINE_UNWRAP_H

#include "core/engine/context.h"

/* A part of `s`; nothing while the wrapping is all that has come so far. *ret_closed: a mark has ended the answer, and
 * whatever follows would not count. */
struct str unwrap(struct str s, const struct context *c, bool *ret_closed);

#endif
