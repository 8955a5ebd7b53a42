/* SPDX-License-Identifier: MIT */
/* Writes JSON into bytes, member after member. Text that is no UTF-8 becomes U+FFFD instead of an invalid document,
 * because an editor's file may hold anything. It does not check that calls nest: the tests parse what comes out. */
#ifndef PLUGINS_COMMON_JSONW_H
#define PLUGINS_COMMON_JSONW_H

#include "bytes.h"

struct jsonw {
    struct bytes *out;
    int comma; /* a value stands before the next one */
};

void jsonw_open(struct jsonw *w, char bracket);      /* '{' or '[' */
void jsonw_close(struct jsonw *w, char bracket);     /* '}' or ']' */
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, struct sy_str s);
void jsonw_raw(struct jsonw *w, struct sy_str json); /* a value that is JSON already */
void jsonw_uint(struct jsonw *w, uint64_t value);
void jsonw_milli(struct jsonw *w, int32_t thousandths); /* 1500 -> 1.5 */
void jsonw_bool(struct jsonw *w, int value);

/* Bytes of the UTF-8 character at p, or 0 if there is none. n > 0. */
size_t utf8_length(const char *p, size_t n);

#endif
