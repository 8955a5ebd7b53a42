/* SPDX-License-Identifier: MIT */
/* Open documents: applying an editor's changes to the rope, and the table of what is open.
 * Knows positions but no protocol; parses nothing. Surprising: a change without a range is trimmed to the part that
 * really differs, so that an editor that sends the whole text for every key still gives small edits to whoever mirrors
 * the text. */
#include "core/doc/document.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/syntax.h"

#include <assert.h>
#include <string.h>

struct document *document_new(const char *uri, const struct lang *lang, int version, struct str text)
{
    struct document *d = mem_zalloc(sizeof *d);

    d->uri = mem_strdup(uri);
    d->path = fs_uri_to_path(str_c(uri));
    d->lang = lang;
    d->version = version;
    d->rope = rope_new(text);
    d->changed_us = clock_us();
    d->refs = 1;
    return d;
}

struct document *document_ref(struct document *d)
{
    d->refs++;
    return d;
}

void document_unref(struct document *d)
{
    if (!d || --d->refs > 0)
        return;
    syntax_free(d->syntax);
    rope_unref(d->rope);
    free(d->path);
    free(d->uri);
    free(d);
}

/* How many bytes of rope and text are the same from the start on; not more than `most`. */
static size_t same_start(const struct rope *r, struct str text, size_t most)
{
    size_t done, n, i;
    const char *p;

    for (done = 0; done < most; done += n) {
        p = rope_chunk(r, done, &n);
        n = MIN(n, most - done);
        if (memcmp(p, text.p + done, n) != 0) {
            for (i = 0; p[i] == text.p[done + i]; i++)
                ;
            return done + i;
        }
    }
    return done;
}

/* The same from the end. The rope is read forwards, so this looks for the last byte that differs. */
static size_t same_end(const struct rope *r, struct str text, size_t most)
{
    size_t old = rope_bytes(r), at, n, i, same = most;
    const char *p, *q;

    for (at = old - most; at < old; at += n) {
        p = rope_chunk(r, at, &n);
        q = text.p + text.n - (old - at);
        if (memcmp(p, q, n) != 0) {
            for (i = n; p[i - 1] == q[i - 1]; i--)
                ;
            same = old - (at + i);
        }
    }
    return same;
}

/* Makes of "the text is now this" the smallest edit that has the same effect. Both ends are character boundaries of the
 * old and of the new text. */
static struct doc_edit edit_to_become(const struct rope *r, struct str text)
{
    size_t old = rope_bytes(r), common = MIN(old, text.n), start, tail;

    start = same_start(r, text, common);
    start = MIN(rope_floor(r, start), utf8_floor(text, start));
    tail = same_end(r, text, common - start);
    while (tail > 0 && (rope_floor(r, old - tail) != old - tail || utf8_floor(text, text.n - tail) != text.n - tail))
        tail--;
    return (struct doc_edit) { start, old - tail, text.n - tail };
}

static int too_big(const struct document *d, size_t bytes, struct err *e)
{
    return err_set(e, ERR_TOO_BIG, "%.150s would have %zu bytes, more than the %u that are handled", d->uri, bytes,
        MAX_DOCUMENT_BYTES);
}

static int apply_one(struct document *d, enum pos_encoding enc, const struct doc_change *c, struct doc_edit *ret_edit,
    struct str *ret_text, struct err *e)
{
    struct doc_edit edit;
    struct str text = c->text;
    size_t a, b, bytes;

    if (c->has_range) {
        a = pos_to_byte(d->rope, enc, c->start);
        b = pos_to_byte(d->rope, enc, c->end);
        edit = (struct doc_edit) { MIN(a, b), MAX(a, b), MIN(a, b) + text.n };
        bytes = rope_bytes(d->rope) - (edit.old_end - edit.start) + text.n;
        if (bytes > MAX_DOCUMENT_BYTES)
            return too_big(d, bytes, e);
    } else {
        if (text.n > MAX_DOCUMENT_BYTES)
            return too_big(d, text.n, e);
        edit = edit_to_become(d->rope, text);
        text = str_sub(text, edit.start, edit.new_end);
    }
    rope_replace(&d->rope, edit.start, edit.old_end, text);
    *ret_edit = edit;
    *ret_text = text;
    return 0;
}

int document_change(struct document *d, enum pos_encoding enc, int version, const struct doc_change *c, size_t n,
    document_applied_fn *applied, void *ctx, struct err *e)
{
    struct doc_edit edit;
    struct str text;
    size_t i;
    int r;

    for (i = 0; i < n; i++) {
        r = apply_one(d, enc, &c[i], &edit, &text, e);
        if (r < 0)
            return r;
        d->revision++;
        d->last_edit = edit.new_end;
        if (applied)
            applied(ctx, d, &edit, text);
    }
    d->version = version;
    d->changed_us = clock_us();
    return 0;
}

/* ---- the open ones ---- */

/* At most MAX_DOCUMENTS of them: walking a few hashes is quicker than any table and leaves no holes. */
struct documents {
    size_t n, cap;
    struct slot {
        uint64_t hash;
        struct document *d;
    } *slots;
};

struct documents *documents_new(void)
{
    return mem_zalloc(sizeof(struct documents));
}

static void close_slot(struct slot *slot)
{
    slot->d->closed = true;
    document_unref(slot->d);
}

void documents_free(struct documents *ds)
{
    size_t i;

    if (!ds)
        return;
    for (i = 0; i < ds->n; i++)
        close_slot(&ds->slots[i]);
    free(ds->slots);
    free(ds);
}

static struct slot *find(struct documents *ds, const char *uri)
{
    uint64_t hash = hash_bytes(0, uri, strlen(uri));
    size_t i;

    for (i = 0; i < ds->n; i++)
        if (ds->slots[i].hash == hash && strcmp(ds->slots[i].d->uri, uri) == 0)
            return &ds->slots[i];
    return NULL;
}

struct document *documents_get(struct documents *ds, const char *uri)
{
    struct slot *slot = find(ds, uri);

    return slot ? slot->d : NULL;
}

int documents_put(struct documents *ds, struct document *d, struct err *e)
{
    if (find(ds, d->uri))
        return err_set(e, ERR_INVALID, "%.150s is open already", d->uri);
    if (ds->n >= MAX_DOCUMENTS)
        return err_set(e, ERR_TOO_BIG, "%d documents are open, no more are handled", MAX_DOCUMENTS);
    MEM_GROW(ds->slots, ds->n, ds->cap);
    ds->slots[ds->n++] = (struct slot) { hash_bytes(0, d->uri, strlen(d->uri)), d };
    return 0;
}

void documents_remove(struct documents *ds, const char *uri)
{
    struct slot *slot = find(ds, uri), gone;

    if (!slot)
        return;
    gone = *slot;
    *slot = ds->slots[--ds->n];
    close_slot(&gone);
}

size_t documents_count(const struct documents *ds)
{
    return ds->n;
}

struct document *documents_at(struct documents *ds, size_t i)
{
    assert(i < ds->n);
    return ds->slots[i].d;
}
