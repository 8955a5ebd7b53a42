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

#endif
