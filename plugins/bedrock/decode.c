/* SPDX-License-Identifier: MIT */
/* Reads the answer: Converse events, InvokeModel chunks in the shapes of several vendors, a whole document, or an error.
 *
 * The message that says why the text ended is not the last: usage comes after it, and with a router the model that
 * answered. So STOP waits for that, or for the end of the body. Failures come inside streams as messages of a type of
 * their own. */
#include "../common/crypto.h"
#include "../common/eventstream.h"
#include "../common/jsonr.h"
#include "../common/oaierr.h"
#include "bedrock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- failures ---- */

static const struct {
    const char *name;
    int code;
} errors[] = {
    {"ValidationException", SY_EREQUEST},
    {"ServiceQuotaExceededException", SY_EQUOTA},
    {"AccessDeniedException", SY_EAUTH},
    {"UnrecognizedClientException", SY_EAUTH},
    {"InvalidSignatureException", SY_EAUTH},
    {"IncompleteSignatureException", SY_EAUTH},
    {"MissingAuthenticationTokenException", SY_EAUTH},
    {"ExpiredTokenException", SY_EAUTH},
    {"ResourceNotFoundException", SY_EMODEL},
    {"ModelTimeoutException", SY_ETIMEOUT},
    {"ModelErrorException", SY_EAGAIN},
    {"ModelStreamErrorException", SY_EAGAIN},
    {"ThrottlingException", SY_ERATE},
    {"ModelNotReadyException", SY_ELOADING},
    {"InternalServerException", SY_EAGAIN},
    {"ServiceUnavailableException", SY_EOVERLOADED},
};

static int says(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

/* One class for several causes: the words tell them apart. */
static int closer_class(int code, const char *words)
{
    if (code != SY_EREQUEST)
        return code;
    if (says(words, "too long") || says(words, "context window") || says(words, "maximum tokens") || says(words, "context length"))
        return SY_ETOOBIG;
    if (says(words, "model identifier is invalid") || says(words, "on-demand throughput") || says(words, "end of its life"))
        return SY_EMODEL;
    return code;
}

/* 0 if the name is unknown. */
static int class_of(struct sy_str name, const char *words)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (text_eq_nocase(name, errors[i].name))
            return closer_class(errors[i].code, words);
    return 0;
}

/* "ThrottlingException:http://..." or "com.amazon#ThrottlingException": the name alone. */
static struct sy_str bare_name(struct sy_str s)
{
    const char *hash = s.n ? memchr(s.p, '#', s.n) : NULL, *colon;

    if (hash) {
        s.n -= (size_t)(hash + 1 - s.p);
        s.p = hash + 1;
    }
    colon = s.n ? memchr(s.p, ':', s.n) : NULL;
    if (colon)
        s.n = (size_t)(colon - s.p);
    return text_trim(s);
}

/* What the user can do, where the service does not say it. */
static const char *hint_of(int code, struct sy_str name, const char *words)
{
    if (text_eq(name, "InvalidSignatureException") || says(words, "signature expired"))
        return " (check the secret key and this machine's clock)";
    if (text_eq(name, "UnrecognizedClientException"))
        return " (check key, session token and region)";
    if (code == SY_EMODEL && says(words, "on-demand throughput"))
        return " (use the inference profile's name, with a prefix such as us. or eu.)";
    return "";
}

static void bedrock_refused(struct reader *r, struct oaierr *e)
{
    struct bedrock *p = r->owner;
    struct sy_str name = bare_name(text_c(p->error_type));
    int code = class_of(name, e->text);
    size_t used;

    if (code)
        e->code = code;
    if (text_eq(name, "ExpiredTokenException") || says(e->text, "token included in the request is expired"))
        p->stale = 1;
    if (!e->text[0])
        text_for_show(name, e->text, sizeof e->text - 100);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, "%s", hint_of(e->code, name, e->text));
}

static void fail_in_stream(struct reader *r, struct sy_str name, struct sy_str words)
{
    char text[OAIERR_MAX_TEXT];
    int code;

    text_for_show(words.n > 0 ? words : name, text, sizeof text);
    code = class_of(name, text);
    reader_fail(r, code ? code : SY_EAGAIN, 0, text);
}

static struct sy_str message_of(struct reader *r, struct sy_str json)
{
    struct sy_str s;

    if (!jsonr_is_valid(json))
        return (struct sy_str){NULL, 0};
    s = jsonr_get(json, "message");
    return reader_string(r, s.n > 0 ? s : jsonr_get(json, "Message"));
}

/* ---- what is common to the shapes ---- */

static void take_count(struct sy_str usage, const char *key, uint64_t *n)
{
    struct sy_str v = jsonr_get(usage, key);

    if (jsonr_kind(v) == '0')
        *n = jsonr_count(v);
}

/* The names that Converse, Messages, chat completions and the service's own metrics have for the same figures. */
static void take_usage(struct reader *r, struct sy_str usage)
{
    static const struct {
        const char *key;
        int at;
    } keys[] = {
        {"inputTokens", 0},      {"cacheReadInputTokens", 1},    {"cacheWriteInputTokens", 2},       {"outputTokens", 3},
        {"input_tokens", 0},     {"cache_read_input_tokens", 1}, {"cache_creation_input_tokens", 2}, {"output_tokens", 3},
        {"inputTokenCount", 0},  {"outputTokenCount", 3},        {"prompt_tokens", 0},               {"completion_tokens", 3},
        {"prompt_token_count", 0}, {"generation_token_count", 3}, {"cacheReadInputTokenCount", 1},
        {"cacheWriteInputTokenCount", 2},
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        take_count(usage, keys[i].key, &r->n[keys[i].at]);
}

static int bedrock_conclude(struct reader *r)
{
    static const struct {
        const char *word;
        int reason;
    } words[] = {
        {"max_tokens", SY_STOP_LENGTH}, {"length", SY_STOP_LENGTH},           {"model_context_window_exceeded", SY_STOP_LENGTH},
        {"tool_use", SY_STOP_TOOL},     {"stop_sequence", SY_STOP_SEQUENCE},  {"tool_calls", SY_STOP_TOOL},
    };

    if (!r->usage_sent && r->n[0] + r->n[3] > 0)
        reader_usage(r, r->n, 1);
    if (strcmp(r->finish, "guardrail_intervened") == 0 || strcmp(r->finish, "content_filtered") == 0)
        reader_fail(r, SY_EREFUSED, 0, r->finish[0] == 'g' ? "a guardrail stopped the answer" : "the answer was filtered");
    if (strncmp(r->finish, "malformed_", 10) == 0)
        reader_fail(r, SY_EPROTO, 0, "the model's answer was malformed");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(r->finish, words[i].word) == 0)
            return words[i].reason;
    return SY_STOP_END;
}

static void take_finish(struct reader *r, struct sy_str value)
{
    if (jsonr_kind(value) == '"')
        reader_finish(r, reader_string(r, value));
}

enum { ENDED = 1 }; /* the figures have come */

static void end_if_whole(struct reader *r)
{
    if ((r->flags & ENDED) && r->finish[0])
        reader_conclude(r);
}

/* ---- Converse ---- */

static void read_metadata(struct reader *r, struct sy_str m)
{
    struct sy_str router = jsonr_get(jsonr_get(m, "trace"), "promptRouter");

    reader_model(r, reader_string(r, jsonr_get(router, "invokedModelId")));
    if (jsonr_kind(jsonr_get(m, "usage")) == '{') {
        take_usage(r, jsonr_get(m, "usage"));
        reader_usage(r, r->n, 1);
    }
    r->flags |= ENDED;
    end_if_whole(r);
}

static void read_converse(struct reader *r, struct sy_str type, struct sy_str json)
{
    if (text_eq(type, "contentBlockDelta")) {
        reader_json_text(r, jsonr_get(jsonr_get(json, "delta"), "text"));
    } else if (text_eq(type, "messageStop")) {
        take_finish(r, jsonr_get(json, "stopReason"));
        end_if_whole(r);
    } else if (text_eq(type, "metadata")) {
        read_metadata(r, json);
    }
}

/* ---- chunks of InvokeModel ---- */

static void read_messages(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str delta = jsonr_get(json, "delta"), message = jsonr_get(json, "message"), error = jsonr_get(json, "error");

    if (text_eq(type, "\"message_start\"")) {
        reader_model(r, reader_string(r, jsonr_get(message, "model")));
        take_usage(r, jsonr_get(message, "usage"));
    } else if (text_eq(type, "\"content_block_delta\"")) {
        reader_json_text(r, jsonr_get(delta, "text"));
    } else if (text_eq(type, "\"message_delta\"")) {
        take_finish(r, jsonr_get(delta, "stop_reason"));
        take_usage(r, jsonr_get(json, "usage"));
    } else if (text_eq(type, "\"error\"")) {
        reader_fail_as_told(r, jsonr_kind(error) == '{' ? json : error);
    }
}

/* Text and end under the names that vendors of raw models use, in the object or in the first of a list in it. */
static void read_plain(struct reader *r, struct sy_str o)
{
    static const char *const texts[] = {"text", "generation", "completion", "outputText", "content"};
    static const char *const ends[] = {"stop_reason", "finish_reason", "completionReason", "finishReason"};
    static const char *const lists[] = {"choices", "outputs", "results", "generations"};
    static const char *const inner[] = {"delta", "message"};
    struct sy_str rest, first;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        reader_json_text(r, jsonr_get(o, texts[i]));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        take_finish(r, jsonr_get(o, ends[i]));
    for (size_t i = 0; i < 2; i++)
        if (jsonr_kind(jsonr_get(o, inner[i])) == '{')
            reader_json_text(r, jsonr_get(jsonr_get(o, inner[i]), "content"));
    take_usage(r, o);
    take_usage(r, jsonr_get(o, "usage"));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        rest = jsonr_get(o, lists[i]);
        /* One level deep: a first element holds no list of these names. */
        if (jsonr_kind(rest) == '[' && jsonr_element(&rest, &first) && jsonr_kind(first) == '{' &&
            jsonr_kind(jsonr_get(first, lists[i])) != '[')
            read_plain(r, first);
    }
}

static void read_chunk(struct reader *r, struct sy_str json)
{
    struct sy_str type = jsonr_get(json, "type"), metrics = jsonr_get(json, "amazon-bedrock-invocationMetrics");
    struct sy_str rest = json, key, value;

    if (jsonr_kind(type) == '"') {
        read_messages(r, type, json);
    } else if (jsonr_kind(jsonr_get(json, "messageStart")) || jsonr_kind(jsonr_get(json, "contentBlockDelta")) ||
               jsonr_kind(jsonr_get(json, "messageStop")) || jsonr_kind(jsonr_get(json, "metadata"))) {
        while (!r->done && jsonr_member(&rest, &key, &value))
            read_converse(r, key, value);
    } else {
        read_plain(r, json);
    }
    if (jsonr_kind(metrics) != '{' || (r->flags & ENDED))
        return;
    take_usage(r, metrics);
    reader_usage(r, r->n, 1);
    r->flags |= ENDED;
    end_if_whole(r);
}

static void read_bytes(struct reader *r, struct sy_str json)
{
    struct bytes chunk;
    struct sy_str text;

    bytes_init(&chunk, EVENTSTREAM_MAX_PAYLOAD);
    if (!add_unbase64(&chunk, reader_string(r, jsonr_get(json, "bytes"))))
        bytes_reset(&chunk);
    text = text_trim(bytes_str(&chunk));
    if (jsonr_is_valid(text) && jsonr_kind(text) == '{')
        read_chunk(r, text);
    else
        reader_fail(r, SY_EPROTO, 0, "a chunk of the stream is no JSON");
    bytes_fini(&chunk);
}

/* ---- messages and documents ---- */

static void bedrock_message(struct reader *r, struct sy_str headers, struct sy_str payload)
{
    struct sy_str kind = eventstream_get(headers, ":message-type");
    struct sy_str type = eventstream_get(headers, ":event-type");

    if (text_eq(kind, "exception")) {
        fail_in_stream(r, bare_name(eventstream_get(headers, ":exception-type")), message_of(r, payload));
    } else if (text_eq(kind, "error")) {
        fail_in_stream(r, bare_name(eventstream_get(headers, ":error-code")), eventstream_get(headers, ":error-message"));
    } else if (!jsonr_is_valid(payload) || jsonr_kind(payload) != '{') {
        if (payload.n > 0)
            reader_fail(r, SY_EPROTO, 0, "an event of the stream is no JSON");
    } else if (text_eq(type, "chunk")) {
        read_bytes(r, payload);
    } else {
        read_converse(r, type, payload);
    }
}

/* A server that does not stream. */
static int bedrock_document(struct reader *r, struct sy_str json)
{
    struct sy_str message = jsonr_get(jsonr_get(json, "output"), "message"), rest = jsonr_get(message, "content"), block;

    if (jsonr_kind(rest) != '[')
        return 0;
    while (jsonr_element(&rest, &block))
        reader_json_text(r, jsonr_get(block, "text"));
    take_finish(r, jsonr_get(json, "stopReason"));
    if (!r->finish[0])
        reader_finish(r, TEXT("end_turn"));
    read_metadata(r, json);
    return 1;
}

/* Text framing is never used; that there is this function tells the reader that answers stream. */
static void bedrock_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    read_converse(r, type, json);
}

const struct reader_kind bedrock_reading = {
    .eof_ends = 1,
    .event = bedrock_event,
    .message = bedrock_message,
    .document = bedrock_document,
    .conclude = bedrock_conclude,
    .refused = bedrock_refused,
    .what = "an answer of this service",
};

int bedrock_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct reader *r = x;
    struct bedrock *p = r->owner;
    struct sy_str type = reply->header(reply->ctx, "x-amzn-errortype");

    text_for_show(type, p->error_type, sizeof p->error_type);
    return reader_end_of_body(x, reply, sink);
}
