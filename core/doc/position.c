/* SPDX-License-Identifier: MIT */
/* LSP positions over the rope's counts: a column is a difference of two counts, so no line is ever walked.
 * Knows nothing of who negotiated the encoding. */
#include "core/doc/position.h"
#include "core/base/mem.h"

static size_t units_of(const struct rope *r, enum pos_encoding enc, size_t at)
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

static size_t at_units(const struct rope *r, enum pos_encoding enc, size_t units)
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

size_t pos_to_byte(const struct rope *r, enum pos_encoding enc, struct pos p)
{
    size_t start, end;

    if (p.line >= rope_lines(r))
        return rope_bytes(r);
    start = rope_line_start(r, p.line);
    if (p.col == 0)
        return start;
    end = rope_line_end(r, p.line);
    return MIN(end, at_units(r, enc, units_of(r, enc, start) + p.col));
}

struct pos pos_of_byte(const struct rope *r, enum pos_encoding enc, size_t at)
{
    size_t line = rope_line_of(r, MIN(at, rope_bytes(r)));
    size_t start = rope_line_start(r, line);

    /* Between CR and LF is behind the line's end. */
    at = MIN(at, rope_line_end(r, line));
    return (struct pos) { (uint32_t)line, (uint32_t)(units_of(r, enc, at) - units_of(r, enc, start)) };
}
