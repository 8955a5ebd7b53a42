/* SPDX-License-Identifier: MIT */
/* A complete provider, small enough to copy. It speaks an invented protocol:
 *
 *   POST {base_url}/complete   {"model": M, "before": P, "after": S, "max_tokens": N}
 *   or for a chat              {"model": M, "messages": [{"role": "user", "text": T}, ...], "max_tokens": N}
 *   answer, one JSON value a line, while the text is made:
 *     {"text": "..."}  {"done": "end" or "length", "in": 12, "out": 3}  {"error": "...", "busy": true}
 *
 * A plugin of your own starts with this file: change the names, then body_of() and line(). One command builds it, see
 * plugins/README.md. It includes the header by its installed name, as a plugin outside of this tree does. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <switchyard/provider.h>

#define MAX_LINE ((size_t)1 << 20)

/* ---- one instance: a section of the user's configuration ---- */

struct template {
    const struct sy_host *host;
    char *url;
};

static int template_open(const struct sy_host *host, void **self)
{
    struct sy_str base = host->option(host->ctx, "base_url");
    struct template *t;

    if (base.n == 0)
        base = (struct sy_str){"http://127.0.0.1:8765", 21};
    if (base.n < 8 || memcmp(base.p, "http", 4) != 0)
        return host->fail(host->ctx, SY_EREQUEST, "base_url must begin with http:// or https://");
    t = calloc(1, sizeof *t);
    if (t)
        t->url = malloc(base.n + sizeof "/complete");
    if (!t || !t->url) {
        free(t);
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    }
    memcpy(t->url, base.p, base.n);
    memcpy(t->url + base.n, "/complete", sizeof "/complete");
    t->host = host;
    *self = t;
    return SY_OK;
}

static void template_close(void *self)
{
    struct template *t = self;

    free(t->url);
    free(t);
}

/* ---- request: one exchange is described ---- */

/* NULL for text that is no UTF-8; a real plugin replaces the bad bytes, see plugins/common/jsonw.h. */
static json_t *string(struct sy_str s)
{
    return json_stringn(s.p ? s.p : "", s.n);
}

static json_t *body_of(const struct sy_request *req)
{
    static const char *const roles[] = {"system", "user", "assistant"};
    const char *at = (const char *)req->msg;
    json_t *messages;

    if (req->kind == SY_REQ_FIM)
        return json_pack("{so so so sI}", "model", string(req->model), "before", string(req->prefix), "after",
                         string(req->suffix), "max_tokens", (json_int_t)req->max_tokens);
    messages = json_array();
    /* A newer host's elements may be longer than ours: the stride says where the next one is. */
    for (size_t i = 0; i < req->nmsg; i++, at += req->msg_stride) {
        const struct sy_msg *m = (const struct sy_msg *)(const void *)at;

        json_array_append_new(messages, json_pack("{ss so}", "role", roles[(unsigned)m->role % 3], "text", string(m->text)));
    }
    return json_pack("{so so sI}", "model", string(req->model), "messages", messages, "max_tokens",
                     (json_int_t)req->max_tokens);
}

/* ---- answer: bytes become events ---- */

struct exchange {
    const struct template *t;
    char *line; /* the bytes of a line that has not ended yet */
    size_t n, cap;
    int done;
};

static int template_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    struct template *t = self;
    struct exchange *e = calloc(1, sizeof *e);
    json_t *body = body_of(req);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    int r;

    if (!e || !text)
        r = t->host->fail(t->host->ctx, SY_EREQUEST, "the request cannot be written as JSON");
    else
        r = http->line(http->ctx, "POST", (struct sy_str){t->url, strlen(t->url)});
    if (r >= 0)
        r = http->header(http->ctx, (struct sy_str){"Content-Type", 12}, (struct sy_str){"application/json", 16}, 0);
    if (r >= 0)
        r = http->auth(http->ctx, SY_AUTH_BEARER, NULL, 1);
    if (r >= 0)
        r = http->body(http->ctx, text, strlen(text));
    free(text);
    json_decref(body);
    if (r < 0) {
        free(e);
        return r;
    }
    e->t = t;
    *x = e;
    return SY_OK;
}

static void put(struct exchange *e, const struct sy_sink *sink, struct sy_event ev)
{
    ev.size = sizeof ev;
    if (sink->emit(sink->ctx, &ev) < 0 || ev.kind == SY_EV_STOP || ev.kind == SY_EV_ERROR)
        e->done = 1;
}

static void line(struct exchange *e, const struct sy_sink *sink, const char *p, size_t n)
{
    json_t *root = json_loadb(p, n, 0, NULL);
    const char *text = json_string_value(json_object_get(root, "text"));
    const char *done = json_string_value(json_object_get(root, "done"));
    const char *error = json_string_value(json_object_get(root, "error"));
    uint64_t in = (uint64_t)json_integer_value(json_object_get(root, "in"));
    uint64_t out = (uint64_t)json_integer_value(json_object_get(root, "out"));
    uint64_t code = json_is_true(json_object_get(root, "busy")) ? -SY_EOVERLOADED : -SY_EREQUEST;

    if (text && !e->done)
        put(e, sink, (struct sy_event){.kind = SY_EV_TEXT, .text = {text, strlen(text)}});
    if (done && !e->done) {
        uint64_t why = strcmp(done, "length") == 0 ? SY_STOP_LENGTH : SY_STOP_END;

        put(e, sink, (struct sy_event){.kind = SY_EV_USAGE, .n = {in, 0, 0, out, 0, 1}});
        if (!e->done)
            put(e, sink, (struct sy_event){.kind = SY_EV_STOP, .text = {done, strlen(done)}, .n = {why}});
    }
    if (error && !e->done)
        put(e, sink, (struct sy_event){.kind = SY_EV_ERROR, .text = {error, strlen(error)}, .n = {code}});
    json_decref(root);
}

/* The bytes come in any pieces. Complete lines are read, the rest waits in e->line. */
static int template_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink)
{
    struct exchange *e = x;
    const char *at = p, *end = at + n;

    (void)reply;
    while (at < end && !e->done) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        size_t part = (size_t)((nl ? nl : end) - at);

        if (part > MAX_LINE - e->n)
            return e->t->host->fail(e->t->host->ctx, SY_EPROTO, "a line of the answer is longer than 1 MiB");
        if (e->n + part > e->cap) {
            char *grown = realloc(e->line, (e->n + part) * 2);

            if (!grown)
                return e->t->host->fail(e->t->host->ctx, SY_EINTERNAL, "out of memory");
            e->line = grown;
            e->cap = (e->n + part) * 2;
        }
        if (part > 0)
            memcpy(e->line + e->n, at, part);
        e->n += part;
        if (nl) {
            line(e, sink, e->line, e->n);
            e->n = 0;
        }
        at += part + (nl != NULL);
    }
    return SY_OK;
}

/* An answer outside 2xx that held no error line: the host is told at least the status. */
static int template_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct exchange *e = x;
    uint64_t code = reply->status == 401 || reply->status == 403 ? -SY_EAUTH : -SY_EAGAIN;

    if (!e->done && (reply->status < 200 || reply->status > 299))
        put(e, sink, (struct sy_event){.kind = SY_EV_ERROR, .n = {code, (uint64_t)reply->status}});
    return SY_OK;
}

static void template_end(void *x)
{
    struct exchange *e = x;

    free(e->line);
    free(e);
}

/* ---- what the host sees ---- */

static const struct sy_provider provider = {
    SY_PROVIDER_INIT,
    .name = "template",
    .version = "1.0.0",
    .summary = "an example to start from; speaks an invented protocol",
    .options = "base_url",
    .caps = SY_CAP_CHAT | SY_CAP_FIM | SY_CAP_STREAM,
    .open = template_open,
    .close = template_close,
    .begin = template_begin,
    .feed = template_feed,
    .finish = template_finish,
    .end = template_end,
};

SY_PROVIDER_ENTRY(template)
{
    return &provider;
}
