/* SPDX-License-Identifier: MIT */
/* Growable bytes for plugins. They cannot be made without a maximum; a write that would pass it, or for which there is
 * no memory, is dropped whole together with every later one and sets `failed`, so that a writer checks once at the end.
 * A plugin lives inside the user's editor session: running out of memory here is an error, never an abort. */
#ifndef PLUGINS_COMMON_BYTES_H
#define PLUGINS_COMMON_BYTES_H

#include "../provider.h"

struct bytes {
    char *p; /* NULL, or NUL-terminated */
    size_t n, cap, max;
    int failed;
};

/* A string constant as borrowed bytes. */
#define TEXT(lit) ((struct sy_str){(lit), sizeof(lit) - 1})

void bytes_init(struct bytes *b, size_t max);
void bytes_fini(struct bytes *b);
void bytes_reset(struct bytes *b); /* empty, keeps storage, clears failed */
void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_addstr(struct bytes *b, struct sy_str s);
void bytes_addc(struct bytes *b, char c);
void bytes_addf(struct bytes *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bytes_drop(struct bytes *b, size_t n); /* n bytes from the front */
struct sy_str bytes_str(const struct bytes *b);

struct sy_str text_c(const char *cstr); /* NULL gives the empty string */
int text_eq(struct sy_str s, const char *cstr);
int text_eq_nocase(struct sy_str s, const char *cstr);
struct sy_str text_trim(struct sy_str s);        /* blanks and line ends at both ends */
struct sy_str text_word(struct sy_str *rest);    /* the next word of a list separated by blanks or commas; n 0 = none */
int text_has(struct sy_str s, const char *word); /* is the word in such a list? */
int text_u64(struct sy_str s, uint64_t *ret);    /* decimal digits only, the whole string; 0 if it is none */

#endif
