/* SPDX-License-Identifier: MIT */
/* Borrowed strings and capped buffers. Knows bytes only: no encoding, no files.
 * Surprising: once a buffer has overflowed it takes nothing more until it is reset, so what it holds is always a true
 * beginning of what was written and never a text with a hole. */
#include "core/base/str.h"
#include "core/base/mem.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct str str_c(const char *cstr)
{
    return cstr ? (struct str) { cstr, strlen(cstr) } : STR("");
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqc(struct str a, const char *b)
{
    return str_eq(a, str_c(b));
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str) { s.p, prefix.n }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    if (s.n < suffix.n)
        return false;
    return suffix.n == 0 || str_eq((struct str) { s.p + (s.n - suffix.n), suffix.n }, suffix);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
    to = MIN(to, s.n);
    from = MIN(from, to);
    return from == 0 ? (struct str) { s.p, to } : (struct str) { s.p + from, to - from };
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    const char *hit;

    if (needle.n == 0)
        return 0;
    if (s.n < needle.n)
        return -1;
    hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit ? hit - s.p : -1;
}

struct str str_line(struct str *rest)
{
    struct str line = *rest;
    const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

    if (!lf) {
        *rest = str_sub(*rest, rest->n, rest->n);
        return line;
    }
    line.n = (size_t)(lf - line.p);
    *rest = str_sub(*rest, line.n + 1, rest->n);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

bool str_to_u64(struct str s, unsigned long long *ret)
{
    unsigned long long v = 0;
    size_t i;

    for (i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10ull, &v) || __builtin_add_overflow(v, (unsigned)(s.p[i] - '0'), &v))
            return false;
    }
    if (s.n == 0)
        return false;
    *ret = v;
    return true;
}

void buf_init(struct buf *b, size_t max)
{
    assert(max < SIZE_MAX / 4);
    *b = (struct buf) { .max = max };
}

void buf_fini(struct buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct buf) { .max = b->max };
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->overflow = false;
    if (b->p)
        b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
    size_t need, cap;

    if (b->overflow || n > b->max - b->n) {
        b->overflow = true;
        return NULL;
    }
    need = b->n + n + 1; /* one more for the NUL */
    if (need > b->cap) {
        cap = MAX(b->cap + b->cap / 2, (size_t)64);
        cap = MAX(MIN(cap, b->max + 1), need);
        b->p = mem_realloc(b->p, cap);
        b->cap = cap;
        b->p[b->n] = '\0';
    }
    return b->p + b->n;
}

void buf_commit(struct buf *b, size_t n)
{
    assert(b->p && n < b->cap - b->n);
    b->n += n;
    b->p[b->n] = '\0';
}

bool buf_add(struct buf *b, const void *p, size_t n)
{
    char *to = buf_reserve(b, n);

    if (!to)
        return false;
    if (n)
        memcpy(to, p, n);
    buf_commit(b, n);
    return true;
}

bool buf_adds(struct buf *b, const char *cstr)
{
    return buf_addstr(b, str_c(cstr));
}

bool buf_addstr(struct buf *b, struct str s)
{
    return buf_add(b, s.p, s.n);
}

bool buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    bool ok;

    va_start(ap, fmt);
    ok = buf_vaddf(b, fmt, ap);
    va_end(ap);
    return ok;
}

bool buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    char *to;
    int n;

    va_copy(again, ap);
    n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) {
        b->overflow = true;
        to = NULL;
    } else if ((to = buf_reserve(b, (size_t)n))) {
        if ((size_t)n < sizeof small)
            memcpy(to, small, (size_t)n);
        else
            vsnprintf(to, (size_t)n + 1, fmt, again);
        buf_commit(b, (size_t)n);
    }
    va_end(again);
    return to != NULL;
}

void buf_consume(struct buf *b, size_t n)
{
    n = MIN(n, b->n);
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n + 1);
}

char *buf_take(struct buf *b)
{
    char *p = b->p ? b->p : mem_strdup("");

    p[b->n] = '\0';
    *b = (struct buf) { .max = b->max };
    return p;
}

struct str buf_str(const struct buf *b)
{
    return b->p ? (struct str) { b->p, b->n } : STR("");
}
