/* SPDX-License-Identifier: MIT */
/* Reads the vendor's own stream: one choice an event, without a terminal mark, so the end of the body ends it once the
 * reason was told. Cohere's last event repeats the whole text, which must not be shown twice. */
#include "../common/choices.h"
#include "../common/jsonr.h"
#include "../common/oaierr.h"
#include "oracle.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STREAMED = 1 }; /* text has come in pieces */

static int says(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

/* The service hides whether a thing is missing or forbidden; which one, the user has to find out. */
static void oracle_refused(struct reader *r, struct oaierr *e)
{
    char *general = strstr(e->text, " (check base_url)");
    const char *hint = NULL;
    size_t used;

    (void)r;
    if (e->status == 404 && says(e->text, "authorization failed")) {
        e->code = SY_EAUTH;
        hint = " (check model, compartment, region and policies)";
    } else if (e->status == 404 && says(e->text, "entity with key")) {
        e->code = SY_EMODEL;
        hint = "";
    } else if (e->status == 401) {
        hint = " (check the key, or the profile's key_file, fingerprint, user and tenancy)";
    }
    if (!hint)
        return;
    used = general ? (size_t)(general - e->text) : strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, "%s", hint);
}

static void take_usage(struct reader *r, struct sy_str usage)
{
    uint64_t prompt = jsonr_count(jsonr_get(usage, "promptTokens"));
    uint64_t cached = jsonr_count(jsonr_get(jsonr_get(usage, "promptTokensDetails"), "cachedTokens"));
    uint64_t n[5] = {prompt > cached ? prompt - cached : 0, cached, 0, jsonr_count(jsonr_get(usage, "completionTokens")),
                     jsonr_count(jsonr_get(jsonr_get(usage, "completionTokensDetails"), "reasoningTokens"))};

    if (jsonr_kind(usage) == '{')
        reader_usage(r, n, r->finish[0] != '\0');
}

static int is_told(struct sy_str value)
{
    return jsonr_kind(value) == '"' && value.n > 2;
}

/* A choice: of the generic format with its message, of Cohere's with its text. */
static void read_choice(struct reader *r, struct sy_str choice)
{
    struct sy_str rest = jsonr_get(jsonr_get(choice, "message"), "content"), part;
    struct sy_str finish = jsonr_get(choice, "finishReason"), text = jsonr_get(choice, "text");

    if (jsonr_kind(jsonr_get(choice, "index")) == '0' && jsonr_count(jsonr_get(choice, "index")) > 0)
        return;
    while (!r->done && jsonr_element(&rest, &part))
        reader_json_text(r, jsonr_get(part, "text"));
    if (jsonr_kind(text) == '"' && !(is_told(finish) && (r->flags & STREAMED))) {
        reader_json_text(r, text);
        r->flags |= STREAMED;
    }
    if (is_told(finish))
        reader_finish(r, reader_string(r, finish));
}

static int read_answer(struct reader *r, struct sy_str json)
{
    struct sy_str rest = jsonr_get(json, "choices"), choice;
    int whole = jsonr_kind(rest) == '[';

    if (!whole && jsonr_kind(jsonr_get(json, "message")) == '"' && jsonr_kind(jsonr_get(json, "code"))) {
        reader_fail_as_told(r, json);
        return 1;
    }
    while (!r->done && jsonr_element(&rest, &choice))
        read_choice(r, choice);
    if (!whole)
        read_choice(r, json);
    take_usage(r, jsonr_get(json, "usage"));
    return whole || jsonr_kind(jsonr_get(json, "text")) || jsonr_kind(jsonr_get(json, "message"));
}

static void oracle_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    (void)type;
    read_answer(r, json);
}

static int oracle_document(struct reader *r, struct sy_str json)
{
    struct sy_str answer = jsonr_get(json, "chatResponse");

    reader_model(r, reader_string(r, jsonr_get(json, "modelId")));
    return read_answer(r, jsonr_kind(answer) == '{' ? answer : json);
}

static int oracle_conclude(struct reader *r)
{
    static const struct {
        const char *word;
        int reason;
    } words[] = {
        {"length", SY_STOP_LENGTH},          {"MAX_TOKENS", SY_STOP_LENGTH}, {"ERROR_LIMIT", SY_STOP_LENGTH},
        {"STOP_SEQUENCE", SY_STOP_SEQUENCE}, {"tool_calls", SY_STOP_TOOL},   {"TOOL_CALL", SY_STOP_TOOL},
    };

    if (strcasecmp(r->finish, "content_filter") == 0 || strcmp(r->finish, "ERROR_TOXIC") == 0)
        reader_fail(r, SY_EREFUSED, 0, "the answer was filtered");
    else if (strcmp(r->finish, "ERROR") == 0)
        reader_fail(r, SY_EAGAIN, 0, "the model failed");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(r->finish, words[i].word) == 0)
            return words[i].reason;
    return SY_STOP_END;
}

const struct reader_kind oracle_reading = {
    .eof_ends = 1,
    .event = oracle_event,
    .document = oracle_document,
    .conclude = oracle_conclude,
    .refused = oracle_refused,
    .what = "an answer of this service",
};

const struct reader_kind oracle_openai_reading = {
    .eof_ends = 1,
    .event = choices_event,
    .document = choices_document,
    .conclude = choices_conclude,
    .refused = oracle_refused,
    .what = "a completion",
};
