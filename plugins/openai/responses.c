/* SPDX-License-Identifier: MIT */
/* Reads the events of the Responses interface. Each says in `type` what it is; only text, refusals, failures and the end
 * matter here. There is no [DONE]: one of three events is the end, and it has the usage. */
#include "../common/choices.h"
#include "../common/jsonr.h"
#include "openai.h"

#include <string.h>

/* input_tokens contains what came from the cache. */
static void read_usage(struct reader *r, struct sy_str usage)
{
    struct sy_str in = jsonr_get(usage, "input_tokens_details");
    uint64_t all = jsonr_count(jsonr_get(usage, "input_tokens"));
    uint64_t cached = jsonr_count(jsonr_get(in, "cached_tokens"));
    uint64_t written = jsonr_count(jsonr_get(in, "cache_write_tokens"));
    uint64_t n[5] = {all > cached + written ? all - cached - written : 0, cached, written,
                     jsonr_count(jsonr_get(usage, "output_tokens")),
                     jsonr_count(jsonr_get(jsonr_get(usage, "output_tokens_details"), "reasoning_tokens"))};

    if (jsonr_kind(usage) == '{')
        reader_usage(r, n, 1);
}

static void read_head(struct reader *r, struct sy_str response)
{
    reader_id(r, reader_string(r, jsonr_get(response, "id")));
    reader_model(r, reader_string(r, jsonr_get(response, "model")));
}

static void read_end(struct reader *r, struct sy_str response)
{
    struct sy_str why = jsonr_get(jsonr_get(response, "incomplete_details"), "reason");

    read_head(r, response);
    read_usage(r, jsonr_get(response, "usage"));
    if (choices_failed(r, response))
        return;
    reader_finish(r, reader_string(r, jsonr_kind(why) == '"' ? why : jsonr_get(response, "status")));
    reader_conclude(r);
}

static void read_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    struct sy_str word = reader_string(r, jsonr_get(json, "type"));
    char name[64] = "";

    (void)type;
    if (word.n > 0 && word.n < sizeof name)
        memcpy(name, word.p, word.n);
    if (strcmp(name, "response.output_text.delta") == 0)
        reader_json_text(r, jsonr_get(json, "delta"));
    else if (strcmp(name, "response.refusal.delta") == 0)
        reader_refuse(r, reader_string(r, jsonr_get(json, "delta")));
    else if (strcmp(name, "response.created") == 0)
        read_head(r, jsonr_get(json, "response"));
    else if (strcmp(name, "error") == 0)
        reader_fail_as_told(r, json);
    else if (strcmp(name, "response.output_item.added") == 0 &&
             text_eq(reader_string(r, jsonr_get(jsonr_get(json, "item"), "type")), "function_call"))
        r->flags = 1;
    else if (strcmp(name, "response.completed") == 0 || strcmp(name, "response.incomplete") == 0 ||
             strcmp(name, "response.failed") == 0)
        read_end(r, jsonr_get(json, "response"));
    else if (name[0] == '\0')
        choices_failed(r, json);
}

/* What a service gives that ignored "stream". */
static int read_document(struct reader *r, struct sy_str json)
{
    struct sy_str items = jsonr_get(json, "output"), item, parts, part;

    if (choices_failed(r, json))
        return 1;
    if (jsonr_kind(items) != '[')
        return 0;
    while (jsonr_element(&items, &item))
        for (parts = jsonr_get(item, "content"); jsonr_element(&parts, &part);)
            if (text_eq(reader_string(r, jsonr_get(part, "type")), "output_text"))
                reader_json_text(r, jsonr_get(part, "text"));
    read_end(r, json);
    return 1;
}

static int conclude(struct reader *r)
{
    if (strcmp(r->finish, "content_filter") == 0 && r->refusal.n == 0)
        reader_refuse(r, TEXT("content_filter"));
    if (strcmp(r->finish, "max_output_tokens") == 0)
        return SY_STOP_LENGTH;
    return r->flags ? SY_STOP_TOOL : SY_STOP_END;
}

const struct reader_kind openai_responses = {
    .event = read_event,
    .document = read_document,
    .conclude = conclude,
    .refused = openai_refused,
    .what = "a response",
};
