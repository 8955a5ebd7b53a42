/* SPDX-License-Identifier: MIT */
/* Allocation that cannot fail from the caller's view, and what the AUTO_ attributes call.
 * Knows no caps: whoever takes a size from outside has checked it. Surprising: running out of memory ends the process,
 * because a language server that limps on with half an allocation is worse than one that the editor restarts. */
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((noreturn)) mem_die(size_t n)
{
    char line[80];
    int len = snprintf(line, sizeof line, "switchyard: out of memory (%zu bytes wanted)\n", n);

    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
        abort();
    abort();
}

void *mem_alloc(size_t n)
{
    void *p = malloc(n ? n : 1);

    if (!p)
        mem_die(n);
    return p;
}

void *mem_zalloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);

    if (!p)
        mem_die(n);
    return p;
}

void *mem_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);

    if (!q)
        mem_die(n);
    return q;
}

void *mem_array(void *p, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n))
        mem_die(SIZE_MAX);
    return mem_realloc(p, n);
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
    char *p = mem_alloc(n + 1);

    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    char *p = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&p, fmt, ap);
    va_end(ap);
    if (n < 0 || !p)
        mem_die(0);
    return p;
}

void mem_wipe(void *p, size_t n)
{
    if (p && n)
        explicit_bzero(p, n);
}

void mem_auto_free(void *pp)
{
    void *p;

    /* The argument points to a pointer of any type; copying its bytes keeps to the aliasing rules. */
    memcpy(&p, pp, sizeof p);
    free(p);
}

void mem_auto_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
