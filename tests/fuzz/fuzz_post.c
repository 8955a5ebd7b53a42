/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for post-processing. The input is two bytes of choices and then, divided by NUL bytes, what stands before
 * the caret, what stands behind it, and what the model said. Whatever that is, what comes out is UTF-8 without control
 * characters, replaces no more than the caret's line, and is made of the model's own bytes in their order. */
#include "core/base/limits.h"
#include "core/base/utf.h"
#include "core/doc/lang.h"
#include "core/engine/post.h"
#include "tests/lib/caret.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REPLACEMENT STR("\xef\xbf\xbd")

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_bytes(struct str text)
{
    must(utf8_valid(text));
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        must((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' || (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n'));
    }
}

static void check_origin(struct str text, struct str raw)
{
    size_t at = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (str_starts(str_sub(text, i, text.n), REPLACEMENT)) {
            i += REPLACEMENT.n - 1;
        } else if (text.p[i] != '\r') {
            while (at < raw.n && raw.p[at] != text.p[i])
                at++;
            must(at++ < raw.n);
        }
    }
}

static struct str next_part(struct str *rest)
{
    size_t n = 0;
    struct str part;

    while (n < rest->n && rest->p[n])
        n++;
    part = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n + 1, rest->n);
    return part;
}

static void process(struct str before, struct str after, struct str raw, unsigned flags, const struct lang *l)
{
    struct rope *rope = rope_new(before);
    struct context c;
    struct post p = {.context = &c, .lang = l, .single_line = flags & 1, .from_service = flags & 2};
    struct buf out;
    size_t over;
    const char *why;

    rope_replace(&rope, before.n, before.n, after);
    context_init(&c, rope, before.n, flags & 4 ? 64 : 8192, flags & 4 ? 32 : 2048);
    buf_init(&out, 4 * MAX_COMPLETION_BYTES);
    why = post_process(&p, raw, &out, &over);
    must(over <= c.line_after.n && (why == NULL) == (out.n > 0) && (!why || over == 0) && !out.overflow);
    check_bytes(buf_str(&out));
    check_origin(buf_str(&out), raw);
    (void)post_has_enough(&p, raw);
    buf_fini(&out);
    context_fini(&c);
    rope_unref(rope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size}, before, after;
    const struct lang *l;

    if (size < 2 || size > 100000)
        return 0;
    l = data[1] < lang_count() ? lang_at(data[1]) : NULL;
    rest = str_sub(rest, 2, rest.n);
    before = next_part(&rest);
    after = next_part(&rest);
    process(before, after, rest, data[0], l);
    return 0;
}
