/* SPDX-License-Identifier: MIT */
/* UTF-8 facts: lengths in UTF-16 units and code points, validity, repair, cutting at boundaries.
 *
 * Byte sequences that are not UTF-8 are counted as one unit per byte everywhere, so arithmetic stays total. Validity is
 * RFC 3629 (no surrogates, no overlong forms, up to U+10FFFF). */
#ifndef CORE_BASE_UTF_H
#define CORE_BASE_UTF_H

#include "core/base/str.h"
#include <stdint.h>

/* Length in bytes (1..4) of the character at p[0..n), and its code point; an invalid byte is length 1, cp 0xFFFD. */
size_t utf8_decode(const char *p, size_t n, uint32_t *ret_cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(struct str s);
void utf8_repair(struct str s, struct buf *out);  /* copies, each bad byte as U+FFFD */
size_t utf8_floor(struct str s, size_t at);       /* largest character boundary <= at */
size_t utf8_whole(struct str s);                  /* its length without a character that was cut off at its end */
size_t utf16_len(struct str s);                   /* UTF-16 code units */
size_t utf32_len(struct str s);                   /* code points */
void utf_lens(struct str s, size_t *ret_u16, size_t *ret_u32); /* both in one walk */
bool utf8_is_tail(char c);                        /* a continuation byte, 0x80..0xBF */
size_t utf8_at_u16(struct str s, size_t u16);     /* offset of that UTF-16 unit's character; s.n past the end */
size_t utf8_at_u32(struct str s, size_t u32);     /* the same for code points */

/* Copies text for a terminal or an editor: control characters other than LF and TAB, and bidirectional overrides
 * (U+202A..202E, U+2066..2069), become U+FFFD, and so does every bad byte. CR is a control character here: whoever
 * wants CRLF puts it in afterwards. Returns how many were replaced. */
size_t utf8_neutralise(struct str s, struct buf *out);

#endif
