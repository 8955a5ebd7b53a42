/* SPDX-License-Identifier: MIT */
/* Takes the code fence off an answer that a chat model wrapped in one, while it streams.
 *
 * Only a fence that encloses the whole answer is removed; fences inside are text. What might still turn out to be the
 * closing fence is held back until the next piece shows what it is. */
#ifndef PLUGINS_COMMON_FENCE_H
#define PLUGINS_COMMON_FENCE_H

#include "bytes.h"

struct fence {
    int state, opening; /* opening: the line end of the first line is still held */
    size_t out;         /* bytes of held that the last call returned */
    struct bytes held;
};

void fence_init(struct fence *f, size_t max_bytes);
void fence_fini(struct fence *f);
/* Both return text that is sure now; it is valid until the next call on f. */
struct sy_str fence_push(struct fence *f, struct sy_str piece);
struct sy_str fence_end(struct fence *f);

#endif
