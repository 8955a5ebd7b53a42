/* SPDX-License-Identifier: MIT */
/* The parts of a request body that do not depend on whose body it is. Only the first stop strings are kept where a
 * service takes few: the request's own come before the family's, which are mostly end tokens that it knows anyway. */
#include "draft.h"
#include "fim.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STOP_LIST 64

const char draft_hole_system[] =
    "You complete source code at the cursor. The user shows the text before and after the cursor. "
    "Answer with the text that belongs between them and nothing else: no explanation, no code fence, "
    "no repetition of what is already there. Keep to the indentation and style of the file. Stop "
    "where the text after the cursor goes on. If nothing is missing, answer with nothing.";

static int read_params(struct draft *d, const char *const *ours)
{
    const struct sy_host *host = d->s->host;

    if (text_trim(d->req->params).n == 0)
        return SY_OK;
    d->params = json_loadb(d->req->params.p, d->req->params.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(d->params))
        return service_fail(d->s, SY_EREQUEST, "params of this target is no JSON object");
    for (; *ours; ours++)
        if (json_object_get(d->params, *ours))
            return host->fail(host->ctx, SY_EREQUEST, "params of this target may not set '%s'", *ours);
    return SY_OK;
}

int draft_init(struct draft *d, struct service *s, const struct sy_request *req, const char *const *ours)
{
    *d = (struct draft){.s = s, .req = req};
    bytes_init(&d->out, DRAFT_MAX);
    bytes_init(&d->prompt, DRAFT_MAX);
    d->w.out = &d->out;
    service_about(s, req->model);
    if (req->kind != SY_REQ_FIM && req->kind != SY_REQ_CHAT)
        return service_fail(s, SY_EUNSUPPORTED, "this plugin does not know this kind of request");
    return read_params(d, ours);
}

void draft_fini(struct draft *d)
{
    json_decref(d->params);
    bytes_fini(&d->out);
    bytes_fini(&d->prompt);
}

static json_t *part(const struct draft *d, const char *in)
{
    return in ? json_object_get(d->params, in) : d->params;
}

int draft_wants(const struct draft *d, const char *in, const char *member)
{
    return !json_object_get(part(d, in), member) && service_takes(d->s, member);
}

static int is_among(const char *key, const char *const *list)
{
    for (; list && *list; list++)
        if (strcmp(key, *list) == 0)
            return 1;
    return 0;
}

void draft_params(struct draft *d, const char *in, const char *const *but)
{
    const char *key;
    json_t *value;

    json_object_foreach(part(d, in), key, value) {
        char *text = json_is_null(value) || is_among(key, but) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        if (!text)
            continue;
        jsonw_key(&d->w, key);
        jsonw_raw(&d->w, text_c(text));
        free(text);
    }
}

void draft_member(struct draft *d, const char *key, struct sy_str text)
{
    jsonw_key(&d->w, key);
    jsonw_string(&d->w, text);
}

struct stop_list {
    struct sy_str s[MAX_STOP_LIST];
    size_t n, max;
    int no_blanks;
};

static void stop_add(struct stop_list *l, struct sy_str s)
{
    if (s.n == 0 || l->n >= l->max || l->n == MAX_STOP_LIST || (l->no_blanks && text_trim(s).n == 0))
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->s[i].n == s.n && memcmp(l->s[i].p, s.p, s.n) == 0)
            return;
    l->s[l->n++] = s;
}

void draft_stops(struct draft *d, const char *key, size_t max, const struct fim_format *f, int by_line)
{
    struct stop_list l = {.max = max, .no_blanks = d->no_blank_stops};

    if (by_line && (d->req->flags & SY_REQ_SINGLE_LINE))
        stop_add(&l, TEXT("\n"));
    for (size_t i = 0; i < d->req->nstop; i++)
        stop_add(&l, d->req->stop[i]);
    for (const char *s = f ? fim_stop(f, NULL) : NULL; s; s = fim_stop(f, s))
        stop_add(&l, text_c(s));
    if (l.n == 0)
        return;
    jsonw_key(&d->w, key);
    jsonw_open(&d->w, '[');
    for (size_t i = 0; i < l.n; i++)
        jsonw_string(&d->w, l.s[i]);
    jsonw_close(&d->w, ']');
}

void draft_add_files(struct draft *d)
{
    const char *at = (const char *)d->req->extra;

    for (size_t i = 0; i < d->req->nextra; i++, at += d->req->extra_stride) {
        const struct sy_file *file = (const struct sy_file *)(const void *)at;

        bytes_addstr(&d->prompt, TEXT("<file path=\""));
        bytes_addstr(&d->prompt, file->path);
        bytes_addstr(&d->prompt, TEXT("\">\n"));
        bytes_addstr(&d->prompt, file->text);
        bytes_addstr(&d->prompt, TEXT("\n</file>\n\n"));
    }
}

void draft_add_system(struct draft *d)
{
    bytes_addstr(&d->prompt, d->req->system);
    if (d->req->nextra > 0 && d->req->system.n > 0)
        bytes_addstr(&d->prompt, TEXT("\n\n"));
    draft_add_files(d);
}

void draft_add_hole(struct draft *d)
{
    bytes_addstr(&d->prompt, TEXT("<open path=\""));
    bytes_addstr(&d->prompt, d->req->path);
    bytes_addstr(&d->prompt, TEXT("\" language=\""));
    bytes_addstr(&d->prompt, d->req->language);
    bytes_addstr(&d->prompt, TEXT("\">\n<before_cursor>"));
    bytes_addstr(&d->prompt, d->req->prefix);
    bytes_addstr(&d->prompt, TEXT("</before_cursor>\n<after_cursor>"));
    bytes_addstr(&d->prompt, d->req->suffix);
    bytes_addstr(&d->prompt, TEXT("</after_cursor>\n</open>"));
}

const struct sy_msg *draft_message(const struct draft *d, size_t i)
{
    return (const struct sy_msg *)(const void *)((const char *)d->req->msg + i * d->req->msg_stride);
}

int draft_role(const struct sy_msg *m)
{
    return m->role >= 0 && m->role <= SY_ROLE_ASSISTANT ? m->role : SY_ROLE_USER;
}

int draft_family(struct draft *d, int no_suffix, const struct fim_format **f, struct sy_str *word)
{
    struct sy_str name = d->req->fim_format.n > 0 ? d->req->fim_format : d->s->fim_format;

    if (name.n == 0)
        name = TEXT("suffix");
    if (no_suffix == 1 && d->req->suffix.n == 0)
        no_suffix = 0;
    if (no_suffix && text_eq(name, "suffix"))
        name = d->s->fim_format;
    *word = name;
    *f = NULL;
    if (text_eq(name, "chat") || (text_eq(name, "suffix") && !no_suffix))
        return SY_OK;
    *f = fim_find(name);
    if (*f)
        return SY_OK;
    if (!no_suffix)
        return service_fail(d->s, SY_EUNSUPPORTED, fim_unknown(name, &d->prompt));
    bytes_reset(&d->prompt);
    bytes_addstr(&d->prompt, TEXT("the service takes no suffix; set fim_format to the model's family, one of:"));
    for (const struct fim_format *other = fim_next(NULL); other; other = fim_next(other))
        bytes_addf(&d->prompt, " %s", fim_name(other));
    return service_fail(d->s, SY_EUNSUPPORTED, d->prompt.p);
}

int draft_chat_only(struct draft *d)
{
    struct sy_str name = d->req->fim_format.n > 0 ? d->req->fim_format : d->s->fim_format;

    if (d->req->kind == SY_REQ_CHAT || name.n == 0 || text_eq(name, "chat"))
        return SY_OK;
    return d->s->host->fail(d->s->host->ctx, SY_EUNSUPPORTED, "fim_format '%.*s' is not for this service; it can only be chat",
                            (int)(name.n > 40 ? 40 : name.n), name.p);
}

void draft_chat_message(struct draft *d, const char *role, struct sy_str text)
{
    jsonw_open(&d->w, '{');
    draft_member(d, "role", text_c(role));
    draft_member(d, "content", text);
    jsonw_close(&d->w, '}');
}

void draft_chat_messages(struct draft *d, int with_system)
{
    static const char *const roles[] = {"system", "user", "assistant"};
    int chat = d->req->kind == SY_REQ_CHAT;

    jsonw_open(&d->w, '[');
    if (chat)
        draft_add_system(d);
    if (with_system && (!chat || d->prompt.n > 0))
        draft_chat_message(d, "system", chat ? bytes_str(&d->prompt) : text_c(draft_hole_system));
    for (size_t i = 0; i < d->req->nmsg && chat; i++)
        draft_chat_message(d, roles[draft_role(draft_message(d, i))], draft_message(d, i)->text);
    if (!chat) {
        draft_add_files(d);
        draft_add_hole(d);
        draft_chat_message(d, "user", bytes_str(&d->prompt));
    }
    jsonw_close(&d->w, ']');
}

int draft_send(struct draft *d, const struct sy_http *http)
{
    int r;

    if (d->out.failed || d->prompt.failed)
        return service_fail(d->s, SY_ETOOBIG, "the request is longer than 8 MiB");
    r = service_header(http, "Content-Type", TEXT("application/json"));
    return r < 0 ? r : http->body(http->ctx, d->out.p, d->out.n);
}
