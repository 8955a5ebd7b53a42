/* SPDX-License-Identifier: MIT */
/* LSP's JSON shapes and the plain structs that the engine takes.
 *
 * The read_ functions borrow from the JSON value and set a sentence for whoever sent it; the write_ functions append
 * JSON text. Numbers out of range are clamped, because editors do send them; what is missing or of another type is an
 * error. Knows no method and keeps no state. */
#ifndef CORE_LSP_TYPES_H
#define CORE_LSP_TYPES_H

#include "core/base/json.h"
#include "core/engine/session.h"

struct range {
    struct pos start, end;
};

const char *encoding_name(enum pos_encoding enc);
/* The first of the client's list that we know; UTF-16 if there is no list. */
enum pos_encoding read_encoding(const json_t *capabilities);

int read_position(const json_t *v, struct pos *ret, struct err *e);
int read_range(const json_t *v, struct range *ret, struct err *e);
const char *read_document_uri(const json_t *params, struct err *e); /* textDocument.uri; NULL on error */

/* A content change event. */
int read_change(const json_t *v, struct doc_change *ret, struct err *e);

/* Params of textDocument/inlineCompletion. ret's strings are borrowed from params. */
int read_inline_params(const json_t *params, struct complete_params *ret, struct err *e);

/* The id of an item that comes back from the client: a completion item with our command, or a command. */
const char *read_item_id(const json_t *item);

void write_position(struct pos p, struct buf *out);
void write_range(struct pos start, struct pos end, struct buf *out);

#endif
