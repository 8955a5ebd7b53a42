/* SPDX-License-Identifier: MIT */
/* Google's generateContent, at the Gemini interface or at Vertex. The model is in the path and the framing in the query.
 * It knows no model by name; one that cannot think less is recognised by its refusal. */
#include "../common/choices.h"
#include "../common/draft.h"
#include "../common/jsonr.h"
#include "../common/refusal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STOPS 5

struct gemini {
    struct service service;
};

static const char *const optional_members[] = {"temperature", "stopSequences", "maxOutputTokens", "thinkingConfig", NULL};
static const char *const wrong_tails[] = {"/models", ":generateContent", ":streamGenerateContent", NULL};
static const char *const parts[] = {"generationConfig", NULL};

static const struct service_kind kind = {
    .base = "https://generativelanguage.googleapis.com/v1beta",
    .tails = wrong_tails,
    .base_is = "the part before /models",
    .members = optional_members,
    .auth = SY_AUTH_HEADER,
    .key_header = "x-goog-api-key",
    .key_optional = 1,
};

/* ---- options ---- */

static void gemini_close(void *self)
{
    struct gemini *p = self;

    if (!p)
        return;
    service_fini(&p->service);
    free(p);
}

static int read_options(struct gemini *p, const struct sy_host *host)
{
    struct sy_str auth = service_option(host, "auth_header");
    int r = service_init(&p->service, host, &kind);

    if (r < 0)
        return r;
    p->service.key_optional = !service_is_at(&p->service, "googleapis.com");
    /* Vertex, whose host is in front of this domain, takes tokens and no keys. */
    if (auth.n == 0 && !p->service.key_optional && !service_is_at(&p->service, "generativelanguage.googleapis.com"))
        auth = TEXT("bearer");
    if (text_eq_nocase(auth, "bearer") || text_eq_nocase(auth, "authorization"))
        p->service.auth = SY_AUTH_BEARER;
    else if (auth.n > 0 && !text_eq_nocase(auth, "x-goog-api-key"))
        return service_fail(&p->service, SY_EREQUEST, "auth_header must be x-goog-api-key or bearer");
    return SY_OK;
}

static int gemini_open(const struct sy_host *host, void **self)
{
    struct gemini *p = calloc(1, sizeof *p);
    int r;

    if (!p)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    r = read_options(p, host);
    if (r < 0) {
        gemini_close(p);
        return r;
    }
    *self = p;
    return SY_OK;
}

/* ---- request ---- */

static void write_parts(struct draft *d, struct sy_str text)
{
    jsonw_key(&d->w, "parts");
    jsonw_open(&d->w, '[');
    jsonw_open(&d->w, '{');
    draft_member(d, "text", text);
    jsonw_close(&d->w, '}');
    jsonw_close(&d->w, ']');
}

static void write_content(struct draft *d, const char *role, struct sy_str text)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "role", text_c(role));
    write_parts(d, text);
    jsonw_close(&d->w, '}');
}

static void write_texts(struct draft *d)
{
    int chat = d->req->kind == SY_REQ_CHAT;

    if (chat)
        draft_add_system(d);
    if (!chat || d->prompt.n > 0) {
        jsonw_key(&d->w, "systemInstruction");
        jsonw_open(&d->w, '{');
        write_parts(d, chat ? bytes_str(&d->prompt) : text_c(draft_hole_system));
        jsonw_close(&d->w, '}');
    }
    jsonw_key(&d->w, "contents");
    jsonw_open(&d->w, '[');
    for (size_t i = 0; i < d->req->nmsg && chat; i++) {
        const struct sy_msg *m = draft_message(d, i);

        write_content(d, draft_role(m) == SY_ROLE_ASSISTANT ? "model" : "user", m->text);
    }
    if (!chat) {
        draft_add_files(d);
        draft_add_hole(d);
        write_content(d, "user", bytes_str(&d->prompt));
    }
    jsonw_close(&d->w, ']');
}

static void write_config(struct draft *d)
{
    jsonw_key(&d->w, parts[0]);
    jsonw_open(&d->w, '{');
    if (d->req->max_tokens > 0 && draft_wants(d, parts[0], "maxOutputTokens")) {
        jsonw_key(&d->w, "maxOutputTokens");
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, parts[0], "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, parts[0], "stopSequences"))
        draft_stops(d, "stopSequences", MAX_STOPS, NULL, 0);
    /* Thinking before each completion would cost seconds. */
    if (d->req->kind == SY_REQ_FIM && draft_wants(d, parts[0], "thinkingConfig")) {
        jsonw_key(&d->w, "thinkingConfig");
        jsonw_open(&d->w, '{');
        jsonw_key(&d->w, "thinkingBudget");
        jsonw_uint(&d->w, 0);
        jsonw_close(&d->w, '}');
    }
    draft_params(d, parts[0], NULL);
    jsonw_close(&d->w, '}');
}

static void write_body(struct draft *d)
{
    jsonw_open(&d->w, '{');
    write_texts(d);
    write_config(d);
    draft_params(d, NULL, parts);
    jsonw_close(&d->w, '}');
}

/* A model may be named with or without its folder, and its name may hold what a path may not. */
static int describe(const struct draft *d, const struct sy_http *http)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct sy_str model = text_trim(d->req->model);
    struct bytes path;
    int r;

    if (model.n > 7 && memcmp(model.p, "models/", 7) == 0)
        model = (struct sy_str){model.p + 7, model.n - 7};
    if (model.n == 0)
        return service_fail(d->s, SY_EREQUEST, "this target names no model");
    bytes_init(&path, 1024);
    bytes_addstr(&path, TEXT("/models/"));
    for (size_t i = 0; i < model.n; i++) {
        if (model.p[i] && strchr(plain, model.p[i]))
            bytes_addc(&path, model.p[i]);
        else
            bytes_addf(&path, "%%%02X", (unsigned char)model.p[i]);
    }
    bytes_addstr(&path, TEXT(":streamGenerateContent?alt=sse"));
    r = path.failed ? service_fail(d->s, SY_EREQUEST, "the name of the model is too long")
                    : service_describe(d->s, http, "POST", bytes_str(&path));
    bytes_fini(&path);
    return r;
}

/* ---- answer ---- */

/* promptTokenCount contains the cached part, candidatesTokenCount does not contain the thoughts. */
static void read_usage(struct reader *r, struct sy_str usage)
{
    uint64_t prompt = jsonr_count(jsonr_get(usage, "promptTokenCount")) + jsonr_count(jsonr_get(usage, "toolUsePromptTokenCount"));
    uint64_t cached = jsonr_count(jsonr_get(usage, "cachedContentTokenCount"));
    uint64_t thoughts = jsonr_count(jsonr_get(usage, "thoughtsTokenCount"));

    if (jsonr_kind(usage) != '{')
        return;
    r->n[0] = prompt > cached ? prompt - cached : 0;
    r->n[1] = cached;
    r->n[3] = jsonr_count(jsonr_get(usage, "candidatesTokenCount")) + thoughts;
    r->n[4] = thoughts;
    if (!r->usage_sent)
        reader_usage(r, r->n, 0);
}

static void read_candidate(struct reader *r, struct sy_str candidate)
{
    struct sy_str list = jsonr_get(jsonr_get(candidate, "content"), "parts"), part;

    if (jsonr_count(jsonr_get(candidate, "index")) != 0)
        return;
    while (jsonr_element(&list, &part)) {
        if (jsonr_kind(jsonr_get(part, "functionCall")) == '{')
            r->flags = 1;
        if (jsonr_kind(jsonr_get(part, "thought")) != 't')
            reader_json_text(r, jsonr_get(part, "text"));
    }
    reader_finish(r, reader_string(r, jsonr_get(candidate, "finishReason")));
}

static void read_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str list = jsonr_get(json, "candidates"), candidate;
    struct sy_str blocked = jsonr_get(jsonr_get(json, "promptFeedback"), "blockReason");

    (void)type;
    if (choices_failed(r, json))
        return;
    reader_id(r, reader_string(r, jsonr_get(json, "responseId")));
    reader_model(r, reader_string(r, jsonr_get(json, "modelVersion")));
    while (jsonr_element(&list, &candidate))
        read_candidate(r, candidate);
    if (jsonr_kind(blocked) == '"' && r->finish[0] == '\0') {
        reader_finish(r, reader_string(r, blocked));
        reader_refuse(r, TEXT("the prompt was blocked: "));
        reader_refuse(r, reader_string(r, blocked));
    }
    read_usage(r, jsonr_get(json, "usageMetadata"));
}

/* A whole answer, or without the query a list of what the stream would have brought. */
static int read_document(struct reader *r, struct sy_str json)
{
    struct sy_str item;

    if (jsonr_kind(json) == '{')
        read_event(r, TEXT(""), json);
    while (!r->done && jsonr_element(&json, &item))
        read_event(r, TEXT(""), item);
    return r->done || r->finish[0];
}

static int conclude(struct reader *r)
{
    static const char *const declined[] = {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", NULL};

    if (r->usage_sent)
        reader_usage(r, r->n, 1);
    for (size_t i = 0; declined[i] && r->refusal.n == 0; i++)
        if (strcmp(r->finish, declined[i]) == 0)
            reader_refuse(r, text_c(declined[i]));
    if (strcmp(r->finish, "MAX_TOKENS") == 0)
        return SY_STOP_LENGTH;
    if (r->refusal.n == 0 && strcmp(r->finish, "STOP") != 0)
        reader_fail(r, SY_EAGAIN, 0, r->finish);
    return r->flags ? SY_STOP_TOOL : SY_STOP_END;
}

static void refused(struct reader *r, struct oaierr *e)
{
    struct gemini *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    if (refusal_learn(e, &p->service) || e->code != SY_EREQUEST)
        return;
    if ((strstr(e->text, "thinking") || strstr(e->text, "Budget")) && service_drop(&p->service, TEXT("thinkingConfig")))
        refusal_remembered(e, "thinkingConfig is left out from now on");
}

static const struct reader_kind answer = {
    .eof_ends = 1,
    .event = read_event,
    .document = read_document,
    .conclude = conclude,
    .refused = refused,
    .what = "generated content",
};

static int models_document(struct reader *r, struct sy_str json)
{
    struct sy_str list = jsonr_get(json, "models"), m, name;

    if (choices_failed(r, json))
        return 1;
    if (jsonr_kind(list) != '[')
        return 0;
    while (jsonr_element(&list, &m)) {
        name = reader_string(r, jsonr_get(m, "name"));
        if (name.n > 7 && memcmp(name.p, "models/", 7) == 0)
            name = (struct sy_str){name.p + 7, name.n - 7};
        reader_listed(r, name, jsonr_count(jsonr_get(m, "inputTokenLimit")), jsonr_count(jsonr_get(m, "outputTokenLimit")));
    }
    return 1;
}

static int models_conclude(struct reader *r)
{
    (void)r;
    return SY_STOP_END;
}

static const struct reader_kind model_list = {.document = models_document, .conclude = models_conclude, .what = "a list of models"};

/* ---- exchange ---- */

static int open_exchange(const struct reader_kind *reader, struct gemini *p, int unfence, void **x)
{
    return reader_open(reader, p, unfence, x) == SY_OK ? SY_OK : service_fail(&p->service, SY_EINTERNAL, "out of memory");
}

static int gemini_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"model", "contents", "systemInstruction", NULL};
    struct gemini *p = self;
    struct draft d;
    int r = draft_init(&d, &p->service, req, ours);

    if (r >= 0)
        r = draft_chat_only(&d);
    if (r >= 0) {
        write_body(&d);
        r = describe(&d, http);
    }
    if (r >= 0)
        r = draft_send(&d, http);
    if (r >= 0)
        r = open_exchange(&answer, p, req->kind == SY_REQ_FIM, x);
    if (r >= 0)
        reader_asks(*x, req->model);
    draft_fini(&d);
    return r;
}

static int gemini_models(void *self, const struct sy_http *http, void **x)
{
    struct gemini *p = self;
    int r = service_describe(&p->service, http, "GET", TEXT("/models?pageSize=1000"));

    return r < 0 ? r : open_exchange(&model_list, p, 0, x);
}

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "gemini",
    .version = "1.0.0",
    .summary = "Google's Gemini, by its own interface or by Vertex",
    .options = "base_url auth_header accepts fim_format",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM | SY_CAP_JSON | SY_CAP_PROMPT_CACHE,
    .open = gemini_open,
    .close = gemini_close,
    .begin = gemini_begin,
    .feed = reader_feed,
    .finish = reader_end_of_body,
    .end = reader_close,
    .models = gemini_models,
};

SY_PROVIDER_ENTRY(gemini)
{
    return &provider;
}
