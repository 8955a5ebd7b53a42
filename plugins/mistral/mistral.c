/* SPDX-License-Identifier: MIT */
/* Mistral's chat and, for Codestral, its endpoint that fills a hole, whose answer has the shape of a chat. It knows no
 * model by name. Files from elsewhere go in front of the prefix in the form that Codestral saw in training. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "../common/refusal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STOPS 16

struct mistral {
    struct service service;
};

static const char *const optional_members[] = {"temperature", "stop", "max_tokens", NULL};
static const char *const wrong_tails[] = {"/completions", "/models", NULL};

static const struct service_kind kind = {
    .base = "https://api.mistral.ai/v1",
    .tails = wrong_tails,
    .base_is = "the part before /fim/completions, usually ending in /v1",
    .members = optional_members,
    .auth = SY_AUTH_BEARER,
    .key_optional = 1,
};

static void mistral_close(void *self)
{
    struct mistral *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int mistral_open(const struct sy_host *host, void **self)
{
    struct mistral *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = service_init(&p->service, host, &kind);
    if (r < 0) {
        mistral_close(p);
        return r;
    }
    p->service.key_optional = !service_is_at(&p->service, "mistral.ai");
    *self = p;
    return SY_OK;
}

/* ---- request ---- */

/* The open file comes last and has its name too, once there are others. */
static void add_prefix(struct draft *d)
{
    const char *at = (const char *)d->req->extra;

    for (size_t i = 0; i < d->req->nextra; i++, at += d->req->extra_stride) {
        const struct sy_file *file = (const struct sy_file *)(const void *)at;

        bytes_addstr(&d->prompt, TEXT("+++++ "));
        bytes_addstr(&d->prompt, file->path);
        bytes_addc(&d->prompt, '\n');
        bytes_addstr(&d->prompt, file->text);
        bytes_addstr(&d->prompt, TEXT("\n\n"));
    }
    if (d->req->nextra > 0) {
        bytes_addstr(&d->prompt, TEXT("+++++ "));
        bytes_addstr(&d->prompt, d->req->path);
        bytes_addc(&d->prompt, '\n');
    }
    bytes_addstr(&d->prompt, d->req->prefix);
}

static void write_body(struct draft *d, int hole)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "model", d->req->model);
    jsonw_key(&d->w, "stream");
    jsonw_bool(&d->w, 1);
    if (hole) {
        add_prefix(d);
        draft_member(d, "prompt", bytes_str(&d->prompt));
        if (d->req->suffix.n > 0)
            draft_member(d, "suffix", d->req->suffix);
    } else {
        jsonw_key(&d->w, "messages");
        draft_chat_messages(d, 1);
    }
    if (d->req->max_tokens > 0 && draft_wants(d, NULL, "max_tokens")) {
        jsonw_key(&d->w, "max_tokens");
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, NULL, "stop"))
        draft_stops(d, "stop", MAX_STOPS, NULL, hole);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

/* ---- exchange ---- */

static void refused(struct reader *r, struct oaierr *e)
{
    struct mistral *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    refusal_learn(e, &p->service);
}

static const struct reader_kind completion = {
    .eof_ends = 1,
    .event = choices_event,
    .document = choices_document,
    .conclude = choices_conclude,
    .refused = refused,
    .what = "a completion",
};

static int open_exchange(const struct reader_kind *reader, struct mistral *p, int unfence, void **x)
{
    return reader_open(reader, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

static int mistral_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "messages", "prompt", "suffix", "stream", NULL};
    struct mistral *p = self;
    const struct fim_format *f = NULL;
    struct sy_str word = TEXT("chat");
    struct draft d;
    int hole, r;

    r = draft_init(&d, &p->service, req, ours);
    if (r >= 0 && req->kind == SY_REQ_FIM)
        r = draft_family(&d, 0, &f, &word);
    if (r >= 0 && f)
        r = service_fail(&p->service, SY_EUNSUPPORTED, "this service takes no raw prompts; fim_format can be suffix or chat");
    hole = !text_eq(word, "chat");
    if (r >= 0) {
        write_body(&d, hole);
        r = service_describe(&p->service, http, "POST", text_c(hole ? "/fim/completions" : "/chat/completions"));
    }
    if (r >= 0)
        r = draft_send(&d, http);
    if (r >= 0)
        r = open_exchange(&completion, p, !hole && req->kind == SY_REQ_FIM, x);
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

static int mistral_models(void *self, const struct sy_http *http, void **x)
{
    struct mistral *p = self;
    int r = service_describe(&p->service, http, "GET", TEXT("/models"));

    return r < 0 ? r : open_exchange(&choices_models, p, 0, x);
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "mistral",
    .version = "1.0.0",
    .summary = "Mistral's chat models, and Codestral's filling of holes",
    .options = "base_url accepts fim_format",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM,
    .open = mistral_open,
    .close = mistral_close,
    .begin = mistral_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = mistral_models,
};

SY_PROVIDER_ENTRY(mistral)
{
    return &provider;
}
