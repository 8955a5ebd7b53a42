/* SPDX-License-Identifier: MIT */
/* A bump allocator over a list of malloc'ed chunks. Knows nothing of what it holds and runs no destructors.
 * Surprising: an allocation too big for a common chunk gets one of its own behind the current one, so that the room left
 * in the current chunk is not lost. */
#include "core/base/arena.h"
#include "core/base/mem.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_MIN ((size_t)4 << 10)
#define CHUNK_MAX ((size_t)256 << 10)
#define ALIGN alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, cap;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
    assert(max_bytes < SIZE_MAX / 4);
    *a = (struct arena) { .max = max_bytes };
}

static void chunks_free(struct arena_chunk *c)
{
    struct arena_chunk *next;

    for (; c; c = next) {
        next = c->next;
        free(c);
    }
}

void arena_fini(struct arena *a)
{
    if (!a)
        return;
    chunks_free(a->head);
    *a = (struct arena) { .max = a->max };
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *kept = a->head;

    a->used = 0;
    if (!kept)
        return;
    chunks_free(kept->next);
    kept->next = NULL;
    kept->used = 0;
    if (kept->cap > CHUNK_MAX) {
        free(kept);
        a->head = NULL;
    }
}

static void __attribute__((noreturn)) arena_die(const struct arena *a)
{
    char line[80];
    int n = snprintf(line, sizeof line, "switchyard: arena of %zu bytes is full\n", a->max);

    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        abort();
    abort();
}

static struct arena_chunk *chunk_for(struct arena *a, size_t n)
{
    struct arena_chunk *c, *head = a->head;
    size_t cap = head ? MIN(head->cap * 2, CHUNK_MAX) : CHUNK_MIN;
    bool own = n > cap / 2;

    cap = own ? n : MAX(cap, CHUNK_MIN);
    c = mem_alloc(sizeof *c + cap);
    c->cap = cap;
    c->used = 0;
    if (own && head) {
        c->next = head->next;
        head->next = c;
    } else {
        c->next = head;
        a->head = c;
    }
    return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct arena_chunk *c = a->head;
    void *p;

    if (n > a->max)
        arena_die(a);
    n = (MAX(n, (size_t)1) + ALIGN - 1) / ALIGN * ALIGN;
    if (n > a->max - a->used)
        arena_die(a);
    if (!c || c->cap - c->used < n)
        c = chunk_for(a, n);
    p = c->bytes + c->used;
    c->used += n;
    a->used += n;
    return memset(p, 0, n);
}

char *arena_strdup(struct arena *a, struct str s)
{
    char *p;

    assert(s.n < SIZE_MAX);
    p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str) { arena_strdup(a, s), s.n };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    char room[256], *p;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(room, sizeof room, fmt, ap);
    va_end(ap);
    if (n < 0)
        return arena_alloc(a, 1);
    if ((size_t)n < sizeof room)
        return arena_strdup(a, (struct str) { room, (size_t)n });
    p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}
