/* SPDX-License-Identifier: MIT */
/* UTF-8 by RFC 3629, table 3-7 of the Unicode Standard: which second bytes a first byte allows is all there is to know.
 * Knows no locale and no normal forms. Runs of ASCII, which is what source code is made of, are passed over eight bytes
 * at a time. */
#include "core/base/utf.h"
#include "core/base/mem.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080u
#define REPLACEMENT "\xef\xbf\xbd"

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

bool utf8_is_tail(char c)
{
    return is_tail((unsigned char)c);
}

static inline bool may_follow(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf; /* no overlong forms */
    case 0xed:
        return second >= 0x80 && second <= 0x9f; /* no surrogates */
    case 0xf0:
        return second >= 0x90 && second <= 0xbf; /* no overlong forms */
    case 0xf4:
        return second >= 0x80 && second <= 0x8f; /* not beyond U+10FFFF */
    default:
        return is_tail(second);
    }
}

/* Length of the character at c[0..n), 0 if there is none. */
static inline size_t char_len(const unsigned char *c, size_t n)
{
    size_t len;

    if (c[0] < 0x80)
        return 1;
    if (c[0] < 0xc2 || c[0] > 0xf4)
        return 0;
    len = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    if (n < len || !may_follow(c[0], c[1]))
        return 0;
    if ((len > 2 && !is_tail(c[2])) || (len > 3 && !is_tail(c[3])))
        return 0;
    return len;
}

size_t utf8_decode(const char *p, size_t n, uint32_t *ret_cp)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t len = char_len(c, n), i;
    uint32_t cp;

    if (len <= 1) {
        *ret_cp = len ? c[0] : 0xfffd;
        return 1;
    }
    cp = c[0] & (0x7fu >> len);
    for (i = 1; i < len; i++)
        cp = cp << 6 | (c[i] & 0x3fu);
    *ret_cp = cp;
    return len;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        cp = 0xfffd;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Length of the run of ASCII at the beginning; may stop up to seven bytes early. */
static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    uint64_t w;

    for (; n - i >= sizeof w; i += sizeof w) {
        memcpy(&w, p + i, sizeof w);
        if (w & HIGH_BITS)
            break;
    }
    return i;
}

/* Was what utf8_decode() returned a real character? A real U+FFFD is three bytes long. */
static bool is_bad(size_t len, uint32_t cp)
{
    return len == 1 && cp == 0xfffd;
}

bool utf8_valid(struct str s)
{
    size_t i = 0, len;
    uint32_t cp;

    while (i < s.n) {
        i += ascii_run(s.p + i, s.n - i);
        if (i == s.n)
            break;
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (is_bad(len, cp))
            return false;
        i += len;
    }
    return true;
}

void utf8_repair(struct str s, struct buf *out)
{
    size_t i = 0, from = 0, len;
    uint32_t cp;

    while (i < s.n) {
        i += ascii_run(s.p + i, s.n - i);
        if (i == s.n)
            break;
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (is_bad(len, cp)) {
            buf_add(out, s.p + from, i - from);
            buf_adds(out, REPLACEMENT);
            from = i + 1;
        }
        i += len;
    }
    buf_add(out, s.p + from, s.n - from);
}

size_t utf8_floor(struct str s, size_t at)
{
    size_t back, len;
    uint32_t cp;

    if (at >= s.n)
        return s.n;
    for (back = 1; back <= 3 && back <= at && utf8_is_tail(s.p[at - back + 1]); back++) {
        len = utf8_decode(s.p + at - back, s.n - (at - back), &cp);
        if (len > back)
            return at - back;
    }
    return at;
}

size_t utf8_whole(struct str s)
{
    size_t back, len;
    unsigned char c;

    for (back = 1; back <= 3 && back <= s.n; back++) {
        c = (unsigned char)s.p[s.n - back];
        if (is_tail(c))
            continue;
        len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        return len > back ? s.n - back : s.n;
    }
    return s.n;
}

void utf_lens(struct str s, size_t *ret_u16, size_t *ret_u32)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0, len, tails = 0, astral = 0;

    while (i < s.n) {
        if (p[i] < 0x80) {
            i += MAX(ascii_run(s.p + i, s.n - i), (size_t)1);
            continue;
        }
        len = char_len(p + i, s.n - i);
        len += len == 0;
        tails += len - 1;
        astral += len == 4;
        i += len;
    }
    *ret_u32 = s.n - tails;
    *ret_u16 = s.n - tails + astral;
}

size_t utf16_len(struct str s)
{
    size_t u16, u32;

    utf_lens(s, &u16, &u32);
    return u16;
}

size_t utf32_len(struct str s)
{
    size_t u16, u32;

    utf_lens(s, &u16, &u32);
    return u32;
}

/* Walks characters until `units` are passed or the text ends; astral ones weigh `astral`, and one that would pass the
 * goal is not entered. */
static size_t walk(struct str s, size_t units, size_t astral)
{
    size_t i = 0, run, len, weight;
    uint32_t cp;

    while (i < s.n && units) {
        run = ascii_run(s.p + i, MIN(s.n - i, units));
        i += run;
        units -= run;
        if (i == s.n || !units)
            break;
        len = utf8_decode(s.p + i, s.n - i, &cp);
        weight = len == 4 ? astral : 1;
        if (weight > units)
            break;
        i += len;
        units -= weight;
    }
    return i;
}

size_t utf8_at_u16(struct str s, size_t u16)
{
    return walk(s, u16, 2);
}

size_t utf8_at_u32(struct str s, size_t u32)
{
    return walk(s, u32, 1);
}

static bool is_unsafe(uint32_t cp)
{
    if (cp < 0x20)
        return cp != '\n' && cp != '\t';
    return (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

size_t utf8_neutralise(struct str s, struct buf *out)
{
    size_t i, from = 0, len, count = 0;
    uint32_t cp;

    for (i = 0; i < s.n; i += len) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (!is_unsafe(cp) && !is_bad(len, cp))
            continue;
        buf_add(out, s.p + from, i - from);
        buf_adds(out, REPLACEMENT);
        from = i + len;
        count++;
    }
    buf_add(out, s.p + from, s.n - from);
    return count;
}
