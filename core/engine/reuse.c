/* SPDX-License-Identifier: MIT */
/* Recent suggestions and where they began: typing along one, or coming back to where it was made, needs no request.
 *
 * An entry fits when the bytes before its start are those it was made behind, what was typed since is its own beginning,
 * and what follows the caret is what followed then. Only bounded windows are compared, so the cost does not depend on
 * the document. */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/engine/session_priv.h"

#include <stdio.h>
#include <string.h>

#define ENTRIES 48
#define BEFORE_BYTES 256
#define AFTER_BYTES 64
#define MAX_AGE_US (300 * UINT64_C(1000000))

struct entry {
    uint64_t uri, before, after, made_us;
    uint64_t request; /* several suggestions of one request are alike in this */
    size_t start, over;
    char *text;
    size_t n;
    const char *target;
    double confidence;
    char id[24];
};

struct reuse {
    struct entry e[ENTRIES];
    size_t at;
};

static uint64_t hash_range(const struct document *d, size_t from, size_t to)
{
    AUTO_BUF struct buf b;

    buf_init(&b, BEFORE_BYTES + AFTER_BYTES);
    rope_copy(d->rope, from, to, &b);
    return hash_bytes(to - from, b.p, b.n);
}

static uint64_t hash_before(const struct document *d, size_t at)
{
    return hash_range(d, at > BEFORE_BYTES ? at - BEFORE_BYTES : 0, at);
}

static uint64_t hash_after(const struct document *d, size_t at)
{
    return hash_range(d, at, MIN(at + AFTER_BYTES, rope_bytes(d->rope)));
}

uint64_t reuse_key(const struct document *d, size_t start, size_t caret)
{
    return hash_mix(hash_before(d, start) ^ hash_after(d, caret));
}

struct reuse *reuse_new(void)
{
    return mem_zalloc(sizeof(struct reuse));
}

static void entry_clear(struct entry *e)
{
    free(e->text);
    memset(e, 0, sizeof *e);
}

void reuse_free(struct reuse *r)
{
    if (!r)
        return;
    reuse_forget(r, NULL);
    free(r);
}

/* "5-1" and "5-2" are of one request. */
static uint64_t request_of(const char *id)
{
    const char *dash = strrchr(id, '-');

    return hash_bytes(0, id, dash ? (size_t)(dash - id) : strlen(id));
}

void reuse_put(struct reuse *r, const struct document *d, size_t caret, struct str text, size_t over, const char *target,
               double confidence, const char *id)
{
    struct entry *e = &r->e[r->at++ % ENTRIES];

    entry_clear(e);
    e->uri = hash_bytes(0, d->uri, strlen(d->uri));
    e->before = hash_before(d, caret);
    e->after = hash_after(d, caret);
    e->made_us = clock_us();
    e->request = request_of(id);
    e->start = caret;
    e->over = over;
    e->text = mem_strndup(text.p, text.n);
    e->n = text.n;
    e->target = target;
    e->confidence = confidence;
    snprintf(e->id, sizeof e->id, "%s", id);
}

static bool fits(const struct entry *e, const struct document *d, size_t caret, uint64_t uri, uint64_t after)
{
    AUTO_BUF struct buf typed = {0};
    size_t n;

    if (!e->text || e->uri != uri || caret < e->start || caret - e->start >= e->n || e->after != after)
        return false;
    if (clock_us() - e->made_us > MAX_AGE_US)
        return false;
    n = caret - e->start;
    buf_init(&typed, n + 1);
    rope_copy(d->rope, e->start, caret, &typed);
    return (n == 0 || memcmp(typed.p, e->text, n) == 0) && hash_before(d, e->start) == e->before;
}

bool reuse_find(struct reuse *r, const struct document *d, size_t caret, struct reuse_hit *ret)
{
    uint64_t uri = hash_bytes(0, d->uri, strlen(d->uri)), after = hash_after(d, caret);
    struct entry *hit = NULL;

    /* The newest request that has one, and of that the one that was put first, which is its best. */
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *e = &r->e[(r->at + ENTRIES - 1 - i) % ENTRIES];

        if ((!hit || e->request == hit->request) && fits(e, d, caret, uri, after))
            hit = e;
    }
    if (!hit)
        return false;
    *ret = (struct reuse_hit){.text = {hit->text + (caret - hit->start), hit->n - (caret - hit->start)}, .target = hit->target,
                              .confidence = hit->confidence, .over = hit->over, .id = hit->id};
    return true;
}

void reuse_drop(struct reuse *r, const char *id)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (strcmp(r->e[i].id, id) == 0)
            entry_clear(&r->e[i]);
}

void reuse_forget(struct reuse *r, const struct document *d)
{
    uint64_t uri = d ? hash_bytes(0, d->uri, strlen(d->uri)) : 0;

    for (size_t i = 0; i < ENTRIES; i++)
        if (!d || r->e[i].uri == uri)
            entry_clear(&r->e[i]);
}
