/* SPDX-License-Identifier: MIT */
/* Two parts: a checker that looks at every byte, and a walker that, knowing the text is valid, skips. */
#include "jsonr.h"
#include "jsonw.h"

#include <string.h>

#define MAX_DEPTH 64

static int is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* ---- the checker: each function takes the first byte of a thing and returns what is behind it, or NULL ---- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *check_escape(const char *p, const char *end)
{
    if (p + 1 >= end || !p[1])
        return NULL;
    if (p[1] != 'u')
        return strchr("\"\\/bfnrt", p[1]) ? p + 2 : NULL;
    if (end - p < 6)
        return NULL;
    for (int i = 2; i < 6; i++)
        if (hex_value(p[i]) < 0)
            return NULL;
    return p + 6;
}

static const char *check_string(const char *p, const char *end)
{
    for (p++; p && p < end;) {
        unsigned char c = (unsigned char)*p;

        if (c == '"')
            return p + 1;
        if (c == '\\') {
            p = check_escape(p, end);
        } else if (c < 0x80) {
            if (c < 0x20)
                return NULL;
            p++;
        } else {
            size_t len = utf8_length(p, (size_t)(end - p));

            p = len ? p + len : NULL;
        }
    }
    return NULL;
}

static const char *check_digits(const char *p, const char *end)
{
    const char *from = p;

    while (p < end && is_digit(*p))
        p++;
    return p > from ? p : NULL;
}

static const char *check_number(const char *p, const char *end)
{
    if (*p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else
        p = check_digits(p, end);
    if (p && p < end && *p == '.')
        p = check_digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(p, end);
    }
    return p;
}

static const char *check_word(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *check_value(const char *p, const char *end, int depth);

/* A key, its colon and the blanks around. */
static const char *check_key(const char *p, const char *end)
{
    p = skip_blanks(p, end);
    p = p < end && *p == '"' ? check_string(p, end) : NULL;
    if (!p)
        return NULL;
    p = skip_blanks(p, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

static const char *check_list(const char *p, const char *end, int depth)
{
    char close = *p == '{' ? '}' : ']';

    if (depth == MAX_DEPTH)
        return NULL;
    p = skip_blanks(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (close == '}')
            p = check_key(p, end);
        p = p ? check_value(p, end, depth + 1) : NULL;
        if (!p || p == end)
            return NULL;
        if (*p == close)
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

/* Blanks, a value, blanks. */
static const char *check_value(const char *p, const char *end, int depth)
{
    p = skip_blanks(p, end);
    if (p == end)
        return NULL;
    switch (*p) {
    case '{':
    case '[': p = check_list(p, end, depth); break;
    case '"': p = check_string(p, end); break;
    case 't': p = check_word(p, end, "true"); break;
    case 'f': p = check_word(p, end, "false"); break;
    case 'n': p = check_word(p, end, "null"); break;
    default: p = check_number(p, end); break;
    }
    return p ? skip_blanks(p, end) : NULL;
}

int jsonr_is_valid(struct sy_str text)
{
    return text.n > 0 && check_value(text.p, text.p + text.n, 0) == text.p + text.n;
}

/* ---- the walker ---- */

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p + 1;
}

/* Past a value that begins at p. */
static const char *skip_value(const char *p, const char *end)
{
    int depth = 0;

    while (p < end) {
        switch (*p) {
        case '"': p = skip_string(p); continue;
        case '{':
        case '[': depth++; break;
        case '}':
        case ']':
            if (depth-- == 0)
                return p;
            break;
        case ',':
            if (depth == 0)
                return p;
            break;
        default: break;
        }
        p++;
    }
    return p;
}

int jsonr_kind(struct sy_str value)
{
    if (value.n == 0)
        return '\0';
    return *value.p == '-' || is_digit(*value.p) ? '0' : *value.p;
}

/* *rest is the list itself at first, and later begins behind the last element. Moves to the next one. */
static int next_item(struct sy_str *rest, char open)
{
    const char *p, *end;

    if (rest->n == 0)
        return 0;
    end = rest->p + rest->n;
    p = skip_blanks(rest->p, end);
    if (p == end || (*p != open && *p != ','))
        return 0;
    p = skip_blanks(p + 1, end);
    *rest = (struct sy_str){p, (size_t)(end - p)};
    return p < end && *p != '}' && *p != ']';
}

static struct sy_str take_value(struct sy_str *rest)
{
    const char *end = rest->p + rest->n;
    const char *behind = skip_value(rest->p, end);
    struct sy_str value = text_trim((struct sy_str){rest->p, (size_t)(behind - rest->p)});

    *rest = (struct sy_str){behind, (size_t)(end - behind)};
    return value;
}

int jsonr_member(struct sy_str *rest, struct sy_str *key, struct sy_str *value)
{
    const char *p, *end;

    if (!next_item(rest, '{'))
        return 0;
    end = rest->p + rest->n;
    p = skip_string(rest->p);
    *key = (struct sy_str){rest->p + 1, (size_t)(p - rest->p) - 2};
    p = skip_blanks(p, end);
    p = skip_blanks(p + 1, end);
    *rest = (struct sy_str){p, (size_t)(end - p)};
    *value = take_value(rest);
    return 1;
}

int jsonr_element(struct sy_str *rest, struct sy_str *value)
{
    if (!next_item(rest, '['))
        return 0;
    *value = take_value(rest);
    return 1;
}

struct sy_str jsonr_get(struct sy_str object, const char *key)
{
    struct sy_str found = {NULL, 0}, name, value;

    while (jsonr_member(&object, &name, &value))
        if (text_eq(name, key))
            found = value;
    return found;
}

/* ---- scalars ---- */

static uint32_t hex4(const char *p)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++)
        code = code << 4 | (uint32_t)hex_value(p[i]);
    return code;
}

static void add_character(struct bytes *b, uint32_t c)
{
    char out[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(n == 1 ? c : c | (0xf00u >> n & 0xff));
    bytes_add(b, out, n);
}

/* \uXXXX at p, with its other half if it has one. Returns what is behind. */
static const char *add_unicode(struct bytes *b, const char *p, const char *end)
{
    uint32_t code = hex4(p + 2);

    p += 6;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        uint32_t low = hex4(p + 2);

        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    add_character(b, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    return p;
}

struct sy_str jsonr_string(struct sy_str value, struct bytes *room)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *p, *end, *escape;

    if (jsonr_kind(value) != '"')
        return (struct sy_str){NULL, 0};
    p = value.p + 1;
    end = value.p + value.n - 1;
    escape = memchr(p, '\\', (size_t)(end - p));
    if (!escape)
        return (struct sy_str){p, (size_t)(end - p)};
    bytes_reset(room);
    for (; escape; escape = memchr(p, '\\', (size_t)(end - p))) {
        bytes_add(room, p, (size_t)(escape - p));
        if (escape[1] == 'u') {
            p = add_unicode(room, escape, end);
        } else {
            const char *at = strchr(from, escape[1]);

            bytes_addc(room, at ? to[at - from] : escape[1]);
            p = escape + 2;
        }
    }
    bytes_add(room, p, (size_t)(end - p));
    return bytes_str(room);
}

uint64_t jsonr_count(struct sy_str value)
{
    uint64_t n = 0;

    if (jsonr_kind(value) != '0' || *value.p == '-')
        return 0;
    for (size_t i = 0; i < value.n && i < 18 && is_digit(value.p[i]); i++)
        n = n * 10 + (uint64_t)(value.p[i] - '0');
    return n;
}
