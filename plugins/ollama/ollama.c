/* SPDX-License-Identifier: MIT */
/* Ollama's own interface: generate with a suffix, generate with a raw prompt, and chat; answers are lines of JSON. It knows
 * no model by name: a model whose template cannot insert says so once, and the provider's fim_format is used after that. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "../common/fim.h"
#include "../common/jsonr.h"
#include "../common/refusal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STOPS 16

struct ollama {
    struct service service;
    struct sy_str keep_alive;
};

enum { SUFFIX, RAW, CHAT };

static const char *const optional_members[] = {"temperature", "stop", "num_predict", "think", NULL};
static const char *const wrong_tails[] = {"/api", "/v1", "/api/generate", "/api/chat", NULL};
static const char *const parts[] = {"options", NULL};

static const struct service_kind kind = {
    .base = "http://127.0.0.1:11434",
    .tails = wrong_tails,
    .base_is = "the part before /api (for /v1 use the plugin openai)",
    .members = optional_members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

static void ollama_close(void *self)
{
    struct ollama *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int ollama_open(const struct sy_host *host, void **self)
{
    struct ollama *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = service_init(&p->service, host, &kind);
    if (r < 0) {
        ollama_close(p);
        return r;
    }
    p->keep_alive = service_option(host, "keep_alive");
    *self = p;
    return SY_OK;
}

/* ---- request ---- */

static void write_options(struct draft *d, const struct fim_format *f, int form)
{
    jsonw_key(&d->w, parts[0]);
    jsonw_open(&d->w, '{');
    if (d->req->max_tokens > 0 && draft_wants(d, parts[0], "num_predict")) {
        jsonw_key(&d->w, "num_predict");
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, parts[0], "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, parts[0], "stop"))
        draft_stops(d, "stop", MAX_STOPS, f, form != CHAT);
    draft_params(d, parts[0], NULL);
    jsonw_close(&d->w, '}');
}

static void write_prompt(struct draft *d, const struct fim_format *f, int form)
{
    if (form == CHAT) {
        jsonw_key(&d->w, "messages");
        draft_chat_messages(d, 1);
        return;
    }
    if (f)
        fim_prompt(f, d->req, &d->prompt);
    draft_member(d, "prompt", f ? bytes_str(&d->prompt) : d->req->prefix);
    if (form == RAW) {
        jsonw_key(&d->w, "raw");
        jsonw_bool(&d->w, 1);
    } else if (d->req->suffix.n > 0) {
        draft_member(d, "suffix", d->req->suffix);
    }
}

static void write_body(struct draft *d, const struct ollama *p, const struct fim_format *f, int form)
{
    uint64_t seconds;

    jsonw_open(&d->w, '{');
    draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    write_prompt(d, f, form);
    if (d->req->kind == SY_REQ_FIM && form == CHAT && draft_wants(d, NULL, "think")) {
        jsonw_key(&d->w, "think");
        jsonw_bool(&d->w, 0);
    }
    if (p->keep_alive.n > 0 && draft_wants(d, NULL, "keep_alive")) {
        jsonw_key(&d->w, "keep_alive");
        if (text_u64(p->keep_alive, &seconds))
            jsonw_uint(&d->w, seconds);
        else if (text_eq(p->keep_alive, "-1"))
            jsonw_raw(&d->w, p->keep_alive);
        else
            jsonw_string(&d->w, p->keep_alive);
    }
    write_options(d, f, form);
    draft_params(d, NULL, parts);
    jsonw_close(&d->w, '}');
}

/* ---- answer ---- */

static void read_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str message = jsonr_get(json, "message");

    (void)type;
    if (choices_failed(r, json))
        return;
    reader_model(r, reader_string(r, jsonr_get(json, "model")));
    reader_json_text(r, jsonr_get(json, "response"));
    reader_json_text(r, jsonr_get(message, "content"));
    if (jsonr_kind(jsonr_get(message, "tool_calls")) == '[')
        r->flags = 1;
    if (jsonr_kind(jsonr_get(json, "done")) != 't')
        return;
    r->n[0] = jsonr_count(jsonr_get(json, "prompt_eval_count"));
    r->n[3] = jsonr_count(jsonr_get(json, "eval_count"));
    reader_finish(r, reader_string(r, jsonr_get(json, "done_reason")));
    reader_conclude(r);
}

static int conclude(struct reader *r)
{
    reader_usage(r, r->n, 1);
    if (strcmp(r->finish, "length") == 0)
        return SY_STOP_LENGTH;
    return r->flags ? SY_STOP_TOOL : SY_STOP_END;
}

static void refused(struct reader *r, struct oaierr *e)
{
    struct ollama *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    if (e->code != SY_EUNSUPPORTED || !strstr(e->text, "insert")) {
        refusal_learn(e, &p->service);
        return;
    }
    p->service.about->no_suffix = 1;
    if (p->service.fim_format.n > 0 && !text_eq(p->service.fim_format, "suffix"))
        refusal_remembered(e, "fim_format of the provider is used from now on");
}

static const struct reader_kind answer = {
    .lines = 1,
    .event = read_event,
    .conclude = conclude,
    .refused = refused,
    .what = "a completion",
};

static int models_document(struct reader *r, struct sy_str json)
{
    struct sy_str list = jsonr_get(json, "models"), m;

    if (choices_failed(r, json))
        return 1;
    if (jsonr_kind(list) != '[')
        return 0;
    while (jsonr_element(&list, &m))
        reader_listed(r, reader_string(r, jsonr_get(m, "name")), 0, 0);
    return 1;
}

static int models_conclude(struct reader *r)
{
    (void)r;
    return SY_STOP_END;
}

static const struct reader_kind model_list = {.document = models_document, .conclude = models_conclude, .what = "a list of models"};

/* ---- exchange ---- */

static int open_exchange(const struct reader_kind *reader, struct ollama *p, int unfence, void **x)
{
    return reader_open(reader, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

static int ollama_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "prompt", "suffix", "stream", "raw", NULL};
    struct ollama *p = self;
    const struct fim_format *f = NULL;
    struct sy_str word = TEXT("chat");
    struct draft d;
    int form, r;

    r = draft_init(&d, &p->service, req, ours);
    if (r >= 0 && req->kind == SY_REQ_FIM)
        r = draft_family(&d, p->service.about->no_suffix, &f, &word);
    form = f ? RAW : text_eq(word, "chat") ? CHAT : SUFFIX;
    if (r >= 0) {
        write_body(&d, p, f, form);
        r = service_describe(&p->service, http, "POST", text_c(form == CHAT ? "/api/chat" : "/api/generate"));
    }
    if (r >= 0)
        r = draft_send(&d, http);
    if (r >= 0)
        r = open_exchange(&answer, p, form == CHAT && req->kind == SY_REQ_FIM, x);
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

static int ollama_models(void *self, const struct sy_http *http, void **x)
{
    struct ollama *p = self;
    int r = service_describe(&p->service, http, "GET", TEXT("/api/tags"));

    return r < 0 ? r : open_exchange(&model_list, p, 0, x);
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "ollama",
    .version = "1.0.0",
    .summary = "Ollama's own interface: holes by suffix or raw prompt, and chat",
    .options = "base_url keep_alive accepts fim_format",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM,
    .open = ollama_open,
    .close = ollama_close,
    .begin = ollama_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = ollama_models,
};

SY_PROVIDER_ENTRY(ollama)
{
    return &provider;
}
