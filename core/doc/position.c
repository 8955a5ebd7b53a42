/* SPDX-License-Identifier: MIT */
/* LSP positions over the rope's counts. Most lines lie in one chunk and are looked at there; for the others a column is a
 * difference of two counts of the whole text, so that a line of ten megabytes costs no more than a short one.
 * Knows nothing of who negotiated the encoding. */
#include "core/doc/position.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <string.h>

/* Counts in a text of its own. */

static size_t units_of(struct str s, enum pos_encoding enc)
{
    switch (enc) {
    case POS_UTF16:
        return utf16_len(s);
    case POS_UTF32:
        return utf32_len(s);
    default:
        return s.n;
    }
}

static size_t at_units(struct str s, enum pos_encoding enc, size_t units)
{
    switch (enc) {
    case POS_UTF16:
        return utf8_at_u16(s, units);
    case POS_UTF32:
        return utf8_at_u32(s, units);
    default:
        return utf8_floor(s, units);
    }
}

/* The same in a rope. */

static size_t rope_units_of(const struct rope *r, enum pos_encoding enc, size_t at)
{
    switch (enc) {
    case POS_UTF16:
        return rope_u16_of(r, at);
    case POS_UTF32:
        return rope_u32_of(r, at);
    default:
        return rope_floor(r, at);
    }
}

static size_t rope_at_units(const struct rope *r, enum pos_encoding enc, size_t units)
{
    switch (enc) {
    case POS_UTF16:
        return rope_at_u16(r, units);
    case POS_UTF32:
        return rope_at_u32(r, units);
    default:
        return rope_floor(r, units);
    }
}

/* The text of the line that starts at `start`, without its end, if it lies in one chunk. */
static bool line_in_chunk(const struct rope *r, size_t start, struct str *ret)
{
    const char *p, *lf, *cr;
    size_t n;

    p = rope_chunk(r, start, &n);
    lf = memchr(p, '\n', n);
    cr = memchr(p, '\r', lf ? (size_t)(lf - p) : n);
    if (!lf && !cr && start + n < rope_bytes(r))
        return false;
    *ret = (struct str) { p, cr ? (size_t)(cr - p) : lf ? (size_t)(lf - p) : n };
    return true;
}

size_t pos_to_byte(const struct rope *r, enum pos_encoding enc, struct pos p)
{
    size_t start, end;
    struct str line;

    if (p.line >= rope_lines(r))
        return rope_bytes(r);
    start = rope_line_start(r, p.line);
    if (p.col == 0)
        return start;
    if (line_in_chunk(r, start, &line))
        return start + at_units(line, enc, p.col);
    end = rope_line_end(r, p.line);
    return MIN(end, rope_at_units(r, enc, rope_units_of(r, enc, start) + p.col));
}

struct pos pos_of_byte(const struct rope *r, enum pos_encoding enc, size_t at)
{
    size_t line = rope_line_of(r, at), start = rope_line_start(r, line), col;
    struct str text;

    if (line_in_chunk(r, start, &text)) {
        /* Behind the text, but on this line: between CR and LF, or past the end of everything. */
        text.n = utf8_floor(text, MIN(at - start, text.n));
        col = units_of(text, enc);
    } else {
        at = MIN(at, rope_line_end(r, line));
        col = rope_units_of(r, enc, at) - rope_units_of(r, enc, start);
    }
    return (struct pos) { (uint32_t)line, (uint32_t)col };
}
