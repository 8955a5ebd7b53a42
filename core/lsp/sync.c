/* SPDX-License-Identifier: MIT */
/* Documents: open, change, close, focus. This is the keystroke path; it decodes and hands on, nothing more.
 * Notifications have no answer, so a mistake of the client becomes one line in its log. */
#include "core/base/mem.h"
#include "core/lsp/change.h"
#include "core/lsp/server_priv.h"

enum { CHANGES_ON_STACK = 8 };

static void complain(struct server *s, const struct err *e)
{
    if (e->code)
        server_log(s, MESSAGE_ERROR, e->text);
}

void handle_did_open(struct server *s, const json_t *params)
{
    const json_t *document = json_object_get(params, "textDocument");
    struct str text = json_get_str(document, "text");
    struct err e = { 0 };
    const char *uri = read_document_uri(params, &e);

    if (uri && !text.p)
        err_set(&e, ERR_INVALID, "textDocument/didOpen needs the string 'textDocument.text'");
    if (!e.code)
        (void)session_open(s->session, uri, json_get_cstr(document, "languageId", ""),
                           (int)json_get_int(document, "version", 0), text, &e);
    complain(s, &e);
}

void handle_did_change(struct server *s, const json_t *params)
{
    const json_t *events = json_object_get(params, "contentChanges");
    size_t n = json_array_size(events);
    struct doc_change few[CHANGES_ON_STACK], *changes = few;
    AUTO_FREE struct doc_change *many = NULL;
    struct err e = { 0 };
    const char *uri = read_document_uri(params, &e);
    int version = (int)json_get_int(json_object_get(params, "textDocument"), "version", 0);

    if (n > CHANGES_ON_STACK)
        changes = many = mem_array(NULL, n, sizeof *many);
    for (size_t i = 0; i < n && !e.code; i++)
        (void)read_change(json_array_get(events, i), &changes[i], &e);
    if (!e.code)
        (void)session_change(s->session, uri, s->enc, version, changes, n, &e);
    complain(s, &e);
}

bool sync_quickly(struct server *s, struct str message, struct buf *scratch)
{
    struct change c;
    struct err e = { 0 };

    if (!change_read(message, scratch, &c))
        return false;
    (void)session_change(s->session, c.uri, s->enc, c.version, &c.edit, 1, &e);
    complain(s, &e);
    return true;
}

void handle_did_close(struct server *s, const json_t *params)
{
    struct err e = { 0 };
    const char *uri = read_document_uri(params, &e);

    if (uri)
        (void)session_close(s->session, uri, &e);
    complain(s, &e);
}

void handle_did_focus(struct server *s, const json_t *params)
{
    /* Without a document the focus has left the editor's text windows. */
    session_focus(s->session, json_get_cstr(json_object_get(params, "textDocument"), "uri", NULL));
}
