/* SPDX-License-Identifier: MIT */
/* Borrowed strings and capped growable buffers.
 *
 * `struct str` borrows bytes (not NUL-terminated, UTF-8 by convention). `struct buf` owns bytes and cannot be made
 * without a maximum; a write that would pass it sets `overflow` and is dropped whole, and so is every write after it until
 * buf_reset(): what a buf holds is always a beginning of what was written, and callers may check once at the end. A buf keeps a NUL behind its bytes for syscalls. Knows no JSON and no files. */
#ifndef CORE_BASE_STR_H
#define CORE_BASE_STR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct str {
    const char *p;
    size_t n;
};
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct str str_c(const char *cstr); /* NULL gives the empty string */
bool str_eq(struct str a, struct str b);
bool str_eqc(struct str a, const char *b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);               /* blanks, tabs, CR, LF at both ends */
struct str str_sub(struct str s, size_t from, size_t to); /* clamped */
ptrdiff_t str_find(struct str s, struct str needle); /* offset or -1 */
struct str str_line(struct str *rest);           /* next line without its LF / CRLF; advances rest */
bool str_to_u64(struct str s, unsigned long long *ret); /* decimal digits only, whole string, no overflow */

struct buf {
    char *p; /* NULL or NUL-terminated */
    size_t n, cap, max;
    bool overflow;
};
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b);                   /* empty, keeps storage, clears overflow */
char *buf_reserve(struct buf *b, size_t n);      /* room for n bytes after b->n, or NULL (overflow set) */
void buf_commit(struct buf *b, size_t n);        /* n bytes were written where buf_reserve() said */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_adds(struct buf *b, const char *cstr);
bool buf_addstr(struct buf *b, struct str s);
bool buf_addc(struct buf *b, char c);
bool buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_consume(struct buf *b, size_t n);       /* drops n bytes from the front */
char *buf_take(struct buf *b);                   /* the bytes (never NULL, terminated); the buf is empty after */
struct str buf_str(const struct buf *b);
#define AUTO_BUF __attribute__((cleanup(buf_fini)))

#endif
