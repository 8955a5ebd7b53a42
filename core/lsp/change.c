/* SPDX-License-Identifier: MIT */
/* One function an object of the message. A member that is not known or comes twice ends the attempt. */
#include "core/lsp/change.h"
#include "core/lsp/parse.h"

#include <string.h>

struct reader {
    struct parser s;
};

/* Reads the value of the member `key`; `*seen` has a bit for each that was there. */
typedef bool member_fn(struct reader *r, struct str key, unsigned *seen, void *into);

static bool first_time(unsigned *seen, unsigned bit)
{
    bool first = !(*seen & bit);

    *seen |= bit;
    return first;
}

/* A string that had escapes. Only the change's text may: the next such string would overwrite it. */
static bool in_scratch(const struct reader *r, struct str s)
{
    return s.n && s.p == r->s.scratch->p;
}

static bool read_plain(struct reader *r, struct str *ret)
{
    return parser_string(&r->s, ret) && !in_scratch(r, *ret);
}

/* An object of which the members `needed` must be there. */
static bool read_object(struct reader *r, member_fn *member, void *into, unsigned needed)
{
    unsigned seen = 0;

    if (!parser_take(&r->s, '{'))
        return false;
    do {
        struct str key;

        if (!read_plain(r, &key) || !parser_take(&r->s, ':') || !member(r, key, &seen, into))
            return false;
    } while (parser_take(&r->s, ','));
    return parser_take(&r->s, '}') && (seen & needed) == needed;
}

static bool read_coordinate(struct reader *r, uint32_t *ret)
{
    long long n;

    if (!parser_integer(&r->s, &n) || n < 0 || n > UINT32_MAX)
        return false;
    *ret = (uint32_t)n;
    return true;
}

static bool position_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct pos *p = into;

    if (str_eqc(key, "line"))
        return first_time(seen, 1) && read_coordinate(r, &p->line);
    return str_eqc(key, "character") && first_time(seen, 2) && read_coordinate(r, &p->col);
}

static bool range_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct doc_change *c = into;

    if (str_eqc(key, "start"))
        return first_time(seen, 1) && read_object(r, position_member, &c->start, 3);
    return str_eqc(key, "end") && first_time(seen, 2) && read_object(r, position_member, &c->end, 3);
}

static bool edit_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct doc_change *c = into;
    uint32_t unused;

    if (str_eqc(key, "range"))
        return first_time(seen, 1) && read_object(r, range_member, c, 3);
    if (str_eqc(key, "rangeLength"))
        return first_time(seen, 4) && read_coordinate(r, &unused);
    return str_eqc(key, "text") && first_time(seen, 2) && parser_string(&r->s, &c->text);
}

static bool document_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct change *c = into;
    struct str uri;
    long long version;

    if (str_eqc(key, "version")) {
        if (!first_time(seen, 2) || !parser_integer(&r->s, &version))
            return false;
        c->version = (int)version;
        return true;
    }
    if (!str_eqc(key, "uri") || !first_time(seen, 1) || !read_plain(r, &uri) || uri.n >= sizeof c->uri)
        return false;
    memcpy(c->uri, uri.p, uri.n);
    c->uri[uri.n] = '\0';
    return true;
}

static bool params_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct change *c = into;

    if (str_eqc(key, "textDocument"))
        return first_time(seen, 1) && read_object(r, document_member, c, 3);
    return str_eqc(key, "contentChanges") && first_time(seen, 2) && parser_take(&r->s, '[') &&
           read_object(r, edit_member, &c->edit, 3) && parser_take(&r->s, ']');
}

static bool message_member(struct reader *r, struct str key, unsigned *seen, void *into)
{
    struct str value;

    if (str_eqc(key, "params"))
        return first_time(seen, 1) && read_object(r, params_member, into, 3);
    if (str_eqc(key, "method"))
        return first_time(seen, 2) && read_plain(r, &value) && str_eqc(value, "textDocument/didChange");
    return str_eqc(key, "jsonrpc") && first_time(seen, 4) && read_plain(r, &value);
}

bool change_read(struct str message, struct buf *scratch, struct change *ret)
{
    struct reader r = { .s = { .p = message.p, .end = message.p + message.n, .scratch = scratch } };

    memset(&ret->edit, 0, sizeof ret->edit);
    ret->edit.has_range = true;
    return message.n && read_object(&r, message_member, ret, 3) && r.s.p == r.s.end;
}
