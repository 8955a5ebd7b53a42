/* SPDX-License-Identifier: MIT */
/* JSON by hand: a prompt of many kilobytes is escaped in one pass, without a tree in between. */
#include "jsonw.h"

static void before(struct jsonw *w)
{
    if (w->comma)
        bytes_addc(w->out, ',');
    w->comma = 1;
}

void jsonw_open(struct jsonw *w, char bracket)
{
    before(w);
    bytes_addc(w->out, bracket);
    w->comma = 0;
}

void jsonw_close(struct jsonw *w, char bracket)
{
    bytes_addc(w->out, bracket);
    w->comma = 1;
}

static size_t announced(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

size_t utf8_length(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t need = announced(p[0]);
    unsigned char low = 0x80, high = 0xbf;

    if (need < 2)
        return need;
    /* The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF. */
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (n < need || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

/* What replaces an ASCII character inside a string; NULL if it stands for itself. */
static const char *escape(unsigned char c, char spare[7])
{
    static const char hex[] = "0123456789abcdef";

    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    if (c >= 0x20 && c != 0x7f)
        return NULL;
    spare[0] = '\\';
    spare[1] = 'u';
    spare[2] = '0';
    spare[3] = '0';
    spare[4] = hex[c >> 4];
    spare[5] = hex[c & 15];
    spare[6] = '\0';
    return spare;
}

/* Bytes that do not stand for themselves, or not without a look at those behind. */
static const unsigned char is_special[256] = {
    [0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1, [0x7f] = 1, [0x80 ... 0xff] = 1,
};

/* The special character at p as it is written, or NULL if it stays; *len is its length. */
static const char *replacement(const char *p, size_t n, char spare[7], size_t *len)
{
    *len = 1;
    if ((unsigned char)*p < 0x80)
        return escape((unsigned char)*p, spare);
    *len = utf8_length(p, n);
    if (*len > 0)
        return NULL;
    *len = 1;
    return "\xef\xbf\xbd";
}

void jsonw_string(struct jsonw *w, struct sy_str s)
{
    size_t from = 0, i = 0, len;

    before(w);
    bytes_addc(w->out, '"');
    for (;;) {
        char spare[7];
        const char *instead;

        while (i < s.n && !is_special[(unsigned char)s.p[i]])
            i++;
        if (i == s.n)
            break;
        instead = replacement(s.p + i, s.n - i, spare, &len);
        if (instead) {
            bytes_add(w->out, s.p + from, i - from);
            bytes_addstr(w->out, text_c(instead));
            from = i + len;
        }
        i += len;
    }
    if (s.n > from)
        bytes_add(w->out, s.p + from, s.n - from);
    bytes_addc(w->out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
    jsonw_string(w, text_c(key));
    bytes_addc(w->out, ':');
    w->comma = 0;
}

void jsonw_raw(struct jsonw *w, struct sy_str json)
{
    before(w);
    bytes_addstr(w->out, json);
}

void jsonw_uint(struct jsonw *w, uint64_t value)
{
    before(w);
    bytes_addf(w->out, "%llu", (unsigned long long)value);
}

void jsonw_milli(struct jsonw *w, int32_t thousandths)
{
    before(w);
    /* By integers, because the user's locale may print a comma. */
    bytes_addf(w->out, "%d", thousandths / 1000);
    if (thousandths % 1000 != 0) {
        bytes_addf(w->out, ".%03d", thousandths % 1000);
        while (!w->out->failed && w->out->p[w->out->n - 1] == '0')
            w->out->p[--w->out->n] = '\0';
    }
}

void jsonw_bool(struct jsonw *w, int value)
{
    before(w);
    bytes_addstr(w->out, text_c(value ? "true" : "false"));
}
