/* SPDX-License-Identifier: MIT */
/* jansson behind a door: depth and encoding are settled here, so that no caller has to think of them.
 * Knows no message and no schema. Surprising: text that jansson refuses is repaired and tried once more, because editors
 * do send half a surrogate pair, and a document that misses one character is worse than one with U+FFFD in it. */
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Behind the closing quote of the string that begins after `p`'s opening quote, or the end. */
static const char *string_end(const char *p, const char *end)
{
    const char *quote, *back;

    for (;;) {
        quote = memchr(p, '"', (size_t)(end - p));
        if (!quote)
            return end;
        for (back = quote; back > p && back[-1] == '\\'; back--)
            ;
        if ((quote - back) % 2 == 0)
            return quote + 1;
        p = quote + 1;
    }
}

/* jansson would recurse up to its own, larger limit: the stack of a worker is not the place to find that out. */
static bool is_too_deep(struct str text)
{
    const char *p = text.p, *end = text.p + text.n;
    size_t depth = 0;

    while (p < end) {
        char c = *p++;

        if (c == '"')
            p = string_end(p, end);
        else if ((c == '[' || c == '{') && ++depth > MAX_JSON_DEPTH)
            return true;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return false;
}

/* The UTF-16 unit of the escape \uXXXX at p, or -1. */
static long unit_escape(const char *p, const char *end)
{
    long unit = 0;
    int i;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (i = 2; i < 6; i++) {
        char c = p[i];

        if (c >= '0' && c <= '9')
            unit = unit * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            unit = unit * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return unit;
}

/* Copies one escape sequence; returns the input bytes it took. */
static size_t repair_escape(const char *p, const char *end, struct buf *out, bool *changed)
{
    long unit = unit_escape(p, end), next = unit < 0 ? -1 : unit_escape(p + 6, end);
    size_t n = unit >= 0 ? 6 : MIN((size_t)(end - p), (size_t)2);

    if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        n = 12;
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
        buf_adds(out, "\\ufffd");
        *changed = true;
        return n;
    }
    buf_add(out, p, n);
    return n;
}

/* Copies the text with lone surrogate escapes and bad bytes replaced; false if there were none. Backslashes outside of
 * strings are errors anyway, so strings need not be told apart. */
static bool repair(struct str text, struct buf *out)
{
    const char *p = text.p, *end = text.p + text.n, *escape;
    bool changed = !utf8_valid(text);

    while (p < end) {
        escape = memchr(p, '\\', (size_t)(end - p));
        utf8_repair((struct str) { p, (size_t)((escape ? escape : end) - p) }, out);
        p = escape ? escape : end;
        /* The byte after the backslash may be a bad one: leave it to the next round. */
        if (escape && end - p > 1 && (unsigned char)p[1] >= 0x80) {
            buf_addc(out, *p);
            p++;
        } else if (escape) {
            p += repair_escape(p, end, out, &changed);
        }
    }
    return changed;
}

/* jansson quotes what it stumbled over; that may be a document's text or a key, so it is left out. */
static int set_parse_error(struct err *e, const char *what, const json_error_t *je)
{
    const char *near = strstr(je->text, " near '");
    int n = near ? (int)(near - je->text) : (int)strlen(je->text);

    return err_set(e, ERR_PARSE, "%s: line %d, column %d: %.*s", what, MAX(je->line, 1), MAX(je->column, 0), n, je->text);
}

json_t *json_parse(struct str text, const char *what, struct err *e)
{
    const size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY;
    AUTO_BUF struct buf mended;
    json_error_t je;
    json_t *v;

    if (str_starts(text, STR("\xef\xbb\xbf"))) /* some editors save files so */
        text = str_sub(text, 3, text.n);
    buf_init(&mended, MIN(text.n, SIZE_MAX / 16) * 3 + 1);
    if (is_too_deep(text)) {
        err_set(e, ERR_PARSE, "%s: nested deeper than %d", what, MAX_JSON_DEPTH);
        return NULL;
    }
    v = json_loadb(text.p ? text.p : "", text.n, flags, &je);
    if (!v && text.n && repair(text, &mended))
        v = json_loadb(mended.p, mended.n, flags, &je);
    if (!v)
        set_parse_error(e, what, &je);
    return v;
}

struct str json_get_str(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);

    return json_is_string(v) ? (struct str) { json_string_value(v), json_string_length(v) } : STR_NULL;
}

const char *json_get_cstr(const json_t *obj, const char *key, const char *dflt)
{
    const char *s = json_string_value(json_object_get(obj, key));

    return s ? s : dflt;
}

long long json_get_int(const json_t *obj, const char *key, long long dflt)
{
    const json_t *v = json_object_get(obj, key);
    double d;

    if (json_is_integer(v))
        return json_integer_value(v);
    if (!json_is_real(v))
        return dflt;
    d = json_real_value(v);
    if (d >= 0x1p63)
        return LLONG_MAX;
    return d < -0x1p63 ? LLONG_MIN : (long long)d;
}

double json_get_num(const json_t *obj, const char *key, double dflt)
{
    const json_t *v = json_object_get(obj, key);

    return json_is_number(v) ? json_number_value(v) : dflt;
}

bool json_get_bool(const json_t *obj, const char *key, bool dflt)
{
    const json_t *v = json_object_get(obj, key);

    return json_is_boolean(v) ? json_is_true(v) : dflt;
}

json_t *json_get(const json_t *obj, const char *dotted_path)
{
    const char *key = dotted_path, *dot;
    json_t *v;

    for (;;) {
        dot = strchrnul(key, '.');
        v = json_object_getn(obj, key, (size_t)(dot - key));
        if (!v || !*dot)
            return v;
        obj = v;
        key = dot + 1;
    }
}

json_t *json_str(struct str s)
{
    AUTO_BUF struct buf mended;
    json_t *v = json_stringn(s.p ? s.p : "", s.n);

    buf_init(&mended, MIN(s.n, SIZE_MAX / 16) * 3 + 1);
    if (!v) {
        utf8_repair(s, &mended);
        v = json_stringn(mended.p ? mended.p : "", mended.n);
    }
    return v;
}

static int dump_piece(const char *p, size_t n, void *ctx)
{
    return buf_add(ctx, p, n) ? 0 : -1;
}

bool json_dump(const json_t *v, struct buf *b)
{
    /* Fifteen digits: what a person wrote as 0.7 comes out as 0.7. */
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    size_t n = b->n;

    if (json_dump_callback(v, dump_piece, b, flags) == 0)
        return true;
    b->overflow = true;
    b->n = n;
    if (b->p)
        b->p[n] = '\0';
    return false;
}

/* The escape of an ASCII character that may not stand in a JSON string, or NULL. */
static const char *quote_escape(unsigned char c, char room[8])
{
    static const char hex[] = "0123456789abcdef";

    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (c >= 0x20)
        return NULL;
    memcpy(room, "\\u00", 4);
    room[4] = hex[c >> 4];
    room[5] = hex[c & 15];
    room[6] = '\0';
    return room;
}

void json_quote(struct str s, struct buf *b)
{
    size_t i = 0, from = 0, len;
    const char *escape;
    char room[8];
    uint32_t cp;

    buf_addc(b, '"');
    while (i < s.n) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 1 && cp == 0xfffd)
            escape = "\xef\xbf\xbd";
        else
            escape = cp < 0x80 ? quote_escape((unsigned char)cp, room) : NULL;
        if (escape) {
            buf_add(b, s.p + from, i - from);
            buf_adds(b, escape);
            from = i + len;
        }
        i += len;
    }
    buf_add(b, s.p + from, s.n - from);
    buf_addc(b, '"');
}

void json_auto_decref(json_t **v)
{
    json_decref(*v);
}
