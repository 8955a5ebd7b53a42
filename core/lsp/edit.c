/* SPDX-License-Identifier: MIT */
/* Escalated edits: an instruction on a range becomes a workspace edit in the client.
 *
 * Knows no model. Surprising: the command is answered as soon as the edit is on its way to the client, because some
 * clients ask a person first and others never say whether they applied it. */
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/lsp/server_priv.h"

#include <string.h>

#define LOG_MODULE "lsp"

/* Clients cannot ask for an instruction in a code action, so this one must do. */
static const char rewrite_instruction[] = "Make this code simpler and clearer without changing what it does.";

struct edit_task {
    struct server *server;
    struct reply reply;
    char *uri;
};

static void write_text_edits(const struct edit_result *res, struct buf *out)
{
    buf_adds(out, "[{\"range\":");
    write_range(res->start, res->end, out);
    buf_adds(out, ",\"newText\":");
    json_quote(res->text, out);
    buf_adds(out, "}]");
}

static void write_apply(const struct server *s, const char *uri, const struct edit_result *res, struct buf *out)
{
    buf_adds(out, "{\"label\":\"Switchyard: edit\",\"edit\":{");
    if (s->client.document_changes) {
        buf_adds(out, "\"documentChanges\":[{\"textDocument\":{\"uri\":");
        json_quote(str_c(uri), out);
        buf_addf(out, ",\"version\":%d},\"edits\":", res->version);
        write_text_edits(res, out);
        buf_adds(out, "}]}}");
    } else {
        buf_adds(out, "\"changes\":{");
        json_quote(str_c(uri), out);
        buf_addc(out, ':');
        write_text_edits(res, out);
        buf_adds(out, "}}}");
    }
}

static void on_applied(void *ctx, const json_t *result, const struct err *e)
{
    const char *why = json_get_cstr(result, "failureReason", "no reason given");

    (void)ctx;
    if (e->code == ERR_PROTO)
        log_info("the editor refused an edit: %s", e->text);
    else if (!e->code && !json_get_bool(result, "applied", true))
        log_info("the editor did not apply an edit: %s", why);
}

static void send_edit(struct edit_task *t, const struct edit_result *res)
{
    struct server *s = t->server;

    buf_reset(&s->text);
    write_apply(s, t->uri, res, &s->text);
    rpc_call(s->rpc, "workspace/applyEdit", buf_str(&s->text), on_applied, s);
    buf_reset(&s->text);
    buf_adds(&s->text, "{\"target\":");
    json_quote(str_c(res->target), &s->text);
    buf_adds(&s->text, ",\"decision\":");
    json_quote(str_c(res->decision), &s->text);
    buf_addf(&s->text, ",\"latencyUs\":%llu}", (unsigned long long)res->latency_us);
    reply_result(t->reply, buf_str(&s->text));
}

static void on_edited(void *ctx, const struct edit_result *res, const struct err *e)
{
    struct edit_task *t = ctx;
    const struct document *d = session_document(t->server->session, t->uri);

    if (e->code)
        reply_fail(t->reply, e);
    else if (!d || d->version != res->version)
        reply_error(t->reply, RPC_CONTENT_MODIFIED, "the text changed while the edit was made; nothing was applied");
    else
        send_edit(t, res);
    free(t->uri);
    free(t);
}

void command_edit(struct server *s, struct reply r, const json_t *arguments)
{
    const json_t *a = json_array_get(arguments, 0);
    struct edit_params p = { .enc = s->enc, .instruction = json_get_str(a, "instruction") };
    struct err e = { 0 };
    struct edit_task *t;
    struct range range;
    uint64_t task;

    p.uri = read_document_uri(a, &e);
    if (!e.code)
        (void)read_range(json_object_get(a, "range"), &range, &e);
    if (!e.code && str_trim(p.instruction).n == 0)
        err_set(&e, ERR_INVALID, "'switchyard.edit' needs the string 'instruction'");
    else if (!e.code && !session_document(s->session, p.uri))
        err_set(&e, ERR_INVALID, "%.200s is not open", p.uri);
    else if (!e.code && !s->client.apply_edit)
        err_set(&e, ERR_UNSUPPORTED, "this editor cannot apply edits that a server makes");
    else if (!e.code && rpc_is_full(s->rpc))
        err_set(&e, ERR_OVERLOADED, "too many unanswered requests");
    if (e.code) {
        reply_fail(r, &e);
        return;
    }
    p.start = range.start;
    p.end = range.end;
    t = mem_alloc(sizeof *t);
    *t = (struct edit_task) { .server = s, .reply = r, .uri = mem_strdup(p.uri) };
    task = session_edit(s->session, &p, on_edited, t);
    if (task)
        reply_wait(r, task);
}

static bool is_wanted(const json_t *only)
{
    if (!json_is_array(only))
        return true;
    for (size_t i = 0; i < json_array_size(only); i++) {
        const char *kind = json_string_value(json_array_get(only, i));

        if (kind && (strcmp(kind, "") == 0 || strcmp(kind, "refactor") == 0 || strcmp(kind, "refactor.rewrite") == 0))
            return true;
    }
    return false;
}

static void write_action(const struct server *s, const char *uri, const struct range *range, struct buf *out)
{
    if (s->client.code_actions)
        buf_adds(out, "{\"title\":\"Switchyard: rewrite selection\",\"kind\":\"refactor.rewrite\",\"command\":");
    buf_adds(out, "{\"title\":\"Switchyard: rewrite selection\",\"command\":\"switchyard.edit\","
                  "\"arguments\":[{\"textDocument\":{\"uri\":");
    json_quote(str_c(uri), out);
    buf_adds(out, "},\"range\":");
    write_range(range->start, range->end, out);
    buf_adds(out, ",\"instruction\":");
    json_quote(str_c(rewrite_instruction), out);
    buf_adds(out, "}]}");
    if (s->client.code_actions)
        buf_addc(out, '}');
}

void handle_code_action(struct server *s, struct reply r, const json_t *params)
{
    struct err e = { 0 };
    const char *uri = read_document_uri(params, &e);
    struct range range;

    if (!uri || read_range(json_object_get(params, "range"), &range, &e) < 0) {
        reply_fail(r, &e);
        return;
    }
    buf_reset(&s->text);
    buf_addc(&s->text, '[');
    if (memcmp(&range.start, &range.end, sizeof range.start) != 0 && s->client.apply_edit &&
        is_wanted(json_get(params, "context.only")))
        write_action(s, uri, &range, &s->text);
    buf_addc(&s->text, ']');
    reply_result(r, buf_str(&s->text));
}
