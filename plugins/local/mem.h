/* SPDX-License-Identifier: MIT */
/* Memory. Small allocations that fail end the process with a word, as everywhere in this program; what comes from
 * outside is bounded before it gets here. */
#ifndef LOCAL_MEM_H
#define LOCAL_MEM_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *mem_must(void *p)
{
    if (!p) {
        fputs("switchyard: out of memory in plugin 'local'\n", stderr);
        abort();
    }
    return p;
}

static inline void *mem_resize(void *p, size_t n)
{
    return mem_must(realloc(p, n ? n : 1));
}

static inline void *mem_zeroed(size_t count, size_t size)
{
    return mem_must(calloc(count ? count : 1, size));
}

#endif
