/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for the rope: the input is a program of edits, run on a rope and on a flat buffer. After every edit the
 * texts must be equal and the tree sound; at the end every question is asked at the places that the input chose.
 * Surprising: inserted text is repeated, so that short inputs reach trees of several levels. */
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/position.h"
#include "core/doc/rope.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FLAT = 24000, MAX_EDITS = 60, MAX_SNAPSHOTS = 4 };

struct input {
    const uint8_t *p;
    size_t n;
};

static size_t take(struct input *in, size_t bytes)
{
    size_t v = 0;

    for (; bytes && in->n; bytes--, in->n--)
        v = v << 8 | *in->p++;
    return v;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void same_text(const struct rope *r, struct str flat)
{
    size_t at, n;

    must(rope_bytes(r) == flat.n);
    for (at = 0; at < flat.n; at += n) {
        const char *p = rope_chunk(r, at, &n);

        must(n > 0 && n <= flat.n - at && memcmp(p, flat.p + at, n) == 0);
    }
}

/* One edit on both. The text is a slice of the input, up to 255 times over. */
static void edit(struct input *in, struct rope **r, struct buf *flat)
{
    AUTO_BUF struct buf text, next;
    size_t op = take(in, 1), start = take(in, 3) % (flat->n + 1), n = take(in, 1 + op % 3) % (flat->n - start + 1);
    size_t slice = take(in, 1), times = op & 4 ? take(in, 1) : 1;

    slice = MIN(slice, in->n);
    buf_init(&text, MAX_FLAT);
    buf_init(&next, 4 * MAX_FLAT);
    for (; times && text.n + slice < MAX_FLAT - MIN(flat->n, (size_t)MAX_FLAT); times--)
        buf_add(&text, in->p, slice);
    in->p += slice;
    in->n -= slice;
    if (op & 8) {
        struct rope *old = *r;

        *r = rope_edit(old, start, start + n, buf_str(&text));
        same_text(old, buf_str(flat));
        rope_unref(old);
    } else {
        rope_replace(r, start, start + n, buf_str(&text));
    }
    buf_addstr(&next, str_sub(buf_str(flat), 0, start));
    buf_addstr(&next, buf_str(&text));
    buf_addstr(&next, str_sub(buf_str(flat), start + n, flat->n));
    buf_reset(flat);
    buf_addstr(flat, buf_str(&next));
    rope_check(*r);
    same_text(*r, buf_str(flat));
}

/* Line and column of a byte by walking the text, in UTF-16 units. */
static struct pos walk_to(struct str s, size_t at)
{
    struct pos p = { 0, 0 };
    size_t i, len;
    uint32_t cp;

    for (i = 0; i < at; i += len) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (cp == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
            len = 2;
        if (i + len > at)
            break;
        p.col += len == 4 ? 2 : 1;
        if (cp == '\n' || cp == '\r')
            p = (struct pos) { p.line + 1, 0 };
    }
    return p;
}

static void ask(const struct rope *r, struct str flat, size_t at)
{
    struct pos want = walk_to(flat, at), got = pos_of_byte(r, POS_UTF16, at);
    struct str head = str_sub(flat, 0, utf8_floor(flat, at));
    uint32_t row, column;

    must(got.line == want.line && got.col == want.col);
    must(rope_line_of(r, pos_to_byte(r, POS_UTF16, got)) == got.line);
    must(rope_floor(r, at) == head.n);
    must(rope_u16_of(r, at) == utf16_len(head) && rope_u32_of(r, at) == utf32_len(head));
    must(rope_at_u16(r, utf16_len(head)) == head.n && rope_at_u32(r, utf32_len(head)) == head.n);
    must(pos_to_byte(r, POS_UTF8, pos_of_byte(r, POS_UTF8, at)) <= at);
    rope_point(r, at, &row, &column);
    must(column <= at && (column == at ? row == 0 : flat.p[at - column - 1] == '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size }, places = in;
    struct rope *r = rope_new(STR_NULL), *snapshots[MAX_SNAPSHOTS];
    char *texts[MAX_SNAPSHOTS];
    size_t lens[MAX_SNAPSHOTS], i, n = 0;
    AUTO_BUF struct buf flat;

    buf_init(&flat, 4 * MAX_FLAT);
    for (i = 0; i < MAX_EDITS && in.n; i++) {
        if (i % 7 == 3 && n < MAX_SNAPSHOTS) {
            snapshots[n] = rope_ref(r);
            texts[n] = mem_strndup(flat.p ? flat.p : "", flat.n);
            lens[n++] = flat.n;
        }
        edit(&in, &r, &flat);
    }
    for (i = 0; i < 8; i++)
        ask(r, buf_str(&flat), take(&places, 3) % (flat.n + 1));
    rope_unref(r);
    for (i = 0; i < n; i++) {
        same_text(snapshots[i], (struct str) { texts[i], lens[i] });
        rope_unref(snapshots[i]);
        free(texts[i]);
    }
    return 0;
}
