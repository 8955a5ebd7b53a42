/* SPDX-License-Identifier: MIT */
#include "core/engine/items.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/session_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 256

struct offered {
    char id[24];
    size_t length16, accepted16;
    bool shown, settled;
};

struct items {
    struct offered o[ITEMS];
    size_t at;
    uint64_t last_task;
    unsigned nth;
};

struct items *items_new(void)
{
    return mem_zalloc(sizeof(struct items));
}

void items_free(struct items *it)
{
    free(it);
}

void items_add(struct session *s, struct complete_item *item, uint64_t task)
{
    struct items *it = s->items;
    struct offered *o = &it->o[it->at++ % ITEMS];

    it->nth = task == it->last_task ? it->nth + 1 : 1;
    it->last_task = task;
    memset(o, 0, sizeof *o);
    snprintf(o->id, sizeof o->id, "%x-%" PRIx64 "-%u", (unsigned)getpid(), task & 0xffffffff, it->nth);
    o->length16 = utf16_len(item->text);
    memcpy(item->id, o->id, sizeof item->id);
}

int session_event(struct session *s, const char *item_id, enum item_event ev, size_t accepted_u16, struct err *e)
{
    struct offered *o = NULL;

    for (size_t i = 0; i < ITEMS && !o; i++)
        if (s->items->o[i].id[0] && strcmp(s->items->o[i].id, item_id) == 0)
            o = &s->items->o[i];
    if (!o)
        return err_set(e, ERR_NOT_FOUND, "no suggestion has the id '%s'", item_id);
    switch (ev) {
    case ITEM_SHOWN:
        s->count.shown += !o->shown;
        o->shown = true;
        break;
    case ITEM_PARTLY:
        s->count.partly += o->accepted16 == 0 && accepted_u16 > 0;
        o->accepted16 = MAX(o->accepted16, MIN(accepted_u16, o->length16));
        break;
    case ITEM_ACCEPTED:
        s->count.accepted += !o->settled;
        o->settled = true;
        break;
    case ITEM_DISMISSED:
        s->count.dismissed += !o->settled;
        o->settled = true;
        reuse_drop(s->reuse, item_id);
        break;
    }
    return 0;
}
