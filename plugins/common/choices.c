/* SPDX-License-Identifier: MIT */
/* Reads chunks with choices in them. Only the first of several choices is read; nobody asks for more. Members that are
 * missing, null or of another kind are passed over: no two services agree on them. */
#include "choices.h"
#include "jsonr.h"
#include "oaierr.h"

#include <string.h>

/* prompt_tokens contains what came from the cache or went into it; the host wants the three apart. */
void choices_usage(struct reader *r, struct sy_str usage, int final)
{
    struct sy_str in = jsonr_get(usage, "prompt_tokens_details");
    struct sy_str out = jsonr_get(usage, "completion_tokens_details");
    uint64_t prompt = jsonr_count(jsonr_get(usage, "prompt_tokens"));
    uint64_t cached = jsonr_count(jsonr_get(in, "cached_tokens"));
    uint64_t written = jsonr_count(jsonr_get(in, "cache_write_tokens"));
    uint64_t n[5] = {0, 0, written, jsonr_count(jsonr_get(usage, "completion_tokens")),
                     jsonr_count(jsonr_get(out, "reasoning_tokens"))};

    if (cached == 0)
        cached = jsonr_count(jsonr_get(usage, "prompt_cache_hit_tokens"));
    n[0] = prompt > cached + written ? prompt - cached - written : 0;
    n[1] = cached;
    reader_usage(r, n, final);
}

int choices_conclude(struct reader *r)
{
    static const struct {
        const char *word;
        int reason;
    } words[] = {
        {"length", SY_STOP_LENGTH},   {"max_tokens", SY_STOP_LENGTH},   {"model_length", SY_STOP_LENGTH},
        {"tool_calls", SY_STOP_TOOL}, {"function_call", SY_STOP_TOOL},
    };

    /* Older llama.cpp tells its timings where others tell their usage. */
    if (!r->usage_sent && r->n[0] + r->n[1] + r->n[3] > 0)
        reader_usage(r, r->n, 1);
    if (strcmp(r->finish, "content_filter") == 0 && r->refusal.n == 0)
        reader_refuse(r, TEXT("content_filter"));
    else if (strcmp(r->finish, "insufficient_system_resource") == 0)
        reader_fail(r, SY_EOVERLOADED, 0, r->finish);
    else if (strcmp(r->finish, "error") == 0)
        reader_fail(r, SY_EAGAIN, 0, "the service broke off");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(r->finish, words[i].word) == 0)
            return words[i].reason;
    return r->by_sequence ? SY_STOP_SEQUENCE : SY_STOP_END;
}

/* Text, or an array of typed parts of which only the text is meant for us. */
static void add_content(struct reader *r, struct sy_str content)
{
    struct sy_str part;

    reader_json_text(r, content);
    while (jsonr_element(&content, &part))
        if (text_eq(reader_string(r, jsonr_get(part, "type")), "text"))
            reader_json_text(r, jsonr_get(part, "text"));
}

/* The members of a choice, or of the delta or message in it. */
static void read_choice(struct reader *r, struct sy_str choice)
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
            r->by_sequence = 1;
        else if (text_eq(key, "index") && jsonr_count(value) != 0)
            return;
    }
    reader_json_text(r, text);
    while (jsonr_member(&inner, &key, &value)) {
        if (text_eq(key, "content"))
            add_content(r, value);
        else if (text_eq(key, "refusal"))
            refusal = value;
    }
    reader_refuse(r, reader_string(r, refusal));
    reader_finish(r, reader_string(r, finish));
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
static int read_chunk(struct reader *r, struct sy_str root, int in_error)
{
    struct chunk c = members_of(root);
    struct sy_str rest = c.choices, choice;
    int kind = jsonr_kind(c.error), empty = 1;

    if ((kind && kind != 'n') || in_error || text_eq(c.object, "\"error\"")) {
        reader_fail_as_told(r, root);
        return 1;
    }
    reader_id(r, reader_string(r, c.id));
    reader_model(r, reader_string(r, c.model));
    for (; !r->done && jsonr_element(&rest, &choice); empty = 0)
        read_choice(r, choice);
    if (jsonr_kind(c.usage) == '{')
        choices_usage(r, c.usage, r->finish[0] != '\0' || empty);
    if (jsonr_kind(c.timings) == '{') {
        r->n[0] = jsonr_count(jsonr_get(c.timings, "prompt_n"));
        r->n[1] = jsonr_count(jsonr_get(c.timings, "cache_n"));
        r->n[3] = jsonr_count(jsonr_get(c.timings, "predicted_n"));
    }
    return jsonr_kind(c.choices) == '[';
}

void choices_event(struct reader *r, struct sy_str type, struct sy_str json)
{
    read_chunk(r, json, text_eq(type, "error"));
}

int choices_document(struct reader *r, struct sy_str json)
{
    if (!read_chunk(r, json, 0))
        reader_fail(r, SY_EPROTO, 0, "the answer has no choices");
    return 1;
}

int choices_failed(struct reader *r, struct sy_str json)
{
    int kind = jsonr_kind(jsonr_get(json, "error"));

    if (!kind || kind == 'n')
        return 0;
    reader_fail_as_told(r, json);
    return 1;
}

/* ---- the list of models ---- */

static uint64_t first_count(struct sy_str o, const char *const keys[])
{
    uint64_t n = 0;

    for (size_t i = 0; keys[i] && n == 0; i++)
        n = jsonr_count(jsonr_get(o, keys[i]));
    return n;
}

static void read_model(struct reader *r, struct sy_str m)
{
    /* The same figure under the names that services gave it. */
    static const char *const context[] = {"context_length", "max_model_len", "context_window", "max_context_length",
                                          "n_ctx", "n_ctx_train", "max_input_tokens", NULL};
    static const char *const output[] = {"max_completion_tokens", "max_output_tokens", "max_tokens", NULL};
    uint64_t in = first_count(m, context), out = first_count(m, output);

    if (in == 0)
        in = first_count(jsonr_get(m, "meta"), context);
    if (out == 0)
        out = first_count(jsonr_get(m, "top_provider"), output);
    reader_listed(r, reader_string(r, jsonr_get(m, "id")), in, out);
}

static int models_document(struct reader *r, struct sy_str root)
{
    struct sy_str list = jsonr_kind(root) == '[' ? root : jsonr_get(root, "data"), m;

    if (choices_failed(r, root))
        return 1;
    if (jsonr_kind(list) != '[')
        reader_fail(r, SY_EPROTO, 0, "the answer is no list of models");
    while (jsonr_element(&list, &m))
        read_model(r, m);
    return 1;
}

static int models_conclude(struct reader *r)
{
    (void)r;
    return SY_STOP_END;
}

const struct reader_kind choices_models = {
    .document = models_document,
    .conclude = models_conclude,
    .what = "a list of models",
};
