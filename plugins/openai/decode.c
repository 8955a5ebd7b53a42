/* SPDX-License-Identifier: MIT */
/* Reads the answer: a stream of chunks, one JSON document from a server that ignored "stream", or an error page.
 *
 * Which of them it is, the first byte tells, not the content type: servers mislabel, but no event stream begins with a
 * brace. Usage comes after the chunk that says why the text ended, so STOP waits for [DONE] or the end of the body.
 * One chunk that is no JSON does not kill a healthy stream: it counts only if nothing valid follows. */
#include "../common/event.h"
#include "../common/fence.h"
#include "../common/jsonr.h"
#include "../common/oaierr.h"
#include "../common/sse.h"
#include "openai.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EVENT ((size_t)1 << 20)
#define MAX_DOCUMENT ((size_t)8 << 20)
#define MAX_ERROR_PAGE ((size_t)64 << 10)
#define MAX_HELD ((size_t)4 << 20)

enum { UNDECIDED, STREAM, DOCUMENT, ERROR_PAGE };

struct exchange {
    const struct openai *p;
    int answer, mode, unfence;
    int done;       /* a terminal event went out, or the host has heard enough */
    int valid, bad; /* chunks so far; those that were no JSON since the last valid one */
    struct sse sse;
    struct bytes body;
    struct fence fence;
    struct bytes refusal, room; /* room: a decoded string, for as long as nothing else is decoded */
    char model[160];
    char finish[48]; /* finish_reason, empty: not seen */
    int by_sequence; /* the service named the stop string */
    int id_sent, usage_sent, in_error; /* in_error: the event's type is "error" */
    uint64_t timing[3]; /* llama.cpp: prompt tokens evaluated, reused, and tokens generated */
    const struct sy_sink *sink; /* during a call */
};

struct exchange *exchange_new(const struct openai *p, int answer, int unfence)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->p = p;
    x->answer = answer;
    x->unfence = unfence;
    sse_init(&x->sse, MAX_EVENT);
    bytes_init(&x->body, MAX_DOCUMENT);
    fence_init(&x->fence, MAX_HELD);
    bytes_init(&x->refusal, MAX_ERROR_PAGE);
    bytes_init(&x->room, MAX_DOCUMENT);
    return x;
}

void openai_end(void *exchange)
{
    struct exchange *x = exchange;

    if (!x)
        return;
    sse_fini(&x->sse);
    bytes_fini(&x->body);
    fence_fini(&x->fence);
    bytes_fini(&x->refusal);
    bytes_fini(&x->room);
    free(x);
}

/* ---- events ---- */

static struct sy_str decoded(struct exchange *x, struct sy_str value)
{
    return jsonr_string(value, &x->room);
}

/* Remembers that the host wants no more. */
static void sent(struct exchange *x, int r)
{
    if (r < 0)
        x->done = 1;
}

static void fail(struct exchange *x, int code, int status, uint64_t retry_ms, const char *words)
{
    if (!x->done)
        event_error(x->sink, code, status, retry_ms, text_c(words));
    x->done = 1;
}

static void send_text(struct exchange *x, struct sy_str s)
{
    if (s.n > 0 && !x->done)
        sent(x, event_text(x->sink, SY_EV_TEXT, s));
}

static void add_text(struct exchange *x, struct sy_str s)
{
    if (s.n == 0)
        return;
    send_text(x, x->unfence ? fence_push(&x->fence, s) : s);
    if (x->fence.held.failed)
        fail(x, SY_ETOOBIG, 0, 0, "the answer is too long");
}

static void send_id(struct exchange *x, struct sy_str id)
{
    char name[160];

    if (x->id_sent || id.n == 0 || x->done)
        return;
    x->id_sent = 1;
    text_for_show(id, name, sizeof name);
    sent(x, event_text(x->sink, SY_EV_REQUEST_ID, text_c(name)));
}

/* Brokers and routers name the model they chose, sometimes later than in the first chunk. */
static void send_model(struct exchange *x, struct sy_str model)
{
    char name[sizeof x->model];

    if (model.n == 0 || x->done)
        return;
    text_for_show(model, name, sizeof name);
    if (strcmp(name, x->model) == 0)
        return;
    memcpy(x->model, name, strlen(name) + 1);
    sent(x, event_text(x->sink, SY_EV_MODEL, text_c(name)));
}

/* prompt_tokens contains what came from the cache or went into it; the host wants the three apart. */
static void send_usage(struct exchange *x, struct sy_str usage, int final)
{
    struct sy_str in = jsonr_get(usage, "prompt_tokens_details");
    struct sy_str out = jsonr_get(usage, "completion_tokens_details");
    uint64_t prompt = jsonr_count(jsonr_get(usage, "prompt_tokens"));
    uint64_t cached = jsonr_count(jsonr_get(in, "cached_tokens"));
    uint64_t written = jsonr_count(jsonr_get(in, "cache_write_tokens"));
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_USAGE};

    if (cached == 0)
        cached = jsonr_count(jsonr_get(usage, "prompt_cache_hit_tokens"));
    ev.n[0] = prompt > cached + written ? prompt - cached - written : 0;
    ev.n[1] = cached;
    ev.n[2] = written;
    ev.n[3] = jsonr_count(jsonr_get(usage, "completion_tokens"));
    ev.n[4] = jsonr_count(jsonr_get(out, "reasoning_tokens"));
    ev.n[5] = (uint64_t)final;
    x->usage_sent = 1;
    if (!x->done)
        sent(x, x->sink->emit(x->sink->ctx, &ev));
}

/* Older llama.cpp tells its timings where others tell their usage. */
static void send_timings(struct exchange *x)
{
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_USAGE};

    if (x->usage_sent || x->timing[0] + x->timing[1] + x->timing[2] == 0 || x->done)
        return;
    ev.n[0] = x->timing[0];
    ev.n[1] = x->timing[1];
    ev.n[3] = x->timing[2];
    ev.n[5] = 1;
    sent(x, x->sink->emit(x->sink->ctx, &ev));
}

static int stop_reason(const struct exchange *x)
{
    static const struct {
        const char *word;
        int reason;
    } words[] = {
        {"length", SY_STOP_LENGTH},   {"max_tokens", SY_STOP_LENGTH},   {"model_length", SY_STOP_LENGTH},
        {"tool_calls", SY_STOP_TOOL}, {"function_call", SY_STOP_TOOL},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(x->finish, words[i].word) == 0)
            return words[i].reason;
    return x->by_sequence ? SY_STOP_SEQUENCE : SY_STOP_END;
}

/* The one terminal event of an answer that came to its end. */
static void conclude(struct exchange *x)
{
    char words[OAIERR_MAX_TEXT];

    if (x->done)
        return;
    if (x->unfence)
        send_text(x, fence_end(&x->fence));
    send_timings(x);
    if (x->refusal.n > 0 || strcmp(x->finish, "content_filter") == 0) {
        text_for_show(x->refusal.n > 0 ? bytes_str(&x->refusal) : TEXT("content_filter"), words, sizeof words);
        fail(x, SY_EREFUSED, 0, 0, words);
    } else if (strcmp(x->finish, "insufficient_system_resource") == 0) {
        fail(x, SY_EOVERLOADED, 0, 0, x->finish);
    } else if (strcmp(x->finish, "error") == 0) {
        fail(x, SY_EAGAIN, 0, 0, "the service broke off");
    }
    if (!x->done)
        event_stop(x->sink, stop_reason(x), text_c(x->finish));
    x->done = 1;
}

/* ---- chunks ---- */

/* Text, or an array of typed parts of which only the text is meant for us. */
static void add_content(struct exchange *x, struct sy_str content)
{
    struct sy_str part;

    add_text(x, decoded(x, content));
    while (jsonr_element(&content, &part))
        if (text_eq(decoded(x, jsonr_get(part, "type")), "text"))
            add_text(x, decoded(x, jsonr_get(part, "text")));
}

/* The members of a choice, or of the delta or message in it. */
static void read_choice(struct exchange *x, struct sy_str choice)
{
    struct sy_str key, value, inner = {NULL, 0}, finish = {NULL, 0}, refusal = {NULL, 0}, text = {NULL, 0};

    for (struct sy_str rest = choice; jsonr_member(&rest, &key, &value);) {
        if (text_eq(key, "delta") || text_eq(key, "message"))
            inner = jsonr_kind(value) == '{' ? value : inner;
        else if (text_eq(key, "text"))
            text = value;
        else if (text_eq(key, "finish_reason"))
            finish = value;
        else if (text_eq(key, "stop_reason") && jsonr_kind(value) == '"')
            x->by_sequence = 1;
        else if (text_eq(key, "index") && jsonr_count(value) != 0)
            return; /* only the first of several answers; nobody asks for more */
    }
    add_text(x, decoded(x, text));
    while (jsonr_member(&inner, &key, &value)) {
        if (text_eq(key, "content"))
            add_content(x, value);
        else if (text_eq(key, "refusal"))
            refusal = value;
    }
    bytes_addstr(&x->refusal, decoded(x, refusal));
    if (jsonr_kind(finish) == '"')
        text_for_show(decoded(x, finish), x->finish, sizeof x->finish);
}

static void read_timings(struct exchange *x, struct sy_str timings)
{
    x->timing[0] = jsonr_count(jsonr_get(timings, "prompt_n"));
    x->timing[1] = jsonr_count(jsonr_get(timings, "cache_n"));
    x->timing[2] = jsonr_count(jsonr_get(timings, "predicted_n"));
}

static void fail_as_told(struct exchange *x, struct sy_str root)
{
    json_t *tree = json_loadb(root.p, root.n, JSON_ALLOW_NUL, NULL);
    struct oaierr e;

    oaierr_from_json(&e, 0, tree);
    fail(x, e.code, e.status, 0, e.text);
    json_decref(tree);
}

struct chunk {
    struct sy_str id, model, choices, usage, timings, error, object;
};

static struct chunk members_of(struct sy_str root)
{
    struct chunk c = {.id = {NULL, 0}};
    struct {
        const char *key;
        struct sy_str *to;
    } wanted[] = {{"id", &c.id},           {"model", &c.model}, {"choices", &c.choices}, {"usage", &c.usage},
                  {"timings", &c.timings}, {"error", &c.error}, {"object", &c.object}};
    struct sy_str key, value;

    while (jsonr_member(&root, &key, &value))
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
            if (text_eq(key, wanted[i].key))
                *wanted[i].to = value;
    return c;
}

/* 0 if it is not at all what a completion looks like. */
static int read_chunk(struct exchange *x, struct sy_str root)
{
    struct chunk c = members_of(root);
    struct sy_str rest = c.choices, choice;
    int kind = jsonr_kind(c.error), empty = 1;

    if ((kind && kind != 'n') || x->in_error || text_eq(c.object, "\"error\"")) {
        fail_as_told(x, root);
        return 1;
    }
    send_id(x, decoded(x, c.id));
    send_model(x, decoded(x, c.model));
    for (; !x->done && jsonr_element(&rest, &choice); empty = 0)
        read_choice(x, choice);
    if (jsonr_kind(c.usage) == '{')
        send_usage(x, c.usage, x->finish[0] != '\0' || empty);
    if (jsonr_kind(c.timings) == '{')
        read_timings(x, c.timings);
    return jsonr_kind(c.choices) == '[';
}

/* ---- the list of models ---- */

static uint64_t first_count(struct sy_str o, const char *const keys[])
{
    uint64_t n = 0;

    for (size_t i = 0; keys[i] && n == 0; i++)
        n = jsonr_count(jsonr_get(o, keys[i]));
    return n;
}

static void send_listed(struct exchange *x, struct sy_str m)
{
    /* The same figure under the names that services gave it. */
    static const char *const context[] = {"context_length", "max_model_len", "context_window", "max_context_length",
                                          "n_ctx", "n_ctx_train", NULL};
    static const char *const output[] = {"max_completion_tokens", "max_output_tokens", NULL};
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_MODEL, .text = decoded(x, jsonr_get(m, "id"))};

    ev.n[0] = first_count(m, context);
    if (ev.n[0] == 0)
        ev.n[0] = first_count(jsonr_get(m, "meta"), context);
    ev.n[1] = first_count(m, output);
    if (ev.n[1] == 0)
        ev.n[1] = first_count(jsonr_get(m, "top_provider"), output);
    if (ev.text.n > 0 && !x->done)
        sent(x, x->sink->emit(x->sink->ctx, &ev));
}

static void read_models(struct exchange *x, struct sy_str root)
{
    struct sy_str list = jsonr_kind(root) == '[' ? root : jsonr_get(root, "data"), m;
    int kind = jsonr_kind(jsonr_get(root, "error"));

    if (kind && kind != 'n') {
        fail_as_told(x, root);
        return;
    }
    if (jsonr_kind(list) != '[') {
        fail(x, SY_EPROTO, 0, 0, "the answer is no list of models");
        return;
    }
    while (jsonr_element(&list, &m))
        send_listed(x, m);
    conclude(x);
}

/* ---- bytes ---- */

static int on_event(void *ctx, const struct sse_event *ev)
{
    struct exchange *x = ctx;
    struct sy_str data = text_trim(ev->data);

    if (data.n == 0)
        return 0;
    if (text_eq(data, "[DONE]")) {
        if (x->valid == 0 && x->bad > 0)
            fail(x, SY_EPROTO, 0, 0, "the stream holds no JSON");
        conclude(x);
        return 1;
    }
    x->in_error = text_eq(ev->type, "error");
    if (*data.p == '{' && jsonr_is_valid(data)) {
        x->valid++;
        x->bad = 0;
        read_chunk(x, data);
    } else {
        x->bad++;
    }
    return x->done;
}

/* Blanks before the first byte that counts are dropped, so that no split of the bytes changes what is read. */
static struct sy_str decide(struct exchange *x, struct sy_str s)
{
    while (s.n > 0 && strchr(" \t\r\n", *s.p) && *s.p) {
        s.p++;
        s.n--;
    }
    if (s.n > 0 && *s.p == '<')
        fail(x, SY_EPROTO, 0, 0, "the answer is a web page, not a completion (check base_url)");
    else if (s.n > 0)
        x->mode = x->answer == ANSWER_MODELS || *s.p == '{' || *s.p == '[' ? DOCUMENT : STREAM;
    return s;
}

static void begin_reading(struct exchange *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    x->sink = sink;
    if (x->mode == UNDECIDED && (reply->status < 200 || reply->status > 299)) {
        x->mode = ERROR_PAGE;
        x->body.max = MAX_ERROR_PAGE;
    }
    if (!x->id_sent)
        send_id(x, reply->header(reply->ctx, "x-request-id"));
}

int openai_feed(void *exchange, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink)
{
    struct exchange *x = exchange;
    struct sy_str s = {p, n};

    begin_reading(x, reply, sink);
    if (x->mode == UNDECIDED && !x->done)
        s = decide(x, s);
    if (x->done || s.n == 0)
        return SY_OK;
    if (x->mode == STREAM) {
        if (sse_feed(&x->sse, s.p, s.n, on_event, x) == SSE_TOO_BIG)
            fail(x, SY_EPROTO, 0, 0, "one event of the stream is longer than 1 MiB");
        return SY_OK;
    }
    /* Of an error page the beginning is enough. */
    if (x->mode == ERROR_PAGE && s.n > x->body.max - x->body.n)
        s.n = x->body.max - x->body.n;
    bytes_addstr(&x->body, s);
    if (x->body.failed)
        fail(x, SY_ETOOBIG, 0, 0, "the answer is longer than 8 MiB");
    return SY_OK;
}

static int ends_in_the_middle(struct sy_str text)
{
    json_error_t error;
    json_t *root = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &error);

    json_decref(root);
    return !root && json_error_code(&error) == json_error_premature_end_of_input;
}

static void finish_document(struct exchange *x)
{
    struct sy_str root = text_trim(bytes_str(&x->body));

    if (!jsonr_is_valid(root)) {
        if (ends_in_the_middle(root))
            fail(x, SY_ETRUNCATED, 0, 0, "the answer ends in the middle");
        else
            fail(x, SY_EPROTO, 0, 0, "the answer is no JSON");
    } else if (x->answer == ANSWER_MODELS) {
        read_models(x, root);
    } else if (!read_chunk(x, root)) {
        fail(x, SY_EPROTO, 0, 0, "the answer has no choices");
    }
    conclude(x);
}

static void finish_stream(struct exchange *x)
{
    if (x->finish[0])
        conclude(x);
    else if (x->bad > 0)
        fail(x, SY_EPROTO, 0, 0, "the stream holds events that are no JSON");
}

int openai_finish(void *exchange, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct exchange *x = exchange;
    struct oaierr e;

    begin_reading(x, reply, sink);
    if (x->done)
        return SY_OK;
    if (x->mode == DOCUMENT) {
        finish_document(x);
    } else if (x->mode == STREAM) {
        finish_stream(x);
    } else if (x->mode == ERROR_PAGE) {
        oaierr_from_body(&e, reply->status, bytes_str(&x->body), reply->header(reply->ctx, "location"));
        fail(x, e.code, e.status, oaierr_retry_ms(reply), e.text);
    }
    return SY_OK;
}
