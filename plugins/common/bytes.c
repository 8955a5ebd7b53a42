/* SPDX-License-Identifier: MIT */
/* Growable bytes and a few questions about borrowed strings. Knows no JSON and no provider. */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void bytes_init(struct bytes *b, size_t max)
{
    *b = (struct bytes){.max = max};
}

void bytes_fini(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){.max = b->max};
}

void bytes_reset(struct bytes *b)
{
    b->n = 0;
    b->failed = 0;
    if (b->p)
        b->p[0] = '\0';
}

void bytes_add(struct bytes *b, const void *p, size_t n)
{
    if (b->failed || n == 0)
        return;
    if (n > b->max - b->n) {
        b->failed = 1;
        return;
    }
    if (b->n + n + 1 > b->cap) {
        size_t cap = (b->n + n + 1) * 2 < 256 ? 256 : (b->n + n + 1) * 2;
        char *grown = realloc(b->p, cap);

        if (!grown) {
            b->failed = 1;
            return;
        }
        b->p = grown;
        b->cap = cap;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void bytes_addstr(struct bytes *b, struct sy_str s)
{
    bytes_add(b, s.p, s.n);
}

void bytes_addc(struct bytes *b, char c)
{
    bytes_add(b, &c, 1);
}

void bytes_addf(struct bytes *b, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        b->failed = 1;
    else
        bytes_add(b, text, (size_t)n);
}

void bytes_drop(struct bytes *b, size_t n)
{
    if (n == 0 || !b->p)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n + 1);
}

struct sy_str bytes_str(const struct bytes *b)
{
    return (struct sy_str){b->p, b->n};
}

struct sy_str text_c(const char *cstr)
{
    return (struct sy_str){cstr, cstr ? strlen(cstr) : 0};
}

int text_eq(struct sy_str s, const char *cstr)
{
    size_t n = strlen(cstr);

    return s.n == n && (n == 0 || memcmp(s.p, cstr, n) == 0);
}

int text_eq_nocase(struct sy_str s, const char *cstr)
{
    size_t n = strlen(cstr);

    return s.n == n && (n == 0 || strncasecmp(s.p, cstr, n) == 0);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct sy_str text_trim(struct sy_str s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct sy_str text_word(struct sy_str *rest)
{
    struct sy_str word;

    while (rest->n > 0 && (is_blank(*rest->p) || *rest->p == ',')) {
        rest->p++;
        rest->n--;
    }
    word = (struct sy_str){rest->p, 0};
    while (word.n < rest->n && !is_blank(word.p[word.n]) && word.p[word.n] != ',')
        word.n++;
    if (word.n > 0) {
        rest->p += word.n;
        rest->n -= word.n;
    }
    return word;
}

int text_has(struct sy_str s, const char *word)
{
    for (struct sy_str w = text_word(&s); w.n > 0; w = text_word(&s))
        if (text_eq(w, word))
            return 1;
    return 0;
}

int text_u64(struct sy_str s, uint64_t *ret)
{
    uint64_t value = 0;

    if (s.n == 0 || s.n > 18)
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = value;
    return 1;
}
