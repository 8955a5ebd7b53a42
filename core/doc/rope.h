/* SPDX-License-Identifier: MIT */
/* Immutable text with cheap edits: a balanced tree of reference-counted chunks.
 *
 * A rope never changes. rope_edit() makes a new one that shares all untouched chunks; the old one stays valid for
 * whoever holds it (a worker parsing it, say), so a snapshot is one reference. Nodes cache byte, line, UTF-16 and code
 * point counts; every position question is O(log n). Reference counts are atomic: any thread may ref, unref and read.
 * Bytes that are no UTF-8 are kept as they are and count as one unit each. Line ends are LF, CRLF and lone CR, as LSP
 * wants them; tree-sitter's rows (LF only) have their own question. Knows no editor, no syntax. */
#ifndef CORE_DOC_ROPE_H
#define CORE_DOC_ROPE_H

#include "core/base/str.h"
#include <stdint.h>

struct rope;

struct rope *rope_new(struct str text);            /* one reference; text is copied */
struct rope *rope_ref(struct rope *r);
void rope_unref(struct rope *r);                   /* NULL is fine */

/* A new rope (one reference) with bytes [start, end) replaced by `text`. The old one is only read. Offsets are clamped;
 * text may not lie in the rope itself. */
struct rope *rope_edit(const struct rope *r, size_t start, size_t end, struct str text);

/* The same for an owner who does not need the old text: *r is changed, or exchanged for a new rope when others hold
 * references to it, who keep what they have. What nobody else holds is edited in place, so a keystroke allocates
 * nothing; pointers from rope_chunk() and *r itself are stale afterwards. */
void rope_replace(struct rope **r, size_t start, size_t end, struct str text);

size_t rope_bytes(const struct rope *r);
size_t rope_lines(const struct rope *r);           /* 1 + number of line ends */
size_t rope_floor(const struct rope *r, size_t at); /* largest character boundary <= at; clamped */

/* The chunk that holds byte `at` from there to the chunk's end: borrowed, valid as long as the rope. At the end of the
 * text or past it *ret_n is 0 and the result is "". This is what tree-sitter reads through. */
const char *rope_chunk(const struct rope *r, size_t at, size_t *ret_n);

void rope_copy(const struct rope *r, size_t from, size_t to, struct buf *out); /* appends the bytes; clamped */
int rope_byte(const struct rope *r, size_t at);    /* 0..255, or -1 past the end */

size_t rope_line_start(const struct rope *r, size_t line); /* byte offset; past the last line: rope_bytes() */
size_t rope_line_end(const struct rope *r, size_t line);   /* without the line end's own bytes */
size_t rope_line_of(const struct rope *r, size_t at);      /* line (from 0) that holds byte `at` */

/* Counts of UTF-16 units / code points in [0, at) and back. The way back rounds down to a character boundary. */
size_t rope_u16_of(const struct rope *r, size_t at);
size_t rope_u32_of(const struct rope *r, size_t at);
size_t rope_at_u16(const struct rope *r, size_t u16);
size_t rope_at_u32(const struct rope *r, size_t u32);

/* tree-sitter's point of a byte: rows end at LF only, columns are bytes. */
void rope_point(const struct rope *r, size_t at, uint32_t *ret_row, uint32_t *ret_column);

/* Fails an assert if counts, heights or sharing are wrong anywhere. For tests; O(n). */
void rope_check(const struct rope *r);

#endif
