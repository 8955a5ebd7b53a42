/* SPDX-License-Identifier: MIT */
/* Allocation and scope-bound cleanup.
 *
 * Small allocations never return NULL: out of memory prints one line on stderr and aborts. Sizes that come from outside
 * are checked against a cap (core/base/limits.h) before they get here. Everything is freed with free(). */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));               /* uninitialised */
void *mem_zalloc(size_t n) __attribute__((malloc, returns_nonnull));              /* zeroed */
void *mem_realloc(void *p, size_t n) __attribute__((returns_nonnull));
void *mem_array(void *p, size_t count, size_t size) __attribute__((returns_nonnull)); /* overflow-checked realloc */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));  /* always terminated */
char *mem_printf(const char *fmt, ...) __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Wipes secrets in a way the compiler may not drop. */
void mem_wipe(void *p, size_t n);

/* Grows an array `p` (with `n` used of `cap` elements) so that one more fits. */
#define MEM_GROW(p, n, cap)                                                    \
    do {                                                                       \
        if ((n) >= (cap)) {                                                    \
            (cap) = (cap) ? (cap) * 2 : 8;                                     \
            (p) = mem_array((p), (cap), sizeof *(p));                          \
        }                                                                      \
    } while (0)

void mem_auto_free(void *pp);
void mem_auto_close(int *fd);
#define AUTO_FREE __attribute__((cleanup(mem_auto_free))) /* free() at scope end; initialise it */
#define AUTO_FD __attribute__((cleanup(mem_auto_close)))  /* close() at scope end if >= 0 */

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

#endif
