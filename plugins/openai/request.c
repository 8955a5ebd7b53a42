/* SPDX-License-Identifier: MIT */
/* Writes the request: chat, text with a suffix field, or text with a raw fill-in-the-middle prompt.
 *
 * Every request streams, also where the whole text is wanted: servers notice a closed connection much sooner then, and a
 * cancelled completion stops costing. The target's params are laid over ours: a member there replaces what this file
 * would write, and null leaves it out. */
#include "../common/fim.h"
#include "../common/jsonw.h"
#include "openai.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BODY ((size_t)8 << 20)
#define MAX_STOP_LIST 64

struct body {
    const struct openai *p;
    const struct sy_request *req;
    json_t *params; /* NULL, or an object */
    struct bytes out, prompt;
    struct jsonw w;
};

static int fail(const struct openai *p, int code, const char *sentence)
{
    return p->host->fail(p->host->ctx, code, "%s", sentence);
}

/* ---- members ---- */

static int is_wanted(const struct body *b, const char *member)
{
    return !json_object_get(b->params, member) && (b->p->accepts.n == 0 || text_has(b->p->accepts, member));
}

static void write_model(struct body *b)
{
    jsonw_open(&b->w, '{');
    if (b->req->model.n > 0) {
        jsonw_key(&b->w, "model");
        jsonw_string(&b->w, b->req->model);
    }
    jsonw_key(&b->w, "stream");
    jsonw_bool(&b->w, 1);
    if (!is_wanted(b, "stream_options"))
        return;
    jsonw_key(&b->w, "stream_options");
    jsonw_open(&b->w, '{');
    jsonw_key(&b->w, "include_usage");
    jsonw_bool(&b->w, 1);
    /* Random padding in every chunk, which only this service has. */
    if (b->p->official) {
        jsonw_key(&b->w, "include_obfuscation");
        jsonw_bool(&b->w, 0);
    }
    jsonw_close(&b->w, '}');
}

static void write_limits(struct body *b, int chat)
{
    const char *field = chat && b->p->official ? "max_completion_tokens" : "max_tokens";

    if (chat && b->p->max_tokens_field.n > 0)
        field = text_eq(b->p->max_tokens_field, "max_tokens") ? "max_tokens" : "max_completion_tokens";
    if (b->req->max_tokens > 0 && is_wanted(b, "max_tokens") && !json_object_get(b->params, field)) {
        jsonw_key(&b->w, field);
        jsonw_uint(&b->w, b->req->max_tokens);
    }
    if (b->req->temperature_milli >= 0 && is_wanted(b, "temperature")) {
        jsonw_key(&b->w, "temperature");
        jsonw_milli(&b->w, b->req->temperature_milli);
    }
}

struct stop_list {
    struct sy_str s[MAX_STOP_LIST];
    size_t n, max;
};

static void stop_add(struct stop_list *l, struct sy_str s)
{
    if (s.n == 0 || l->n == l->max)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->s[i].n == s.n && memcmp(l->s[i].p, s.p, s.n) == 0)
            return;
    l->s[l->n++] = s;
}

/* The request's own strings first: where a service takes few, the family's are mostly end tokens that it knows anyway. */
static void write_stop(struct body *b, const struct fim_format *f, int chat)
{
    struct stop_list l = {.max = b->p->max_stop ? b->p->max_stop : f ? 16 : 4};

    if (!is_wanted(b, "stop"))
        return;
    if ((b->req->flags & SY_REQ_SINGLE_LINE) && !chat)
        stop_add(&l, TEXT("\n"));
    for (size_t i = 0; i < b->req->nstop; i++)
        stop_add(&l, b->req->stop[i]);
    for (const char *s = f ? fim_stop(f, NULL) : NULL; s; s = fim_stop(f, s))
        stop_add(&l, text_c(s));
    if (l.n == 0)
        return;
    jsonw_key(&b->w, "stop");
    jsonw_open(&b->w, '[');
    for (size_t i = 0; i < l.n; i++)
        jsonw_string(&b->w, l.s[i]);
    jsonw_close(&b->w, ']');
}

static void write_params(struct body *b)
{
    const char *key;
    json_t *value;

    json_object_foreach(b->params, key, value) {
        char *text = json_is_null(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        if (!text)
            continue;
        jsonw_key(&b->w, key);
        jsonw_raw(&b->w, text_c(text));
        free(text);
    }
}

/* ---- prompts ---- */

static void write_message(struct body *b, const char *role, struct sy_str text)
{
    jsonw_open(&b->w, '{');
    jsonw_key(&b->w, "role");
    jsonw_string(&b->w, text_c(role));
    jsonw_key(&b->w, "content");
    jsonw_string(&b->w, text);
    jsonw_close(&b->w, '}');
}

static void add_extra(struct body *b)
{
    const char *at = (const char *)b->req->extra;

    for (size_t i = 0; i < b->req->nextra; i++, at += b->req->extra_stride) {
        const struct sy_file *file = (const struct sy_file *)(const void *)at;

        bytes_addstr(&b->prompt, TEXT("<file path=\""));
        bytes_addstr(&b->prompt, file->path);
        bytes_addstr(&b->prompt, TEXT("\">\n"));
        bytes_addstr(&b->prompt, file->text);
        bytes_addstr(&b->prompt, TEXT("\n</file>\n\n"));
    }
}

static void write_chat(struct body *b)
{
    static const char *const roles[] = {"system", "user", "assistant"};
    const char *at = (const char *)b->req->msg;

    bytes_addstr(&b->prompt, b->req->system);
    if (b->req->nextra > 0) {
        bytes_addstr(&b->prompt, text_c(b->req->system.n > 0 ? "\n\n" : ""));
        add_extra(b);
    }
    if (b->prompt.n > 0)
        write_message(b, "system", bytes_str(&b->prompt));
    for (size_t i = 0; i < b->req->nmsg; i++, at += b->req->msg_stride) {
        const struct sy_msg *m = (const struct sy_msg *)(const void *)at;

        write_message(b, roles[m->role >= 0 && m->role <= SY_ROLE_ASSISTANT ? m->role : SY_ROLE_USER], m->text);
    }
}

/* Filling a hole with a model that was only trained to chat. */
static void write_chat_hole(struct body *b)
{
    write_message(b, "system",
                  TEXT("You complete source code at the cursor. The user shows the text before and after the cursor. "
                       "Answer with the text that belongs between them and nothing else: no explanation, no code fence, "
                       "no repetition of what is already there. Keep to the indentation and style of the file. Stop "
                       "where the text after the cursor goes on. If nothing is missing, answer with nothing."));
    add_extra(b);
    bytes_addstr(&b->prompt, TEXT("<open path=\""));
    bytes_addstr(&b->prompt, b->req->path);
    bytes_addstr(&b->prompt, TEXT("\" language=\""));
    bytes_addstr(&b->prompt, b->req->language);
    bytes_addstr(&b->prompt, TEXT("\">\n<before_cursor>"));
    bytes_addstr(&b->prompt, b->req->prefix);
    bytes_addstr(&b->prompt, TEXT("</before_cursor>\n<after_cursor>"));
    bytes_addstr(&b->prompt, b->req->suffix);
    bytes_addstr(&b->prompt, TEXT("</after_cursor>\n</open>"));
    write_message(b, "user", bytes_str(&b->prompt));
}

static void write_text(struct body *b, const struct fim_format *f)
{
    struct sy_str prompt = b->req->prefix;

    if (f) {
        fim_prompt(f, b->req, &b->prompt);
        prompt = bytes_str(&b->prompt);
    }
    jsonw_key(&b->w, "prompt");
    jsonw_string(&b->w, prompt);
    if (!f && b->req->suffix.n > 0 && is_wanted(b, "suffix")) {
        jsonw_key(&b->w, "suffix");
        jsonw_string(&b->w, b->req->suffix);
    }
}

static int write_body(struct body *b, const struct fim_format *f, int chat)
{
    write_model(b);
    if (chat) {
        jsonw_key(&b->w, "messages");
        jsonw_open(&b->w, '[');
        if (b->req->kind == SY_REQ_CHAT)
            write_chat(b);
        else
            write_chat_hole(b);
        jsonw_close(&b->w, ']');
    } else {
        write_text(b, f);
    }
    write_limits(b, chat);
    write_stop(b, f, chat);
    write_params(b);
    jsonw_close(&b->w, '}');
    if (b->out.failed || b->prompt.failed)
        return fail(b->p, SY_ETOOBIG, "the request is longer than 8 MiB");
    return SY_OK;
}

/* ---- the exchange ---- */

static int read_params(struct body *b)
{
    static const char *const ours[] = {"model", "messages", "prompt", "suffix", "stream"};

    if (text_trim(b->req->params).n == 0)
        return SY_OK;
    b->params = json_loadb(b->req->params.p, b->req->params.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(b->params))
        return fail(b->p, SY_EREQUEST, "params of this target is no JSON object");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (json_object_get(b->params, ours[i]))
            return b->p->host->fail(b->p->host->ctx, SY_EREQUEST, "params of this target may not set '%s'", ours[i]);
    return SY_OK;
}

static int header(const struct sy_http *http, const char *name, struct sy_str value)
{
    return value.n > 0 ? http->header(http->ctx, text_c(name), value, 0) : SY_OK;
}

static int describe(const struct openai *p, const struct sy_http *http, const char *method, const char *path)
{
    struct bytes url;
    char name[64];
    int r;

    bytes_init(&url, 4096);
    bytes_addstr(&url, text_c(p->base));
    bytes_addstr(&url, text_c(path));
    bytes_addstr(&url, text_c(p->query));
    r = url.failed ? fail(p, SY_EREQUEST, "base_url is too long") : http->line(http->ctx, method, bytes_str(&url));
    bytes_fini(&url);
    if (r >= 0)
        r = header(http, "OpenAI-Organization", p->organization);
    if (r >= 0)
        r = header(http, "OpenAI-Project", p->project);
    if (r < 0)
        return r;
    if (p->auth_header.n == 0)
        return http->auth(http->ctx, SY_AUTH_BEARER, NULL, !p->official);
    if (p->auth_header.n >= sizeof name)
        return fail(p, SY_EREQUEST, "auth_header is too long");
    memcpy(name, p->auth_header.p, p->auth_header.n);
    name[p->auth_header.n] = '\0';
    return http->auth(http->ctx, SY_AUTH_HEADER, name, !p->official);
}

static int open_exchange(const struct openai *p, int answer, int unfence, void **x)
{
    *x = exchange_new(p, answer, unfence);
    return *x ? SY_OK : fail(p, SY_EINTERNAL, "out of memory");
}

/* Sets *f to the template, and *chat, for a request. */
static int choose_form(struct body *b, const struct fim_format **f, int *chat)
{
    struct sy_str name = b->req->fim_format.n > 0 ? b->req->fim_format : b->p->fim_format;

    *f = NULL;
    *chat = b->req->kind == SY_REQ_CHAT;
    if (b->req->kind != SY_REQ_FIM && b->req->kind != SY_REQ_CHAT)
        return fail(b->p, SY_EUNSUPPORTED, "this plugin does not know this kind of request");
    if (*chat || name.n == 0 || text_eq(name, "suffix"))
        return SY_OK;
    *chat = text_eq(name, "chat");
    if (!*chat) {
        *f = fim_find(name);
        if (!*f)
            return fail(b->p, SY_EUNSUPPORTED, fim_unknown(name, &b->prompt));
    }
    return SY_OK;
}

int openai_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    struct body b = {.p = self, .req = req};
    const struct fim_format *f = NULL;
    int chat = 0;
    int r;

    bytes_init(&b.out, MAX_BODY);
    bytes_init(&b.prompt, MAX_BODY);
    b.w.out = &b.out;
    r = read_params(&b);
    if (r >= 0)
        r = choose_form(&b, &f, &chat);
    if (r >= 0)
        r = write_body(&b, f, chat);
    if (r >= 0)
        r = describe(b.p, http, "POST", chat ? "/chat/completions" : "/completions");
    if (r >= 0)
        r = header(http, "Content-Type", TEXT("application/json"));
    if (r >= 0)
        r = http->body(http->ctx, b.out.p, b.out.n);
    if (r >= 0)
        r = open_exchange(b.p, ANSWER_COMPLETION, chat && req->kind == SY_REQ_FIM, x);
    json_decref(b.params);
    bytes_fini(&b.out);
    bytes_fini(&b.prompt);
    return r;
}

int openai_models(void *self, const struct sy_http *http, void **x)
{
    int r = describe(self, http, "GET", "/models");

    return r < 0 ? r : open_exchange(self, ANSWER_MODELS, 0, x);
}
