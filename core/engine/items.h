/* SPDX-License-Identifier: MIT */
/* What was offered lately, so that the editor can say what became of it by naming an id. */
#ifndef CORE_ENGINE_ITEMS_H
#define CORE_ENGINE_ITEMS_H

#include "core/engine/session.h"

struct items;
struct items *items_new(void);
void items_free(struct items *it);

/* Gives the item its id and remembers it. `task` makes ids of one request alike: "5-1", "5-2". */
void items_add(struct session *s, struct complete_item *item, uint64_t task);

#endif
