/* SPDX-License-Identifier: MIT */
/* Writes the request: chat, Responses, text with a suffix field, or text with a raw fill-in-the-middle prompt.
 *
 * Every request streams, also where the whole text is wanted: servers notice a closed connection much sooner then, and a
 * cancelled completion stops costing. The target's params are laid over ours: a member there replaces what this file
 * would write, and null leaves it out. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "../common/fim.h"
#include "openai.h"

#include <string.h>

enum { CHAT, TEXT_COMPLETION, RESPONSES };

static const struct reader_kind completion = {
    .eof_ends = 1,
    .event = choices_event,
    .document = choices_document,
    .conclude = choices_conclude,
    .refused = openai_refused,
    .what = "a completion",
};

/* ---- members ---- */

static void write_head(struct draft *d, const struct openai *p, int form)
{
    jsonw_open(&d->w, '{');
    if (d->req->model.n > 0)
        draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    if (form == RESPONSES && draft_wants(d, NULL, "store")) {
        jsonw_key(&d->w, "store");
        jsonw_bool(&d->w, 0);
    }
    if (!draft_wants(d, NULL, "stream_options") || (form == RESPONSES && !p->official))
        return;
    jsonw_key(&d->w, "stream_options");
    jsonw_open(&d->w, '{');
    if (form != RESPONSES) {
        jsonw_key(&d->w, "include_usage");
        jsonw_bool(&d->w, 1);
    }
    /* Random padding in every chunk, which only this service has. */
    if (p->official) {
        jsonw_key(&d->w, "include_obfuscation");
        jsonw_bool(&d->w, 0);
    }
    jsonw_close(&d->w, '}');
}

static void write_limits(struct draft *d, const struct openai *p, int form)
{
    const char *field = "max_tokens";

    if (form == RESPONSES)
        field = "max_output_tokens";
    else if (form == CHAT && p->max_tokens_field.n > 0)
        field = text_eq(p->max_tokens_field, "max_tokens") ? "max_tokens" : "max_completion_tokens";
    else if (form == CHAT)
        field = p->service.about->other_limit ? "max_completion_tokens" : p->quirks->max_tokens;
    if (d->req->max_tokens > 0 && draft_wants(d, NULL, "max_tokens") && draft_wants(d, NULL, field)) {
        jsonw_key(&d->w, field);
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
}

static void write_stop(struct draft *d, const struct openai *p, const struct fim_format *f, int form)
{
    size_t max = form == CHAT ? 4 : f ? 16 : p->quirks->max_stop;

    /* Responses have no such field. */
    if (form != RESPONSES && draft_wants(d, NULL, "stop"))
        draft_stops(d, "stop", p->max_stop ? p->max_stop : max, f, form == TEXT_COMPLETION);
}

/* ---- prompts ---- */

/* Responses have the instructions beside the messages. */
static void write_messages(struct draft *d, int form)
{
    if (form == RESPONSES && d->req->kind == SY_REQ_FIM)
        draft_member(d, "instructions", text_c(draft_hole_system));
    if (form == RESPONSES && d->req->kind == SY_REQ_CHAT) {
        draft_add_system(d);
        if (d->prompt.n > 0)
            draft_member(d, "instructions", bytes_str(&d->prompt));
    }
    jsonw_key(&d->w, form == RESPONSES ? "input" : "messages");
    bytes_reset(&d->prompt);
    draft_chat_messages(d, form == CHAT);
}

static void write_text(struct draft *d, const struct fim_format *f)
{
    struct sy_str prompt = d->req->prefix;

    if (f) {
        fim_prompt(f, d->req, &d->prompt);
        prompt = bytes_str(&d->prompt);
    }
    draft_member(d, "prompt", prompt);
    if (!f && d->req->suffix.n > 0 && draft_wants(d, NULL, "suffix"))
        draft_member(d, "suffix", d->req->suffix);
}

static void write_body(struct draft *d, const struct openai *p, const struct fim_format *f, int form)
{
    write_head(d, p, form);
    if (form == TEXT_COMPLETION)
        write_text(d, f);
    else
        write_messages(d, form);
    write_limits(d, p, form);
    write_stop(d, p, f, form);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

/* ---- the exchange ---- */

static int choose_form(struct draft *d, const struct openai *p, const struct fim_format **f, int *form)
{
    struct sy_str word;
    int r;

    *f = NULL;
    *form = p->responses ? RESPONSES : CHAT;
    if (d->req->kind == SY_REQ_CHAT)
        return SY_OK;
    r = draft_family(d, p->service.about->no_suffix, f, &word);
    if (*f || !text_eq(word, "chat"))
        *form = TEXT_COMPLETION;
    return r;
}

static int describe(const struct openai *p, const struct sy_http *http, const char *method, const char *path)
{
    const struct {
        const char *name;
        struct sy_str value;
    } headers[] = {{"OpenAI-Organization", p->organization}, {"OpenAI-Project", p->project}, {"HTTP-Referer", p->referer},
                   {"X-Title", p->title}};
    struct sy_str where = text_c(path);
    size_t n = strlen(p->service.base);
    int r;

    /* DeepSeek's beta path, unless base_url has it already. */
    if (strncmp(path, "/beta/", 6) == 0 && n > 5 && strcmp(p->service.base + n - 5, "/beta") == 0)
        where = text_c(path + 5);
    r = service_describe(&p->service, http, method, where);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && r >= 0; i++)
        r = service_header(http, headers[i].name, headers[i].value);
    return r;
}

static int open_exchange(const struct reader_kind *kind, struct openai *p, int unfence, void **x)
{
    return reader_open(kind, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

int openai_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "prompt", "suffix", "stream", "input", "instructions", NULL};
    struct openai *p = self;
    const char *const paths[] = {"/chat/completions", p->quirks->text_path, "/responses"};
    const struct fim_format *f = NULL;
    struct draft d;
    int form = CHAT, r;

    r = draft_init(&d, &p->service, req, ours);
    if (r >= 0)
        r = choose_form(&d, p, &f, &form);
    if (r >= 0) {
        write_body(&d, p, f, form);
        r = describe(p, http, "POST", paths[form]);
    }
    if (r >= 0)
        r = draft_send(&d, http);
    if (r >= 0)
        r = open_exchange(form == RESPONSES ? &openai_responses : &completion, p, form != TEXT_COMPLETION && req->kind == SY_REQ_FIM, x);
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

int openai_models(void *self, const struct sy_http *http, void **x)
{
    int r = describe(self, http, "GET", "/models");

    return r < 0 ? r : open_exchange(&choices_models, self, 0, x);
}
