/* SPDX-License-Identifier: MIT */
/* LSP positions and byte offsets, in the three encodings that can be negotiated.
 *
 * A position outside the text is clamped: a line past the last one means the end of the text, a column past the line's
 * end means the line's end (never behind its CR or LF), a column inside a surrogate pair or a multi-byte character
 * means that character's start. */
#ifndef CORE_DOC_POSITION_H
#define CORE_DOC_POSITION_H

#include "core/doc/rope.h"

enum pos_encoding { POS_UTF16, POS_UTF8, POS_UTF32 };

struct pos {
    uint32_t line, col; /* from 0; col in units of the encoding */
};

size_t pos_to_byte(const struct rope *r, enum pos_encoding enc, struct pos p);
struct pos pos_of_byte(const struct rope *r, enum pos_encoding enc, size_t at);

#endif
