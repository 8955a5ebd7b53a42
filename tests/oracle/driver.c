/* SPDX-License-Identifier: MIT */
/* One document behind a pipe, for comparing it with other implementations. Reads a JSON object a line and answers each
 * with one; knows no protocol beyond this:
 *   {"open": TEXT, "encoding": "utf-16" | "utf-8" | "utf-32"}
 *   {"changes": [{"range": [line, col, line, col], "text": TEXT} or {"text": TEXT}], "at": [line, col, line, col, …]}
 *   {"show": true}
 * The answer to the first two is {"hash": N, "bytes": N, "lines": N, "at": […]}, where the hash is 32-bit FNV-1a of the
 * UTF-8 text and every position of "at" comes back as the document understands it. "show" answers {"text": TEXT}.
 * Surprising: the text is checked against a mirror that only hears of edits, since that is how the tree lives. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/doc/document.h"
#include "core/doc/lang.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 64 << 20, MAX_CHANGES = 64 };

struct driver {
    struct document *doc;
    enum pos_encoding enc;
    struct buf mirror;
};

static void mirror_apply(void *ctx, struct document *d, const struct doc_edit *edit, struct str text)
{
    struct driver *dr = ctx;
    AUTO_BUF struct buf next;

    (void)d;
    buf_init(&next, MAX_TEXT);
    buf_addstr(&next, str_sub(buf_str(&dr->mirror), 0, edit->start));
    buf_addstr(&next, text);
    buf_addstr(&next, str_sub(buf_str(&dr->mirror), edit->old_end, dr->mirror.n));
    buf_reset(&dr->mirror);
    buf_addstr(&dr->mirror, buf_str(&next));
}

static uint32_t number_at(const json_t *list, size_t i)
{
    json_int_t n = json_integer_value(json_array_get(list, i));

    return (uint32_t)CLAMP(n, 0, UINT32_MAX);
}

static void open_document(struct driver *dr, const json_t *msg)
{
    const char *enc = json_get_cstr(msg, "encoding", "utf-16");
    struct str text = json_get_str(msg, "open");

    document_unref(dr->doc);
    dr->doc = document_new("file:///oracle.txt", lang_plain(), 1, text);
    dr->enc = strcmp(enc, "utf-8") == 0 ? POS_UTF8 : strcmp(enc, "utf-32") == 0 ? POS_UTF32 : POS_UTF16;
    buf_reset(&dr->mirror);
    buf_addstr(&dr->mirror, text);
}

static int change_document(struct driver *dr, const json_t *list, struct err *e)
{
    struct doc_change c[MAX_CHANGES];
    size_t i, n = MIN(json_array_size(list), (size_t)MAX_CHANGES);

    for (i = 0; i < n; i++) {
        const json_t *change = json_array_get(list, i), *range = json_get(change, "range");

        c[i] = (struct doc_change) {
            .has_range = range != NULL,
            .start = { number_at(range, 0), number_at(range, 1) },
            .end = { number_at(range, 2), number_at(range, 3) },
            .text = json_get_str(change, "text"),
        };
    }
    return document_change(dr->doc, dr->enc, dr->doc->version + 1, c, n, mirror_apply, dr, e);
}

static uint32_t fnv(struct str s)
{
    uint32_t h = 0x811c9dc5u;
    size_t i;

    for (i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x01000193u;
    return h;
}

static void answer(struct driver *dr, const json_t *at, struct buf *out)
{
    const struct rope *r = dr->doc->rope;
    AUTO_BUF struct buf text;
    size_t i;

    buf_init(&text, MAX_TEXT);
    rope_copy(r, 0, SIZE_MAX, &text);
    if (!str_eq(buf_str(&text), buf_str(&dr->mirror))) {
        buf_adds(out, "{\"error\":\"the mirror has another text\"}\n");
        return;
    }
    buf_addf(out, "{\"hash\":%u,\"bytes\":%zu,\"lines\":%zu,\"at\":[", fnv(buf_str(&text)), text.n, rope_lines(r));
    for (i = 0; i + 1 < json_array_size(at); i += 2) {
        struct pos p = { number_at(at, i), number_at(at, i + 1) };

        p = pos_of_byte(r, dr->enc, pos_to_byte(r, dr->enc, p));
        buf_addf(out, "%s%u,%u", i ? "," : "", p.line, p.col);
    }
    buf_adds(out, "]}\n");
}

static int handle(struct driver *dr, struct str line, struct buf *out, struct err *e)
{
    AUTO_JSON json_t *msg = json_parse(line, "line", e);
    int r;

    if (!msg)
        return ERR_PARSE;
    if (json_get(msg, "open"))
        open_document(dr, msg);
    if (!dr->doc)
        return err_set(e, ERR_INVALID, "nothing is open");
    if (json_get_bool(msg, "show", false)) {
        buf_adds(out, "{\"text\":");
        json_quote(buf_str(&dr->mirror), out);
        buf_adds(out, "}\n");
        return 0;
    }
    r = change_document(dr, json_get(msg, "changes"), e);
    if (r == 0)
        answer(dr, json_get(msg, "at"), out);
    return r;
}

int main(void)
{
    struct driver dr = { .doc = NULL };
    struct err e = { 0 };
    struct buf out;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    buf_init(&dr.mirror, MAX_TEXT);
    buf_init(&out, MAX_TEXT);
    while (!e.code && (n = getline(&line, &cap, stdin)) > 0) {
        buf_reset(&out);
        if (handle(&dr, (struct str) { line, (size_t)n }, &out, &e) < 0)
            fprintf(stderr, "%s\n", e.text);
        fwrite(out.p ? out.p : "", 1, out.n, stdout);
        fflush(stdout);
    }
    free(line);
    buf_fini(&out);
    buf_fini(&dr.mirror);
    document_unref(dr.doc);
    return e.code ? 1 : 0;
}
