/* SPDX-License-Identifier: MIT */
/* Growing memory. Small allocations that fail end the process, as everywhere in this program; what comes from outside is
 * bounded before it gets here. */
#ifndef LOCAL_MEM_H
#define LOCAL_MEM_H

#include <stddef.h>
#include <stdlib.h>

static inline void *mem_resize(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p)
        abort();
    return p;
}

#endif
