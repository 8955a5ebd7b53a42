/* SPDX-License-Identifier: MIT */
/* The one door to jansson: parsing of outside bytes with caps, and getters that never fail.
 *
 * Objects returned by the getters are borrowed. Parsing accepts NUL in strings, never rejects a repeated key (the last
 * one counts), and repairs what JSON text from editors may contain but jansson refuses: bytes that are not UTF-8 and lone
 * surrogate escapes become U+FFFD (same UTF-16 length), so that documents stay in step. A byte order mark in front is
 * passed over. Sentences name line and column but never quote the text, which may hold a key. */
#ifndef CORE_BASE_JSON_H
#define CORE_BASE_JSON_H

#include "core/base/err.h"
#include "core/base/str.h"
#include <jansson.h>

/* New reference or NULL with ERR_PARSE. `what` names the text in the sentence ("message", a file name). */
json_t *json_parse(struct str text, const char *what, struct err *e);

struct str json_get_str(const json_t *obj, const char *key);               /* STR_NULL if absent or no string */
const char *json_get_cstr(const json_t *obj, const char *key, const char *dflt);
long long json_get_int(const json_t *obj, const char *key, long long dflt); /* reals are truncated, clamped */
double json_get_num(const json_t *obj, const char *key, double dflt);
bool json_get_bool(const json_t *obj, const char *key, bool dflt);
json_t *json_get(const json_t *obj, const char *dotted_path);               /* "a.b.c" through objects; NULL if absent */
json_t *json_str(struct str s);                                             /* new; repaired if not UTF-8 */

/* Appends the value compactly to b. False on overflow. */
bool json_dump(const json_t *v, struct buf *b);

/* Appends s as a JSON string with quotes: for hot paths that write JSON by hand. */
void json_quote(struct str s, struct buf *b);

void json_auto_decref(json_t **v);
#define AUTO_JSON __attribute__((cleanup(json_auto_decref)))

#endif
