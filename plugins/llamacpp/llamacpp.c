/* SPDX-License-Identifier: MIT */
/* llama.cpp's server: holes at /infill, where the server itself knows how its model wants them, raw prompts at
 * /completion, chats at /v1/chat/completions. A model without tokens for holes says so once, and the provider's fim_format
 * is used after that. A target with "n_predict": 0 in its params only warms the server up. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "../common/fim.h"
#include "../common/jsonr.h"
#include "../common/refusal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STOPS 16

struct llamacpp {
    struct service service;
};

enum { INFILL, RAW, CHAT };

static const char *const optional_members[] = {"temperature", "stop", "max_tokens", "cache_prompt", "input_extra", NULL};
static const char *const wrong_tails[] = {"/v1", "/infill", "/completion", "/completions", "/models", NULL};

static const struct service_kind kind = {
    .base = "http://127.0.0.1:8080",
    .tails = wrong_tails,
    .base_is = "the part before /infill and /v1",
    .members = optional_members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

static void llamacpp_close(void *self)
{
    struct llamacpp *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int llamacpp_open(const struct sy_host *host, void **self)
{
    struct llamacpp *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = service_init(&p->service, host, &kind);
    if (r < 0) {
        llamacpp_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

/* ---- request ---- */

static void write_files(struct draft *d)
{
    const char *at = (const char *)d->req->extra;

    if (d->req->nextra == 0 || !draft_wants(d, NULL, "input_extra"))
        return;
    jsonw_key(&d->w, "input_extra");
    jsonw_open(&d->w, '[');
    for (size_t i = 0; i < d->req->nextra; i++, at += d->req->extra_stride) {
        const struct sy_file *file = (const struct sy_file *)(const void *)at;

        jsonw_open(&d->w, '{');
        draft_member(d, "filename", file->path);
        draft_member(d, "text", file->text);
        jsonw_close(&d->w, '}');
    }
    jsonw_close(&d->w, ']');
}

static void write_prompt(struct draft *d, const struct fim_format *f, int form)
{
    if (form == CHAT) {
        jsonw_key(&d->w, "messages");
        draft_chat_messages(d, 1);
        return;
    }
    if (form == RAW) {
        fim_prompt(f, d->req, &d->prompt);
        draft_member(d, "prompt", bytes_str(&d->prompt));
        return;
    }
    draft_member(d, "input_prefix", d->req->prefix);
    draft_member(d, "input_suffix", d->req->suffix);
    write_files(d);
    /* The server joins it to the prefix; it is there because older ones insist on it. */
    draft_member(d, "prompt", TEXT(""));
}

static void write_body(struct draft *d, const struct fim_format *f, int form)
{
    const char *limit = form == CHAT ? "max_tokens" : "n_predict";

    jsonw_open(&d->w, '{');
    if (d->req->model.n > 0) /* a router of several servers chooses by it */
        draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    write_prompt(d, f, form);
    if (d->req->max_tokens > 0 && draft_wants(d, NULL, "max_tokens") && draft_wants(d, NULL, limit)) {
        jsonw_key(&d->w, limit);
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, NULL, "stop"))
        draft_stops(d, "stop", MAX_STOPS, f, form != CHAT);
    if (draft_wants(d, NULL, "cache_prompt")) {
        jsonw_key(&d->w, "cache_prompt");
        jsonw_bool(&d->w, 1);
    }
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

/* ---- answer ---- */

static void read_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str timings = jsonr_get(json, "timings");

    if (choices_failed(r, json))
        return;
    if (text_eq(type, "error")) {
        reader_fail_as_told(r, json);
        return;
    }
    reader_model(r, reader_string(r, jsonr_get(json, "model")));
    if (!r->flags)
        reader_json_text(r, jsonr_get(json, "content"));
    if (jsonr_kind(jsonr_get(json, "stop")) != 't')
        return;
    r->n[0] = jsonr_count(jsonr_get(timings, "prompt_n"));
    r->n[1] = jsonr_count(jsonr_get(timings, "cache_n"));
    r->n[3] = jsonr_count(jsonr_get(timings, "predicted_n"));
    reader_finish(r, reader_string(r, jsonr_get(json, "stop_type")));
    reader_conclude(r);
}

static int read_document(struct reader *r, struct sy_str json)
{
    if (jsonr_kind(jsonr_get(json, "content")) != '"' && !choices_failed(r, json))
        return 0;
    if (!r->done)
        read_event(r, TEXT(""), json);
    return 1;
}

static int conclude(struct reader *r)
{
    if (r->n[0] + r->n[1] + r->n[3] > 0)
        reader_usage(r, r->n, 1);
    if (strcmp(r->finish, "limit") == 0)
        return SY_STOP_LENGTH;
    return strcmp(r->finish, "word") == 0 ? SY_STOP_SEQUENCE : SY_STOP_END;
}

static void refused(struct reader *r, struct oaierr *e)
{
    struct llamacpp *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    if (e->code != SY_EUNSUPPORTED || e->status != 501) {
        refusal_learn(e, &p->service);
        return;
    }
    p->service.about->no_suffix = 1;
    if (p->service.fim_format.n > 0 && !text_eq(p->service.fim_format, "suffix"))
        refusal_remembered(e, "fim_format of the provider is used from now on");
}

/* flags: a warm-up, for which the server makes one token all the same. */
static const struct reader_kind native = {
    .event = read_event,
    .document = read_document,
    .conclude = conclude,
    .refused = refused,
    .what = "a completion",
};

static const struct reader_kind chat = {
    .eof_ends = 1,
    .event = choices_event,
    .document = choices_document,
    .conclude = choices_conclude,
    .refused = refused,
    .what = "a completion",
};

/* ---- exchange ---- */

static int open_exchange(const struct reader_kind *reader, struct llamacpp *p, int unfence, void **x)
{
    return reader_open(reader, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

static int llamacpp_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "prompt", "input_prefix", "input_suffix", "stream", NULL};
    static const char *const paths[] = {"/infill", "/completion", "/v1/chat/completions"};
    struct llamacpp *p = self;
    const struct fim_format *f = NULL;
    struct sy_str word = TEXT("chat");
    const json_t *limit;
    struct draft d;
    int form, r;

    r = draft_init(&d, &p->service, req, ours);
    if (r >= 0 && req->kind == SY_REQ_FIM)
        r = draft_family(&d, p->service.about->no_suffix ? 2 : 0, &f, &word);
    form = f ? RAW : text_eq(word, "chat") ? CHAT : INFILL;
    if (r >= 0) {
        write_body(&d, f, form);
        r = service_describe(&p->service, http, "POST", text_c(paths[form]));
    }
    if (r >= 0)
        r = draft_send(&d, http);
    if (r >= 0)
        r = open_exchange(form == CHAT ? &chat : &native, p, form == CHAT && req->kind == SY_REQ_FIM, x);
    limit = json_object_get(d.params, "n_predict");
    if (r >= 0 && form != CHAT)
        ((struct reader *)*x)->flags = json_is_integer(limit) && json_integer_value(limit) == 0;
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

static int llamacpp_models(void *self, const struct sy_http *http, void **x)
{
    struct llamacpp *p = self;
    int r = service_describe(&p->service, http, "GET", TEXT("/v1/models"));

    return r < 0 ? r : open_exchange(&choices_models, p, 0, x);
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "llamacpp",
    .version = "1.0.0",
    .summary = "llama.cpp's server: holes as its model wants them, raw prompts, and chat",
    .options = "base_url accepts fim_format",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM,
    .open = llamacpp_open,
    .close = llamacpp_close,
    .begin = llamacpp_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = llamacpp_models,
};

SY_PROVIDER_ENTRY(llamacpp)
{
    return &provider;
}
