/* SPDX-License-Identifier: MIT */
/* Retry-After. Surprising: the C library's strptime() reads names of days and months in the locale's language; this
 * program never calls setlocale(), so that language is English. */
#include "core/engine/retry.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000.0

static bool is_number(const char *text)
{
    size_t n = strspn(text, "0123456789.");

    return n > 0 && text[n] == '\0' && isdigit((unsigned char)text[0]);
}

static bool copy(struct str s, char *to, size_t size)
{
    s = str_trim(s);
    if (s.n == 0 || s.n >= size)
        return false;
    snprintf(to, size, STR_FMT, STR_ARG(s));
    return true;
}

/* Seconds since 1970 of an HTTP date, or -1. */
static int64_t http_date(struct str s)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};
    char text[64];

    if (!copy(s, text, sizeof text))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);

        if (end && !*end)
            return timegm(&tm);
    }
    return -1;
}

static uint64_t clamp(double ms)
{
    return ms <= 0 ? 0 : (uint64_t)(ms > DAY_MS ? DAY_MS : ms);
}

uint64_t retry_after_ms(struct str ms, struct str after, struct str date, int64_t wall_ms)
{
    char text[64];
    int64_t until, now;

    if (copy(ms, text, sizeof text) && is_number(text))
        return clamp(strtod(text, NULL));
    if (!copy(after, text, sizeof text))
        return 0;
    if (is_number(text))
        return clamp(strtod(text, NULL) * 1000);
    until = http_date(after);
    now = http_date(date);
    if (until < 0)
        return 0;
    return clamp((double)until * 1000 - (now < 0 ? (double)wall_ms : (double)now * 1000));
}
