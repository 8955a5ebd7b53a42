/* SPDX-License-Identifier: MIT */
/* Reads a message while it is made. Usage figures are totals that later events correct, so they replace each other; a
 * stream may begin twice (a proxy that asked again), and only message_stop is its end. */
#include "../common/choices.h"
#include "../common/jsonr.h"
#include "../common/refusal.h"
#include "anthropic.h"

#include <string.h>

/* input_tokens has neither of the cached parts in it. */
static void read_usage(struct reader *r, struct sy_str usage, int final)
{
    static const char *const fields[] = {"input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"};

    if (jsonr_kind(usage) != '{')
        return;
    for (size_t i = 0; i < 4; i++) {
        struct sy_str value = jsonr_get(usage, fields[i]);

        if (jsonr_kind(value) == '0')
            r->n[i] = jsonr_count(value);
    }
    if (jsonr_kind(jsonr_get(usage, "output_tokens_details")) == '{')
        r->n[4] = jsonr_count(jsonr_get(jsonr_get(usage, "output_tokens_details"), "thinking_tokens"));
    reader_usage(r, r->n, final);
}

static void read_head(struct reader *r, struct sy_str message)
{
    reader_id(r, reader_string(r, jsonr_get(message, "id")));
    reader_model(r, reader_string(r, jsonr_get(message, "model")));
}

/* Why it ended; of a refusal also the words. */
static void read_reason(struct reader *r, struct sy_str o)
{
    struct sy_str details = jsonr_get(o, "stop_details");

    if (jsonr_kind(jsonr_get(o, "stop_reason")) != '"')
        return;
    reader_finish(r, reader_string(r, jsonr_get(o, "stop_reason")));
    if (strcmp(r->finish, "refusal") != 0 || r->refusal.n > 0)
        return;
    reader_refuse(r, reader_string(r, jsonr_get(details, "explanation")));
    if (r->refusal.n == 0)
        reader_refuse(r, TEXT("the model declined"));
}

static void read_delta(struct reader *r, struct sy_str delta)
{
    struct sy_str type = reader_string(r, jsonr_get(delta, "type"));

    if (text_eq(type, "text_delta") && !r->flags)
        reader_json_text(r, jsonr_get(delta, "text"));
    else if (text_eq(type, "input_json_delta") && r->flags)
        reader_json_text(r, jsonr_get(delta, "partial_json"));
}

static void read_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str word = reader_string(r, jsonr_get(json, "type"));
    char name[32] = "";

    (void)type;
    if (word.n > 0 && word.n < sizeof name)
        memcpy(name, word.p, word.n);
    if (strcmp(name, "content_block_delta") == 0) {
        read_delta(r, jsonr_get(json, "delta"));
    } else if (strcmp(name, "message_start") == 0) {
        read_head(r, jsonr_get(json, "message"));
        if (!r->usage_sent)
            read_usage(r, jsonr_get(jsonr_get(json, "message"), "usage"), 0);
    } else if (strcmp(name, "message_delta") == 0) {
        read_reason(r, jsonr_get(json, "delta"));
        read_usage(r, jsonr_get(json, "usage"), 1);
    } else if (strcmp(name, "message_stop") == 0) {
        reader_conclude(r);
    } else if (strcmp(name, "error") == 0 || name[0] == '\0') {
        choices_failed(r, json);
    }
}

/* What a server gives that ignored "stream". */
static int read_document(struct reader *r, struct sy_str json)
{
    struct sy_str blocks = jsonr_get(json, "content"), block;

    if (choices_failed(r, json))
        return 1;
    if (jsonr_kind(blocks) != '[')
        return 0;
    read_head(r, json);
    while (jsonr_element(&blocks, &block)) {
        if (r->flags)
            reader_text(r, jsonr_get(block, "input"));
        else if (text_eq(reader_string(r, jsonr_get(block, "type")), "text"))
            reader_json_text(r, jsonr_get(block, "text"));
    }
    read_reason(r, json);
    read_usage(r, jsonr_get(json, "usage"), 1);
    return 1;
}

static int conclude(struct reader *r)
{
    static const struct {
        const char *word;
        int reason;
    } words[] = {{"max_tokens", SY_STOP_LENGTH}, {"stop_sequence", SY_STOP_SEQUENCE}, {"tool_use", SY_STOP_TOOL}};

    if (strcmp(r->finish, "model_context_window_exceeded") == 0)
        reader_fail(r, SY_ETOOBIG, 0, r->finish);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(r->finish, words[i].word) == 0 && !(r->flags && words[i].reason == SY_STOP_TOOL))
            return words[i].reason;
    return SY_STOP_END;
}

static void refused(struct reader *r, struct oaierr *e)
{
    struct anthropic *p = r->owner;

    service_about(&p->service, text_c(r->asked));
    refusal_learn(e, &p->service);
}

const struct reader_kind anthropic_message = {
    .event = read_event,
    .document = read_document,
    .conclude = conclude,
    .refused = refused,
    .what = "a message",
};
