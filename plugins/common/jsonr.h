/* SPDX-License-Identifier: MIT */
/* Reads JSON in place: a value is the span of its text, and nothing is built. A stream has a document in each event, of
 * which three members are wanted; a tree for each would cost more than everything else that a plugin does.
 *
 * jsonr_is_valid() comes first and once. The others take spans of a valid document and give spans of it; an empty span
 * means that there is no such thing, and may be given to any of them. */
#ifndef PLUGINS_COMMON_JSONR_H
#define PLUGINS_COMMON_JSONR_H

#include "bytes.h"

/* One whole value in UTF-8, blanks around it allowed, nested at most 64 deep. */
int jsonr_is_valid(struct sy_str text);

/* The kind by first byte: '{', '[', '"', 't', 'f', 'n', '0' for any number, '\0' for an empty span. */
int jsonr_kind(struct sy_str value);

/* The next member of an object. *rest begins as the object. 0 at its end, or if it is no object. The key is as it stands,
 * with its escapes if it has any. */
int jsonr_member(struct sy_str *rest, struct sy_str *key, struct sy_str *value);
struct sy_str jsonr_get(struct sy_str object, const char *key); /* the last of that name */

/* The next element of an array. *rest begins as the array. 0 at its end, or if it is no array. */
int jsonr_element(struct sy_str *rest, struct sy_str *value);

/* The text of a string; decoded into room where it has escapes, so it lives until room changes. Half a surrogate pair is
 * U+FFFD. Empty for other kinds. */
struct sy_str jsonr_string(struct sy_str value, struct bytes *room);

/* The whole part of a number that is not negative, else 0. */
uint64_t jsonr_count(struct sy_str value);

#endif
