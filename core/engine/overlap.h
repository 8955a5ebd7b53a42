/* SPDX-License-Identifier: MIT */
/* What a suggestion says that stands behind the caret already: lines below, and closers on the caret's own line.
 *
 * A closer counts as a repetition only if the suggestion did not open it itself, and a line only if it is indented like
 * the one below: the end of the suggestion's own block is no repetition of the outer block's end. Pure. */
#ifndef CORE_ENGINE_OVERLAP_H
#define CORE_ENGINE_OVERLAP_H

#include "core/engine/context.h"

struct lang;

/* s up to where it reaches the line that stands below. l may be NULL, here and below. */
struct str overlap_below(struct str s, const struct context *c, const struct lang *l);

/* s without what repeats the caret's line behind the caret, or whole and *ret_over bytes of that line to replace. */
struct str overlap_tail(struct str s, const struct context *c, const struct lang *l, size_t *ret_over);

/* The first line below the caret's that is not blank, without its line end; empty if there is none. */
struct str overlap_next_line(const struct context *c);

#endif
