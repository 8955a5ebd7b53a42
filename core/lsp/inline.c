/* SPDX-License-Identifier: MIT */
/* Completions on the wire: ghost text, and menu items for clients that know no ghost text.
 *
 * A failing provider is no error to the client: editors show an error at every key, so the answer is an empty list and
 * the sentence is shown once. Surprising: a menu item replaces the whole word before the caret, because menus
 * are filtered by that word and would drop an item that only continues it. */
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/lsp/server_priv.h"

#include <math.h>

enum {
    WORD_BYTES = 128, /* looked at before the caret */
    LABEL_BYTES = 72
};

struct asked {
    struct server *server;
    struct reply reply;
    char *uri;
    struct pos caret;
    bool menu;
};

static void write_command(const struct complete_item *item, struct buf *out)
{
    buf_adds(out, "\"command\":{\"title\":\"Accepted\",\"command\":\"switchyard.accept\",\"arguments\":[");
    json_quote(str_c(item->id), out);
    buf_adds(out, "]}");
}

static void write_inline_item(const struct server *s, const struct complete_item *item, struct buf *out)
{
    buf_adds(out, "{\"insertText\":");
    json_quote(item->text, out);
    buf_adds(out, ",\"range\":");
    write_range(item->start, item->end, out);
    buf_addc(out, ',');
    write_command(item, out);
    if (s->client.details) {
        buf_adds(out, ",\"switchyard\":{\"target\":");
        json_quote(str_c(item->target), out);
        if (item->confidence >= 0 && isfinite(item->confidence))
            buf_addf(out, ",\"confidence\":%.3f", item->confidence);
        buf_addc(out, '}');
    }
    buf_addc(out, '}');
}

static void write_details(const struct complete_result *res, struct buf *out)
{
    buf_adds(out, ",\"switchyard\":{\"reason\":");
    json_quote(str_c(res->reason), out);
    buf_adds(out, ",\"decision\":");
    json_quote(str_c(res->decision), out);
    buf_addf(out, ",\"latencyUs\":%llu}", (unsigned long long)res->latency_us);
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c < 0;
}

/* Appends the word that ends at *start to out and moves *start to its beginning. */
static void take_word(const struct asked *a, struct pos *start, struct buf *out)
{
    const struct document *d = session_document(a->server->session, a->uri);
    enum pos_encoding enc = a->server->enc;
    AUTO_BUF struct buf line = { 0 };
    size_t at, from, n;

    if (!d)
        return;
    buf_init(&line, WORD_BYTES);
    at = pos_to_byte(d->rope, enc, *start);
    from = rope_line_start(d->rope, rope_line_of(d->rope, at));
    from = at - from > WORD_BYTES ? at - WORD_BYTES : from;
    rope_copy(d->rope, from, at, &line);
    n = line.n;
    while (n > 0 && is_word_byte(line.p[n - 1]))
        n--;
    buf_addstr(out, str_sub(buf_str(&line), n, line.n));
    *start = pos_of_byte(d->rope, enc, at - (line.n - n));
}

static void write_menu_item(const struct asked *a, const struct complete_item *item, struct buf *out)
{
    AUTO_BUF struct buf text = { 0 };
    struct pos start = item->start;
    struct str rest, first, label;

    buf_init(&text, out->max);
    if (start.line == a->caret.line && start.col == a->caret.col)
        take_word(a, &start, &text);
    buf_addstr(&text, item->text);
    rest = buf_str(&text);
    do {
        first = str_line(&rest);
        label = str_trim(first);
    } while (label.n == 0 && rest.n > 0);
    buf_adds(out, "{\"label\":");
    if (label.n > LABEL_BYTES || str_trim(rest).n > 0) {
        AUTO_BUF struct buf cut = { 0 };

        buf_init(&cut, LABEL_BYTES + 8);
        buf_addstr(&cut, str_sub(label, 0, label.n > LABEL_BYTES ? utf8_floor(label, LABEL_BYTES) : label.n));
        buf_adds(&cut, " …");
        json_quote(buf_str(&cut), out);
    } else {
        json_quote(label, out);
    }
    buf_adds(out, ",\"kind\":1,\"detail\":");
    json_quote(str_c(item->target), out);
    buf_adds(out, ",\"preselect\":false,\"sortText\":\"~\",\"filterText\":");
    json_quote(first, out);
    buf_adds(out, ",\"insertTextFormat\":1,\"textEdit\":{\"range\":");
    write_range(start, item->end, out);
    buf_adds(out, ",\"newText\":");
    json_quote(buf_str(&text), out);
    buf_adds(out, "},");
    write_command(item, out);
    buf_addc(out, '}');
}

static void write_list(const struct asked *a, const struct complete_result *res, struct buf *out)
{
    const struct server *s = a->server;

    buf_adds(out, a->menu ? "{\"isIncomplete\":true,\"items\":[" : "{\"items\":[");
    for (size_t i = 0; i < res->nitems; i++) {
        if (i)
            buf_addc(out, ',');
        if (a->menu)
            write_menu_item(a, &res->items[i], out);
        else
            write_inline_item(s, &res->items[i], out);
    }
    buf_addc(out, ']');
    if (s->client.details && !a->menu)
        write_details(res, out);
    buf_addc(out, '}');
}

static void on_completed(void *ctx, const struct complete_result *res, const struct err *e)
{
    struct asked *a = ctx;
    struct server *s = a->server;

    if (e->code == ERR_CANCELLED || e->code == ERR_INVALID || e->code == ERR_BUG) {
        reply_fail(a->reply, e);
    } else {
        buf_reset(&s->text);
        write_list(a, res, &s->text);
        reply_result(a->reply, buf_str(&s->text));
        if (res->failed || (e->code && e->code != ERR_STALE))
            server_show(s, MESSAGE_WARNING, e->code ? e->text : res->reason);
    }
    free(a->uri);
    free(a);
}

static void start_completion(struct server *s, struct reply r, struct complete_params *p, bool menu)
{
    struct asked *a;
    uint64_t task;

    p->enc = s->enc;
    if (!session_document(s->session, p->uri)) {
        reply_error(r, RPC_INVALID_PARAMS, "%.200s is not open", p->uri);
        return;
    }
    if (rpc_is_full(s->rpc)) {
        reply_error(r, RPC_REQUEST_FAILED, "too many unanswered requests");
        return;
    }
    a = mem_alloc(sizeof *a);
    *a = (struct asked) { .server = s, .reply = r, .uri = mem_strdup(p->uri), .caret = p->pos, .menu = menu };
    task = session_complete(s->session, p, on_completed, a);
    if (task)
        reply_wait(r, task);
}

void handle_inline_completion(struct server *s, struct reply r, const json_t *params)
{
    struct complete_params p;
    struct err e = { 0 };

    if (read_inline_params(params, &p, &e) < 0)
        reply_fail(r, &e);
    else
        start_completion(s, r, &p, false);
}

void handle_completion(struct server *s, struct reply r, const json_t *params)
{
    struct complete_params p;
    struct err e = { 0 };

    if (read_inline_params(params, &p, &e) < 0) {
        reply_fail(r, &e);
        return;
    }
    /* "Invoked" means typing as well here, so it cannot be taken as a wish. */
    p.trigger = COMPLETE_AUTOMATIC;
    start_completion(s, r, &p, true);
}
