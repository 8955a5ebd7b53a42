/* SPDX-License-Identifier: MIT */
/* Reads an answer of any protocol whose events are JSON objects. Usage often comes after the word that says why the text
 * ended, so STOP waits for the terminal mark, or for the end of the body where a protocol has none. */
#include "reader.h"
#include "event.h"
#include "eventstream.h"
#include "jsonr.h"
#include "oaierr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EVENT ((size_t)1 << 20)
#define MAX_DOCUMENT ((size_t)8 << 20)
#define MAX_ERROR_PAGE ((size_t)64 << 10)
#define MAX_HELD ((size_t)4 << 20)

enum { UNDECIDED, STREAM, DOCUMENT, ERROR_PAGE };

int reader_open(const struct reader_kind *kind, void *owner, int unfence, void **x)
{
    struct reader *r = calloc(1, sizeof *r);

    *x = r;
    if (r && kind->message && !(r->binary = calloc(1, sizeof *r->binary))) {
        free(r);
        *x = r = NULL;
    }
    if (!r)
        return SY_EINTERNAL;
    if (r->binary)
        eventstream_init(r->binary);
    r->kind = kind;
    r->owner = owner;
    r->unfence = unfence;
    sse_init(&r->frames.sse, MAX_EVENT);
    ndjson_init(&r->frames.lines, MAX_EVENT);
    bytes_init(&r->body, MAX_DOCUMENT);
    fence_init(&r->fence, MAX_HELD);
    bytes_init(&r->refusal, MAX_ERROR_PAGE);
    bytes_init(&r->room, MAX_DOCUMENT);
    return SY_OK;
}

void reader_close(void *x)
{
    struct reader *r = x;

    if (!r)
        return;
    if (r->binary)
        eventstream_fini(r->binary);
    free(r->binary);
    sse_fini(&r->frames.sse);
    ndjson_fini(&r->frames.lines);
    bytes_fini(&r->body);
    fence_fini(&r->fence);
    bytes_fini(&r->refusal);
    bytes_fini(&r->room);
    free(r);
}

void reader_asks(void *x, struct sy_str model)
{
    struct reader *r = x;

    if (model.n >= sizeof r->asked)
        model.n = sizeof r->asked - 1;
    if (model.n > 0)
        memcpy(r->asked, model.p, model.n);
}

/* ---- events ---- */

struct sy_str reader_string(struct reader *r, struct sy_str value)
{
    return jsonr_string(value, &r->room);
}

/* Remembers that the host wants no more. */
static void sent(struct reader *r, int code)
{
    if (code < 0)
        r->done = 1;
}

static void fail_after(struct reader *r, int code, int status, uint64_t retry_ms, const char *words)
{
    if (!r->done)
        event_error(r->sink, code, status, retry_ms, text_c(words));
    r->done = 1;
}

void reader_fail(struct reader *r, int code, int status, const char *words)
{
    fail_after(r, code, status, 0, words);
}

static void send_text(struct reader *r, struct sy_str s)
{
    if (s.n > 0 && !r->done)
        sent(r, event_text(r->sink, SY_EV_TEXT, s));
}

void reader_text(struct reader *r, struct sy_str s)
{
    if (s.n == 0)
        return;
    send_text(r, r->unfence ? fence_push(&r->fence, s) : s);
    if (r->fence.held.failed)
        reader_fail(r, SY_ETOOBIG, 0, "the answer is too long");
}

void reader_json_text(struct reader *r, struct sy_str value)
{
    reader_text(r, reader_string(r, value));
}

void reader_id(struct reader *r, struct sy_str id)
{
    char name[160];

    if (r->id_sent || id.n == 0 || r->done)
        return;
    r->id_sent = 1;
    text_for_show(id, name, sizeof name);
    sent(r, event_text(r->sink, SY_EV_REQUEST_ID, text_c(name)));
}

/* Brokers and routers name the model they chose, sometimes later than in the first event. */
void reader_model(struct reader *r, struct sy_str model)
{
    char name[sizeof r->model];

    if (model.n == 0 || r->done)
        return;
    text_for_show(model, name, sizeof name);
    if (strcmp(name, r->model) == 0)
        return;
    memcpy(r->model, name, strlen(name) + 1);
    sent(r, event_text(r->sink, SY_EV_MODEL, text_c(name)));
}

void reader_listed(struct reader *r, struct sy_str id, uint64_t context, uint64_t output)
{
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_MODEL, .text = id, .n = {context, output}};

    if (id.n > 0 && !r->done)
        sent(r, r->sink->emit(r->sink->ctx, &ev));
}

void reader_usage(struct reader *r, const uint64_t n[5], int final)
{
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_USAGE};

    memcpy(ev.n, n, 5 * sizeof *n);
    ev.n[5] = (uint64_t)final;
    r->usage_sent = 1;
    if (!r->done)
        sent(r, r->sink->emit(r->sink->ctx, &ev));
}

void reader_finish(struct reader *r, struct sy_str word)
{
    if (word.n > 0)
        text_for_show(word, r->finish, sizeof r->finish);
}

void reader_refuse(struct reader *r, struct sy_str words)
{
    bytes_addstr(&r->refusal, words);
}

void reader_fail_as_told(struct reader *r, struct sy_str json)
{
    json_t *tree = json_loadb(json.p, json.n, JSON_ALLOW_NUL, NULL);
    struct oaierr e;

    oaierr_from_json(&e, 0, tree);
    fail_after(r, e.code, e.status, e.retry_ms, e.text);
    json_decref(tree);
}

void reader_conclude(struct reader *r)
{
    char words[OAIERR_MAX_TEXT];
    int reason;

    if (r->done)
        return;
    if (r->unfence)
        send_text(r, fence_end(&r->fence));
    reason = r->kind->conclude(r);
    if (r->refusal.n > 0) {
        text_for_show(bytes_str(&r->refusal), words, sizeof words);
        reader_fail(r, SY_EREFUSED, 0, words);
    }
    if (!r->done)
        event_stop(r->sink, reason, text_c(r->finish));
    r->done = 1;
}

/* ---- bytes ---- */

static int on_json(struct reader *r, struct sy_str type, struct sy_str data)
{
    if (data.n > 0 && *data.p == '{' && jsonr_is_valid(data)) {
        r->valid++;
        r->bad = 0;
        r->kind->event(r, type, data);
    } else if (data.n > 0) {
        r->bad++;
    }
    return r->done;
}

static int on_event(void *ctx, const struct sse_event *ev)
{
    struct reader *r = ctx;
    struct sy_str data = text_trim(ev->data);

    if (!text_eq(data, "[DONE]"))
        return on_json(r, ev->type, data);
    if (r->valid == 0 && r->bad > 0)
        reader_fail(r, SY_EPROTO, 0, "the stream holds no JSON");
    reader_conclude(r);
    return 1;
}

static int on_line(void *ctx, struct sy_str line)
{
    return on_json(ctx, (struct sy_str){NULL, 0}, line);
}

static int on_message(void *ctx, const struct eventstream_message *m)
{
    struct reader *r = ctx;

    r->valid++;
    r->kind->message(r, m->headers, m->payload);
    return r->done;
}

/* Blanks before the first byte that counts are dropped, so that no split of the bytes changes what is read. */
static struct sy_str decide(struct reader *r, struct sy_str s)
{
    char words[120];

    while (s.n > 0 && strchr(" \t\r\n", *s.p) && *s.p) {
        s.p++;
        s.n--;
    }
    if (s.n > 0 && *s.p == '<') {
        snprintf(words, sizeof words, "the answer is a web page, not %s (check base_url)", r->kind->what);
        reader_fail(r, SY_EPROTO, 0, words);
    } else if (s.n > 0) {
        r->mode = !r->kind->event || (r->kind->document && (*s.p == '{' || *s.p == '[')) ? DOCUMENT : STREAM;
    }
    return s;
}

static void begin_reading(struct reader *r, const struct sy_reply *reply, const struct sy_sink *sink)
{
    static const char *const ids[] = {"x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "opc-request-id"};

    r->sink = sink;
    if (r->mode == UNDECIDED && (reply->status < 200 || reply->status > 299)) {
        r->mode = ERROR_PAGE;
        r->body.max = MAX_ERROR_PAGE;
    }
    for (size_t i = 0; i < sizeof ids / sizeof ids[0] && !r->id_sent; i++)
        reader_id(r, reply->header(reply->ctx, ids[i]));
}

static void feed_stream(struct reader *r, struct sy_str s)
{
    int code;

    if (r->binary) {
        if (eventstream_feed(r->binary, s.p, s.n, on_message, r) == EVENTSTREAM_BROKEN)
            reader_fail(r, SY_EPROTO, 0, "the event stream is damaged");
        return;
    }
    code = r->kind->lines ? ndjson_feed(&r->frames.lines, s.p, s.n, on_line, r)
                          : sse_feed(&r->frames.sse, s.p, s.n, on_event, r);
    if (code < 0)
        reader_fail(r, SY_EPROTO, 0, "one event of the stream is longer than 1 MiB");
}

int reader_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink)
{
    struct reader *r = x;
    struct sy_str s = {p, n};

    begin_reading(r, reply, sink);
    if (r->mode == UNDECIDED && !r->done)
        s = decide(r, s);
    if (r->done || s.n == 0)
        return SY_OK;
    if (r->mode == STREAM) {
        feed_stream(r, s);
        return SY_OK;
    }
    /* Of an error page the beginning is enough. */
    if (r->mode == ERROR_PAGE && s.n > r->body.max - r->body.n)
        s.n = r->body.max - r->body.n;
    bytes_addstr(&r->body, s);
    if (r->body.failed)
        reader_fail(r, SY_ETOOBIG, 0, "the answer is longer than 8 MiB");
    return SY_OK;
}

static int ends_in_the_middle(struct sy_str text)
{
    json_error_t error;
    json_t *root = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &error);

    json_decref(root);
    return !root && json_error_code(&error) == json_error_premature_end_of_input;
}

static void end_document(struct reader *r)
{
    struct sy_str root = text_trim(bytes_str(&r->body));
    char words[120];

    if (!jsonr_is_valid(root)) {
        if (ends_in_the_middle(root))
            reader_fail(r, SY_ETRUNCATED, 0, "the answer ends in the middle");
        else
            reader_fail(r, SY_EPROTO, 0, "the answer is no JSON");
    } else if (!r->kind->document(r, root)) {
        snprintf(words, sizeof words, "the answer is not %s", r->kind->what);
        reader_fail(r, SY_EPROTO, 0, words);
    } else {
        reader_conclude(r);
    }
}

static void end_stream(struct reader *r)
{
    /* A last line may lack its end; one that was cut is no JSON and counts as nothing. */
    if (!r->binary && r->kind->lines && jsonr_is_valid(bytes_str(&r->frames.lines.line)))
        ndjson_end(&r->frames.lines, on_line, r);
    if (r->done)
        return;
    if (r->kind->eof_ends && r->finish[0])
        reader_conclude(r);
    else if (r->bad > 0)
        reader_fail(r, SY_EPROTO, 0, "the stream holds events that are no JSON");
}

int reader_end_of_body(void *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct reader *r = x;
    struct oaierr e;

    begin_reading(r, reply, sink);
    if (r->done)
        return SY_OK;
    if (r->mode == DOCUMENT) {
        end_document(r);
    } else if (r->mode == STREAM) {
        end_stream(r);
    } else if (r->mode == ERROR_PAGE) {
        oaierr_from_body(&e, reply->status, bytes_str(&r->body), reply->header(reply->ctx, "location"));
        if (r->kind->refused)
            r->kind->refused(r, &e);
        fail_after(r, e.code, e.status, e.retry_ms ? e.retry_ms : oaierr_retry_ms(reply), e.text);
    }
    return SY_OK;
}
