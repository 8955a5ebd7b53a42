/* SPDX-License-Identifier: MIT */
/* The top-level members of a JSON object as spans of its text, without reading the values: a mock service looks at two
 * members of a long request, and its time must not count. Takes valid JSON; anything else only gives odd spans. */
#ifndef TESTS_LIB_MEMBERS_H
#define TESTS_LIB_MEMBERS_H

#include <stddef.h>

struct member {
    const char *key, *value;
    size_t key_n, n;
};

/* The next member; *at starts at the object's first byte. 0 at its end. */
int member_next(const char **at, const char *end, struct member *m);
int member_is(const struct member *m, const char *key);
/* Bytes of the text of a string value. */
long member_text_length(const struct member *m);

#endif
