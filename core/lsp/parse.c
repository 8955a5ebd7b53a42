/* SPDX-License-Identifier: MIT */
/* Recursive descent straight to jansson's values. Knows no error sentences; see parse.h.
 * Surprising: a span of ordinary characters is found eight bytes at a time, which is what makes a large document fast. */
#include "core/lsp/parse.h"
#include "core/base/limits.h"
#include "core/base/utf.h"

#include <string.h>

enum { MAX_DIGITS = 18 }; /* fit into 63 bits */

static json_t *parse_value(struct parser *s);

static char peek(const struct parser *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static void skip_blanks(struct parser *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

bool parser_take(struct parser *s, char c)
{
    skip_blanks(s);
    if (peek(s) != c || s->p == s->end)
        return false;
    s->p++;
    skip_blanks(s);
    return true;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Bytes with their top bit set where a byte of x is zero; never misses the first one. */
static uint64_t zero_bytes(uint64_t x)
{
    return (x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull;
}

/* Skips ASCII that stands for itself in a string. */
static void skip_plain(struct parser *s)
{
    while (s->end - s->p >= 8) {
        uint64_t x;

        memcpy(&x, s->p, sizeof x);
        if ((x & 0x8080808080808080ull) || zero_bytes(x ^ 0x2222222222222222ull) || zero_bytes(x ^ 0x5c5c5c5c5c5c5c5cull) ||
            ((x - 0x2020202020202020ull) & ~x & 0x8080808080808080ull))
            break;
        s->p += 8;
    }
    while (s->p < s->end && is_plain((unsigned char)*s->p))
        s->p++;
}

/* Skips all characters that stand for themselves; false if there is a byte that may not be in a string. */
static bool skip_span(struct parser *s)
{
    for (;;) {
        uint32_t cp;
        size_t n;

        skip_plain(s);
        if (s->p == s->end || (unsigned char)*s->p < 0x20)
            return false;
        if ((unsigned char)*s->p < 0x80)
            return true;
        n = utf8_decode(s->p, (size_t)(s->end - s->p), &cp);
        if (n < 2)
            return false;
        s->p += n;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The unit of \uXXXX at p, or -1. */
static int32_t unit_at(const char *p, const char *end)
{
    int32_t unit = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Writes the escape at the parser's place to `to`, which has room; returns the bytes written, 0 if it is none. */
static size_t take_unicode(struct parser *s, char *to)
{
    int32_t unit = unit_at(s->p, s->end), low;

    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return 0;
    s->p += 6;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        low = unit_at(s->p, s->end);
        if (low < 0xdc00 || low > 0xdfff)
            return 0;
        s->p += 6;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    return utf8_encode((uint32_t)unit, to);
}

static size_t take_escape(struct parser *s, char *to)
{
    static const char meaning[128] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
    unsigned char c = s->end - s->p > 1 ? (unsigned char)s->p[1] : 0;

    if (c == 'u')
        return take_unicode(s, to);
    if (c >= sizeof meaning || !meaning[c])
        return 0;
    s->p += 2;
    *to = meaning[c];
    return 1;
}

/* The contents of the string that begins at the parser's place: in the text itself or in the scratch buffer. */
bool parser_string(struct parser *s, struct str *ret)
{
    const char *from;
    char *to, *start;
    size_t n;

    if (peek(s) != '"')
        return false;
    from = ++s->p;
    if (!skip_span(s))
        return false;
    if (*s->p == '"') {
        *ret = (struct str) { from, (size_t)(s->p++ - from) };
        return true;
    }
    buf_reset(s->scratch);
    to = start = buf_reserve(s->scratch, (size_t)(s->end - from)); /* no escape is shorter than what it means */
    if (!to)
        return false;
    for (;;) {
        memcpy(to, from, (size_t)(s->p - from));
        to += s->p - from;
        if (*s->p == '"')
            break;
        n = take_escape(s, to);
        if (!n)
            return false;
        to += n;
        from = s->p;
        if (!skip_span(s))
            return false;
    }
    s->p++;
    *ret = (struct str) { start, (size_t)(to - start) };
    return true;
}

static json_t *parse_string(struct parser *s)
{
    struct str text;

    return parser_string(s, &text) ? json_stringn_nocheck(text.p, text.n) : NULL;
}

bool parser_integer(struct parser *s, long long *ret)
{
    bool negative = peek(s) == '-';
    long long n = 0;
    const char *from;

    s->p += negative;
    from = s->p;
    while (peek(s) >= '0' && peek(s) <= '9' && s->p - from <= MAX_DIGITS)
        n = n * 10 + (*s->p++ - '0');
    if (s->p == from || s->p - from > MAX_DIGITS || (*from == '0' && s->p - from > 1))
        return false;
    if (peek(s) == '.' || peek(s) == 'e' || peek(s) == 'E' || (negative && n == 0))
        return false;
    *ret = negative ? -n : n;
    return true;
}

static json_t *parse_integer(struct parser *s)
{
    long long n;

    return parser_integer(s, &n) ? json_integer(n) : NULL;
}

static bool parse_members(struct parser *s, json_t *object)
{
    if (parser_take(s, '}'))
        return true;
    do {
        struct str key;
        json_t *v;

        if (!parser_string(s, &key) || (key.n && key.p == s->scratch->p) || !parser_take(s, ':'))
            return false;
        v = parse_value(s);
        if (!v || json_object_setn_new_nocheck(object, key.p, key.n, v) < 0)
            return false;
    } while (parser_take(s, ','));
    return parser_take(s, '}');
}

static bool parse_elements(struct parser *s, json_t *array)
{
    if (parser_take(s, ']'))
        return true;
    do {
        json_t *v = parse_value(s);

        if (!v || json_array_append_new(array, v) < 0)
            return false;
    } while (parser_take(s, ','));
    return parser_take(s, ']');
}

static json_t *parse_container(struct parser *s, bool is_object)
{
    json_t *v = is_object ? json_object() : json_array();
    bool ok;

    s->p++;
    skip_blanks(s);
    ok = s->depth++ < MAX_JSON_DEPTH && (is_object ? parse_members(s, v) : parse_elements(s, v));
    s->depth--;
    if (ok)
        return v;
    json_decref(v);
    return NULL;
}

static json_t *parse_word(struct parser *s, const char *word, json_t *v)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return NULL;
    s->p += n;
    return v;
}

static json_t *parse_value(struct parser *s)
{
    switch (peek(s)) {
    case '{':
        return parse_container(s, true);
    case '[':
        return parse_container(s, false);
    case '"':
        return parse_string(s);
    case 't':
        return parse_word(s, "true", json_true());
    case 'f':
        return parse_word(s, "false", json_false());
    case 'n':
        return parse_word(s, "null", json_null());
    default:
        return parse_integer(s);
    }
}

json_t *parse_quickly(struct str text, struct buf *scratch)
{
    struct parser s = { .p = text.p, .end = text.p + text.n, .scratch = scratch };
    json_t *v;

    if (text.n == 0)
        return NULL;
    skip_blanks(&s);
    v = parse_value(&s);
    skip_blanks(&s);
    if (v && s.p == s.end)
        return v;
    json_decref(v);
    return NULL;
}
