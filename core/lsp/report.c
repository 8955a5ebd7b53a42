/* SPDX-License-Identifier: MIT */
/* Status and explanations, as requests and as commands. Knows nothing of their contents. */
#include "core/base/limits.h"
#include "core/lsp/server_priv.h"

#include <string.h>

static void reply_status(struct server *s, struct reply r)
{
    buf_reset(&s->text);
    session_status(s->session, &s->text);
    reply_result(r, buf_str(&s->text));
}

void handle_status(struct server *s, struct reply r, const json_t *params)
{
    (void)params;
    reply_status(s, r);
}

void command_status(struct server *s, struct reply r, const json_t *arguments)
{
    (void)arguments;
    reply_status(s, r);
}

/* JSON as it is; text as {"text": …}, or as a mere string for commands. */
static void reply_explain(struct server *s, struct reply r, const char *decision, bool json, bool bare)
{
    AUTO_BUF struct buf b = { 0 };
    struct err e = { 0 };

    buf_init(&b, MAX_EXPLAIN_BYTES);
    if (session_explain(s->session, decision, json, &b, &e) < 0) {
        reply_fail(r, &e);
        return;
    }
    if (json) {
        reply_result(r, str_trim(buf_str(&b)));
        return;
    }
    buf_reset(&s->text);
    buf_adds(&s->text, bare ? "" : "{\"text\":");
    json_quote(buf_str(&b), &s->text);
    buf_adds(&s->text, bare ? "" : "}");
    reply_result(r, buf_str(&s->text));
}

void handle_explain(struct server *s, struct reply r, const json_t *params)
{
    bool json = strcmp(json_get_cstr(params, "format", "text"), "json") == 0;

    reply_explain(s, r, json_get_cstr(params, "decision", NULL), json, false);
}

void command_explain(struct server *s, struct reply r, const json_t *arguments)
{
    reply_explain(s, r, json_string_value(json_array_get(arguments, 0)), false, true);
}
