/* SPDX-License-Identifier: MIT */
/* Skips values by their brackets and quotes. */
#include "tests/lib/members.h"

#include <stdlib.h>
#include <string.h>

/* By memchr: a prompt of many kilobytes is one string, and its time would be taken for the service's. */
static const char *skip_string(const char *p, const char *end)
{
    const char *from = ++p, *quote;

    while (p < end && (quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
        const char *slash = quote;

        while (slash > from && slash[-1] == '\\')
            slash--;
        if ((quote - slash) % 2 == 0)
            return quote + 1;
        p = quote + 1;
    }
    return end;
}

static const char *skip_value(const char *p, const char *end)
{
    int depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            if (--depth < 0)
                return p;
            p++;
        } else if (depth == 0 && *p == ',') {
            return p;
        } else {
            p++;
        }
    }
    return p;
}

int member_next(const char **at, const char *end, struct member *m)
{
    const char *p = *at;

    while (p < end && *p != '"')
        p++;
    if (p == end)
        return 0;
    m->key = p + 1;
    p = skip_string(p, end);
    m->key_n = (size_t)(p - m->key) - 1;
    while (p < end && (*p == ':' || *p == ' ' || *p == '\n'))
        p++;
    m->value = p;
    p = skip_value(p, end);
    m->n = (size_t)(p - m->value);
    *at = p;
    return 1;
}

int member_is(const struct member *m, const char *key)
{
    return m->key_n == strlen(key) && memcmp(m->key, key, m->key_n) == 0;
}

/* Bytes of a JSON string's text: an escape is one, but a \u of them what UTF-8 makes of it. */
long member_text_length(const struct member *m)
{
    const char *p = m->value;
    size_t n = m->n;
    long length = 0;

    for (size_t i = 1; i + 1 < n; i++, length++) {
        if (p[i] != '\\')
            continue;
        i++;
        if (p[i] == 'u' && i + 5 < n) {
            char hex[5] = {p[i + 1], p[i + 2], p[i + 3], p[i + 4], '\0'};
            long code = strtol(hex, NULL, 16);

            i += 4;
            length += code < 0x80 ? 0 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
        }
    }
    return length;
}
