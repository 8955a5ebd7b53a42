/* SPDX-License-Identifier: MIT */
/* What became of a completion: shown, taken, taken in part, turned down.
 * Ids that the engine has forgotten are no mistake: an editor may keep an item for longer than we do. */
#include "core/base/log.h"
#include "core/lsp/server_priv.h"

#define LOG_MODULE "lsp"

static void item_event(struct server *s, const json_t *params, enum item_event ev, size_t accepted_u16)
{
    const char *id = read_item_id(json_object_get(params, "item"));
    struct err e = { 0 };

    if (!id)
        log_debug("an item without its command");
    else if (session_event(s->session, id, ev, accepted_u16, &e) < 0)
        log_debug("%s", e.text);
}

void handle_did_show(struct server *s, const json_t *params)
{
    item_event(s, params, ITEM_SHOWN, 0);
}

void handle_did_accept_partly(struct server *s, const json_t *params)
{
    long long n = json_get_int(params, "acceptedLength", 0);

    if (n > 0)
        item_event(s, params, ITEM_PARTLY, (size_t)n);
}

void handle_did_reject(struct server *s, const json_t *params)
{
    item_event(s, params, ITEM_DISMISSED, 0);
}

void command_accept(struct server *s, struct reply r, const json_t *arguments)
{
    const char *id = json_string_value(json_array_get(arguments, 0));
    struct err e = { 0 };

    if (!id) {
        reply_error(r, RPC_INVALID_PARAMS, "'switchyard.accept' needs the item's id");
        return;
    }
    if (session_event(s->session, id, ITEM_ACCEPTED, 0, &e) < 0)
        log_debug("%s", e.text);
    reply_result(r, STR("null"));
}
