/* SPDX-License-Identifier: MIT */
/* Reading and writing LSP's small structures. Knows shapes only, no meaning.
 * Surprising: trigger kind 0, which no released specification has, means "invoked": drafts of inline completion counted
 * from 0, and clients written then are still around. */
#include "core/lsp/types.h"
#include "core/base/mem.h"

#include <string.h>

static const struct {
    const char *name;
    enum pos_encoding enc;
} encodings[] = { { "utf-8", POS_UTF8 }, { "utf-16", POS_UTF16 }, { "utf-32", POS_UTF32 } };

const char *encoding_name(enum pos_encoding enc)
{
    for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
        if (encodings[i].enc == enc)
            return encodings[i].name;
    }
    return "utf-16";
}

enum pos_encoding read_encoding(const json_t *capabilities)
{
    const json_t *list = json_get(capabilities, "general.positionEncodings");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        for (size_t k = 0; name && k < ARRAY_LEN(encodings); k++) {
            if (strcmp(encodings[k].name, name) == 0)
                return encodings[k].enc;
        }
    }
    return POS_UTF16;
}

static int read_coordinate(const json_t *v, const char *key, uint32_t *ret, struct err *e)
{
    long long n;

    if (!json_is_number(json_object_get(v, key)))
        return err_set(e, ERR_INVALID, "a position needs the number '%s'", key);
    n = json_get_int(v, key, 0);
    *ret = (uint32_t)CLAMP(n, 0ll, (long long)UINT32_MAX);
    return 0;
}

int read_position(const json_t *v, struct pos *ret, struct err *e)
{
    int r = read_coordinate(v, "line", &ret->line, e);

    return r < 0 ? r : read_coordinate(v, "character", &ret->col, e);
}

int read_range(const json_t *v, struct range *ret, struct err *e)
{
    int r = read_position(json_object_get(v, "start"), &ret->start, e);

    return r < 0 ? r : read_position(json_object_get(v, "end"), &ret->end, e);
}

const char *read_document_uri(const json_t *params, struct err *e)
{
    const char *uri = json_get_cstr(json_object_get(params, "textDocument"), "uri", NULL);

    if (!uri)
        err_set(e, ERR_INVALID, "the parameters need the string 'textDocument.uri'");
    return uri;
}

int read_change(const json_t *v, struct doc_change *ret, struct err *e)
{
    const json_t *range = json_object_get(v, "range");
    struct range r;
    int code;

    ret->text = json_get_str(v, "text");
    if (!ret->text.p)
        return err_set(e, ERR_INVALID, "a content change needs the string 'text'");
    ret->has_range = range && !json_is_null(range);
    if (!ret->has_range)
        return 0;
    code = read_range(range, &r, e);
    ret->start = r.start;
    ret->end = r.end;
    return code;
}

int read_inline_params(const json_t *params, struct complete_params *ret, struct err *e)
{
    const json_t *context = json_object_get(params, "context");
    const json_t *selected = json_object_get(context, "selectedCompletionInfo");
    struct range r;

    memset(ret, 0, sizeof *ret);
    ret->uri = read_document_uri(params, e);
    if (!ret->uri || read_position(json_object_get(params, "position"), &ret->pos, e) < 0)
        return e->code;
    ret->trigger = json_get_int(context, "triggerKind", 2) == 2 ? COMPLETE_AUTOMATIC : COMPLETE_INVOKED;
    if (!json_is_object(selected))
        return 0;
    ret->selected_text = json_get_str(selected, "text");
    if (!ret->selected_text.p)
        return err_set(e, ERR_INVALID, "'selectedCompletionInfo' needs the string 'text'");
    if (read_range(json_object_get(selected, "range"), &r, e) < 0)
        return e->code;
    ret->has_selected = true;
    ret->selected_start = r.start;
    ret->selected_end = r.end;
    return 0;
}

const char *read_item_id(const json_t *item)
{
    const json_t *command = json_object_get(item, "command");
    const json_t *arguments = json_object_get(json_is_object(command) ? command : item, "arguments");

    return json_string_value(json_array_get(arguments, 0));
}

void write_position(struct pos p, struct buf *out)
{
    buf_addf(out, "{\"line\":%u,\"character\":%u}", p.line, p.col);
}

void write_range(struct pos start, struct pos end, struct buf *out)
{
    buf_adds(out, "{\"start\":");
    write_position(start, out);
    buf_adds(out, ",\"end\":");
    write_position(end, out);
    buf_addc(out, '}');
}
