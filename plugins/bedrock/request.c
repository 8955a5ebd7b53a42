/* SPDX-License-Identifier: MIT */
/* Writes the request: Converse, or InvokeModel with the raw prompt of a model that fills holes. Converse refuses empty
 * texts and two messages of one role in a row, so the former are left out and the latter joined. */
#include "../common/fim.h"
#include "../common/draft.h"
#include "bedrock.h"

#include <jansson.h>
#include <string.h>

#define MAX_STOPS 4

static int is_blank(struct sy_str s)
{
    return text_trim(s).n == 0;
}

/* ---- Converse ---- */

static void write_block(struct draft *d, struct sy_str text)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "text", text);
    jsonw_close(&d->w, '}');
}

static void write_mark(struct draft *d, struct sy_str ttl)
{
    if (ttl.n == 0)
        return;
    jsonw_open(&d->w, '{');
    jsonw_key(&d->w, "cachePoint");
    jsonw_open(&d->w, '{');
    draft_member(d, "type", TEXT("default"));
    if (!text_eq(ttl, "5m"))
        draft_member(d, "ttl", ttl);
    jsonw_close(&d->w, '}');
    jsonw_close(&d->w, '}');
}

static void write_system(struct draft *d, struct sy_str ttl)
{
    for (size_t i = 0; i < d->req->nmsg && d->req->kind == SY_REQ_CHAT; i++) {
        const struct sy_msg *m = draft_message(d, i);

        if (draft_role(m) != SY_ROLE_SYSTEM || is_blank(m->text))
            continue;
        bytes_addstr(&d->prompt, text_c(d->prompt.n > 0 ? "\n\n" : ""));
        bytes_addstr(&d->prompt, m->text);
    }
    if (is_blank(bytes_str(&d->prompt)))
        return;
    jsonw_key(&d->w, "system");
    jsonw_open(&d->w, '[');
    write_block(d, bytes_str(&d->prompt));
    write_mark(d, ttl);
    jsonw_close(&d->w, ']');
    bytes_reset(&d->prompt);
}

static void open_message(struct draft *d, int role)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "role", text_c(role == SY_ROLE_ASSISTANT ? "assistant" : "user"));
    jsonw_key(&d->w, "content");
    jsonw_open(&d->w, '[');
}

static void close_message(struct draft *d)
{
    jsonw_close(&d->w, ']');
    jsonw_close(&d->w, '}');
}

static void write_messages(struct draft *d)
{
    int open = -1;

    for (size_t i = 0; i < d->req->nmsg; i++) {
        const struct sy_msg *m = draft_message(d, i);
        int role = draft_role(m);

        if (role == SY_ROLE_SYSTEM || is_blank(m->text))
            continue;
        if (role != open) {
            if (open >= 0)
                close_message(d);
            open_message(d, role);
            open = role;
        }
        write_block(d, m->text);
    }
    if (open >= 0)
        close_message(d);
}

static void write_hole(struct draft *d, struct sy_str ttl)
{
    open_message(d, SY_ROLE_USER);
    draft_add_files(d);
    if (d->prompt.n > 0) {
        write_block(d, bytes_str(&d->prompt));
        write_mark(d, ttl); /* other files change less often than what is typed */
        bytes_reset(&d->prompt);
    }
    draft_add_hole(d);
    write_block(d, bytes_str(&d->prompt));
    close_message(d);
}

/* A service that takes only strings with something to see in them. */
static void write_stops(struct draft *d, const char *key)
{
    size_t n = 0;

    for (size_t i = 0; i < d->req->nstop && n < MAX_STOPS; i++) {
        if (is_blank(d->req->stop[i]))
            continue;
        if (n++ == 0) {
            jsonw_key(&d->w, key);
            jsonw_open(&d->w, '[');
        }
        jsonw_string(&d->w, d->req->stop[i]);
    }
    if (n > 0)
        jsonw_close(&d->w, ']');
}

static void write_inference(struct draft *d)
{
    static const char in[] = "inferenceConfig";

    jsonw_key(&d->w, in);
    jsonw_open(&d->w, '{');
    if (d->req->max_tokens > 0 && service_takes(d->s, "max_tokens") && draft_wants(d, in, "maxTokens")) {
        jsonw_key(&d->w, "maxTokens");
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, in, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli > 1000 ? 1000 : d->req->temperature_milli);
    }
    if (service_takes(d->s, "stop") && draft_wants(d, in, "stopSequences"))
        write_stops(d, "stopSequences");
    draft_params(d, in, NULL);
    jsonw_close(&d->w, '}');
}

static void write_converse(struct draft *d, struct sy_str ttl)
{
    static const char *const apart[] = {"inferenceConfig", NULL};

    jsonw_open(&d->w, '{');
    if (d->req->kind == SY_REQ_CHAT)
        draft_add_system(d);
    else
        bytes_addstr(&d->prompt, text_c(draft_hole_system));
    write_system(d, ttl);
    jsonw_key(&d->w, "messages");
    jsonw_open(&d->w, '[');
    if (d->req->kind == SY_REQ_CHAT)
        write_messages(d);
    else
        write_hole(d, ttl);
    jsonw_close(&d->w, ']');
    write_inference(d);
    draft_params(d, NULL, apart);
    jsonw_close(&d->w, '}');
}

/* ---- InvokeModel ---- */

static void write_prompt(struct draft *d, const struct fim_format *f, struct sy_str field)
{
    char name[40] = "max_tokens";

    if (field.n > 0 && field.n < sizeof name) {
        memcpy(name, field.p, field.n);
        name[field.n] = '\0';
    }
    jsonw_open(&d->w, '{');
    fim_prompt(f, d->req, &d->prompt);
    draft_member(d, "prompt", bytes_str(&d->prompt));
    if (d->req->max_tokens > 0 && service_takes(d->s, "max_tokens") && draft_wants(d, NULL, name)) {
        jsonw_key(&d->w, name);
        jsonw_uint(&d->w, d->req->max_tokens);
    }
    if (d->req->temperature_milli >= 0 && draft_wants(d, NULL, "temperature")) {
        jsonw_key(&d->w, "temperature");
        jsonw_milli(&d->w, d->req->temperature_milli);
    }
    if (draft_wants(d, NULL, "stop"))
        draft_stops(d, "stop", 10, f, 1);
    draft_params(d, NULL, NULL);
    jsonw_close(&d->w, '}');
}

/* ---- the exchange ---- */

static void add_segment(struct bytes *out, struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.~", c)))
            bytes_addc(out, c);
        else
            bytes_addf(out, "%%%02X", (unsigned char)c);
    }
}

static int describe(struct bedrock *p, const struct sy_request *req, const char *verb, const struct sy_http *http)
{
    struct bytes url;
    int r = bedrock_region(p, req->model);

    if (r < 0)
        return r;
    bytes_init(&url, 8 << 10);
    bytes_addstr(&url, text_c(p->s.base));
    if (!p->has_base)
        bytes_addf(&url, ".%s.amazonaws.com%s", p->signing_region, strncmp(p->signing_region, "cn-", 3) == 0 ? ".cn" : "");
    bytes_addstr(&url, TEXT("/model/"));
    add_segment(&url, req->model);
    bytes_addf(&url, "/%s", verb);
    bytes_addstr(&url, text_c(p->s.query));
    r = url.failed ? service_fail(&p->s, SY_EREQUEST, "the model's name is too long") : http->line(http->ctx, "POST", bytes_str(&url));
    bytes_fini(&url);
    return r < 0 ? r : http->auth(http->ctx, SY_AUTH_BEARER, NULL, 1);
}

/* A family name asks for the raw prompt; without one a model is asked in words. */
static int choose_family(struct draft *d, const struct fim_format **f)
{
    struct sy_str name = d->req->fim_format.n > 0 ? d->req->fim_format : d->s->fim_format;

    *f = NULL;
    if (d->req->kind == SY_REQ_CHAT || name.n == 0 || text_eq(name, "chat"))
        return SY_OK;
    if (text_eq(name, "suffix"))
        return service_fail(d->s, SY_EUNSUPPORTED, "this service takes no suffix: set fim_format to the model's family, or chat");
    *f = fim_find(name);
    return *f ? SY_OK : service_fail(d->s, SY_EUNSUPPORTED, fim_unknown(name, &d->prompt));
}

static int write_request(struct draft *d, struct bedrock *p, const struct sy_http *http)
{
    const struct fim_format *f;
    int r = choose_family(d, &f);

    if (r < 0)
        return r;
    if (d->req->model.n == 0)
        return service_fail(&p->s, SY_EREQUEST, "the target names no model");
    if (f)
        write_prompt(d, f, p->max_tokens_field);
    else
        write_converse(d, p->cache);
    r = describe(p, d->req, f ? "invoke-with-response-stream" : "converse-stream", http);
    return r < 0 ? r : draft_send(d, http);
}

int bedrock_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    static const char *const ours[] = {"messages", "system", "prompt", NULL};
    struct bedrock *p = self;
    struct draft d;
    int r = draft_init(&d, &p->s, req, ours);

    if (r >= 0)
        r = write_request(&d, p, http);
    if (r >= 0 && reader_open(&bedrock_reading, p, req->kind == SY_REQ_FIM, x) < 0)
        r = service_fail(&p->s, SY_EINTERNAL, "out of memory");
    draft_fini(&d);
    return r;
}
