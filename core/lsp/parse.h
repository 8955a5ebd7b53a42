/* SPDX-License-Identifier: MIT */
/* A faster way to the same JSON values for messages that are in order, as nearly all are: a document of megabytes
 * arrives as one string, and jansson looks at each of its bytes several times.
 *
 * Knows the grammar of JSON and nothing of LSP. It never reports an error: whatever is unusual (a fraction, a bad byte,
 * half a surrogate pair, a mistake) makes it give up, and json_parse() decides. */
#ifndef CORE_LSP_PARSE_H
#define CORE_LSP_PARSE_H

#include "core/base/json.h"

/* New reference; NULL if json_parse() must be asked. scratch is overwritten. */
json_t *parse_quickly(struct str text, struct buf *scratch);

/* The pieces of which that is made, for who wants no values. Each is false if the next thing is something else or
 * unusual; where the parser stands then does not matter. */
struct parser {
    const char *p, *end;
    struct buf *scratch;
    unsigned depth;
};
bool parser_take(struct parser *s, char c); /* this character, and the blanks around it */
bool parser_string(struct parser *s, struct str *ret); /* its meaning: in the text, or in scratch until the next string */
bool parser_integer(struct parser *s, long long *ret);

#endif
