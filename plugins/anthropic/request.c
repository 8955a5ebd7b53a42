/* SPDX-License-Identifier: MIT */
/* Writes a request for one message. What repeats from request to request comes first and ends with a cache mark: the
 * instructions and the other files. The text around the cursor comes last, because a change at the front would void
 * everything behind it. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "anthropic.h"

#include <jansson.h>
#include <string.h>

#define DEFAULT_LIMIT 4096 /* the field is mandatory */
#define MAX_STOPS 8

static void write_block(struct draft *d, const struct anthropic *p, struct sy_str text, int mark)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "type", TEXT("text"));
    draft_member(d, "text", text);
    if (mark && p->cache_ttl && draft_wants(d, NULL, "cache_control")) {
        jsonw_key(&d->w, "cache_control");
        jsonw_open(&d->w, '{');
        draft_member(d, "type", TEXT("ephemeral"));
        if (strcmp(p->cache_ttl, "5m") != 0)
            draft_member(d, "ttl", text_c(p->cache_ttl));
        jsonw_close(&d->w, '}');
    }
    jsonw_close(&d->w, '}');
}

static void write_system(struct draft *d, const struct anthropic *p, struct sy_str text)
{
    if (text.n == 0)
        return;
    jsonw_key(&d->w, "system");
    jsonw_open(&d->w, '[');
    write_block(d, p, text, 1);
    jsonw_close(&d->w, ']');
}

static void open_message(struct draft *d, const char *role)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "role", text_c(role));
    jsonw_key(&d->w, "content");
    jsonw_open(&d->w, '[');
}

static void close_message(struct draft *d)
{
    jsonw_close(&d->w, ']');
    jsonw_close(&d->w, '}');
}

static void write_chat(struct draft *d, const struct anthropic *p)
{
    draft_add_system(d);
    write_system(d, p, bytes_str(&d->prompt));
    jsonw_key(&d->w, "messages");
    jsonw_open(&d->w, '[');
    for (size_t i = 0; i < d->req->nmsg; i++) {
        const struct sy_msg *m = draft_message(d, i);

        if (m->text.n == 0) /* empty blocks are refused */
            continue;
        open_message(d, draft_role(m) == SY_ROLE_ASSISTANT ? "assistant" : "user");
        write_block(d, p, m->text, 0);
        close_message(d);
    }
    jsonw_close(&d->w, ']');
}

static void write_hole(struct draft *d, const struct anthropic *p)
{
    write_system(d, p, text_c(draft_hole_system));
    jsonw_key(&d->w, "messages");
    jsonw_open(&d->w, '[');
    open_message(d, "user");
    draft_add_files(d);
    if (d->prompt.n > 0)
        write_block(d, p, bytes_str(&d->prompt), 1);
    bytes_reset(&d->prompt);
    draft_add_hole(d);
    write_block(d, p, bytes_str(&d->prompt), 0);
    close_message(d);
    jsonw_close(&d->w, ']');
}

static void write_limits(struct draft *d, const struct anthropic *p)
{
    if (!json_object_get(d->params, "max_tokens")) {
        jsonw_key(&d->w, "max_tokens");
        jsonw_uint(&d->w, d->req->max_tokens ? d->req->max_tokens : DEFAULT_LIMIT);
    }
    if (p->sampling && d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli > 1000 ? 1000 : d->req->temperature_milli);
    }
    /* Thinking before each completion would cost seconds. */
    if (d->req->kind == SY_REQ_FIM && draft_wants(d, NULL, "thinking")) {
        jsonw_key(&d->w, "thinking");
        jsonw_open(&d->w, '{');
        draft_member(d, "type", TEXT("disabled"));
        jsonw_close(&d->w, '}');
    }
    d->no_blank_stops = 1;
    if (draft_wants(d, NULL, "stop_sequences"))
        draft_stops(d, "stop_sequences", MAX_STOPS, NULL, 0);
}

static void write_body(struct draft *d, const struct anthropic *p)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    if (d->req->kind == SY_REQ_CHAT)
        write_chat(d, p);
    else
        write_hole(d, p);
    write_limits(d, p);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

static int describe(const struct anthropic *p, const struct sy_http *http, const char *method, const char *path)
{
    int r = service_describe(&p->service, http, method, text_c(path));

    if (r >= 0)
        r = service_header(http, "anthropic-version", p->version);
    return r < 0 ? r : service_header(http, "anthropic-beta", p->beta);
}

static int open_exchange(const struct reader_kind *kind, struct anthropic *p, int unfence, void **x)
{
    return reader_open(kind, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

int anthropic_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "system", "stream", NULL};
    struct anthropic *p = self;
    struct draft d;
    const json_t *choice;
    int forced, r;

    r = draft_init(&d, &p->service, req, ours);
    if (r >= 0)
        r = draft_chat_only(&d);
    if (r >= 0) {
        write_body(&d, p);
        r = describe(p, http, "POST", "/messages");
    }
    if (r >= 0)
        r = draft_send(&d, http);
    choice = json_object_get(json_object_get(d.params, "tool_choice"), "type");
    forced = json_is_string(choice) && strcmp(json_string_value(choice), "tool") == 0;
    if (r >= 0)
        r = open_exchange(&anthropic_message, p, req->kind == SY_REQ_FIM, x);
    if (r >= 0)
        ((struct reader *)*x)->flags = forced;
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

int anthropic_models(void *self, const struct sy_http *http, void **x)
{
    int r = describe(self, http, "GET", "/models?limit=1000");

    return r < 0 ? r : open_exchange(&choices_models, self, 0, x);
}
