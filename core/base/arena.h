/* SPDX-License-Identifier: MIT */
/* Memory with the lifetime of one request: many small allocations, one free.
 *
 * Chunks grow geometrically up to a cap per arena; passing it aborts like any small allocation would, because callers
 * bound what they put in. Not thread-safe; an arena belongs to whoever made it. */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include "core/base/str.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *head;
    size_t used, max;
};
void arena_init(struct arena *a, size_t max_bytes);
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);                       /* keeps the last common chunk */
void *arena_alloc(struct arena *a, size_t n);            /* aligned for any type, zeroed */
char *arena_strdup(struct arena *a, struct str s);       /* NUL-terminated copy */
struct str arena_str(struct arena *a, struct str s);     /* copy as str (terminated as well) */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
