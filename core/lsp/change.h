/* SPDX-License-Identifier: MIT */
/* The message that comes with every key, read without building JSON values: didChange with one change that has a range.
 *
 * Knows this one message. Like parse.h it reports no errors: whatever else comes, or comes in another shape, is for the
 * general way, which must find the same where both find something. */
#ifndef CORE_LSP_CHANGE_H
#define CORE_LSP_CHANGE_H

#include "core/engine/session.h"

enum { CHANGE_URI_BYTES = 2048 };

struct change {
    char uri[CHANGE_URI_BYTES];
    int version;
    struct doc_change edit; /* its text is borrowed from the message or from scratch */
};

bool change_read(struct str message, struct buf *scratch, struct change *ret);

#endif
