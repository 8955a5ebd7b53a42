/* SPDX-License-Identifier: MIT */
/* Changes as an editor sends them: what they do to text, version and revision, what a mirror is told, what is refused.
 * That the resulting text equals other implementations is the oracle suite's business. */
#include "core/doc/document.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/lang.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };

static struct document *open_text(const char *text)
{
    return document_new("file:///tmp/a%20b.c", lang_plain(), 1, str_c(text));
}

static struct doc_change change(unsigned l0, unsigned c0, unsigned l1, unsigned c1, const char *text)
{
    return (struct doc_change) { true, { l0, c0 }, { l1, c1 }, str_c(text) };
}

static struct doc_change whole(const char *text)
{
    return (struct doc_change) { .text = str_c(text) };
}

static void assert_text(const struct document *d, const char *want)
{
    AUTO_BUF struct buf b;

    buf_init(&b, ROOM);
    rope_copy(d->rope, 0, SIZE_MAX, &b);
    buf_addc(&b, '\0');
    assert_string_equal(b.p, want);
    rope_check(d->rope);
}

/* A mirror that applies what it is told to a flat text, and counts. */
struct mirror {
    struct buf text;
    unsigned told;
    struct doc_edit last;
};

static void mirror_init(struct mirror *m, const char *text)
{
    *m = (struct mirror) { .told = 0 };
    buf_init(&m->text, ROOM);
    buf_adds(&m->text, text);
}

static void mirror_apply(void *ctx, struct document *d, const struct doc_edit *edit, struct str text)
{
    struct mirror *m = ctx;
    AUTO_BUF struct buf next;

    assert_int_equal(edit->new_end - edit->start, text.n);
    assert_int_equal(d->last_edit, edit->new_end);
    buf_init(&next, ROOM);
    buf_add(&next, m->text.p, edit->start);
    buf_addstr(&next, text);
    buf_add(&next, m->text.p + edit->old_end, m->text.n - edit->old_end);
    buf_reset(&m->text);
    buf_addstr(&m->text, buf_str(&next));
    assert_int_equal(rope_bytes(d->rope), m->text.n);
    m->told++;
    m->last = *edit;
}

static void assert_change(const char *before, struct doc_change c, enum pos_encoding enc, const char *after)
{
    struct document *d = open_text(before);
    struct mirror m;
    struct err e = { 0 };

    mirror_init(&m, before);
    assert_int_equal(document_change(d, enc, 2, &c, 1, mirror_apply, &m, &e), 0);
    assert_text(d, after);
    buf_addc(&m.text, '\0');
    assert_string_equal(m.text.p, after);
    assert_int_equal(m.told, 1);
    assert_int_equal(d->version, 2);
    assert_int_equal(d->revision, 1);
    buf_fini(&m.text);
    document_unref(d);
}

static void a_document_knows_its_names(void **state)
{
    struct document *d = open_text("x"), *u = document_new("untitled:one", lang_plain(), 7, STR("y"));

    (void)state;
    assert_string_equal(d->path, "/tmp/a b.c");
    assert_string_equal(d->uri, "file:///tmp/a%20b.c");
    assert_null(u->path);
    assert_int_equal(u->version, 7);
    document_unref(document_ref(u));
    document_unref(u);
    document_unref(d);
    document_unref(NULL);
}

static void ranges_in_each_encoding(void **state)
{
    const char *text = "a\xf0\x9f\x98\x80z\n\xc3\xa9y\n";

    (void)state;
    assert_change(text, change(0, 3, 0, 4, "Q"), POS_UTF16, "a\xf0\x9f\x98\x80Q\n\xc3\xa9y\n");
    assert_change(text, change(0, 5, 0, 6, "Q"), POS_UTF8, "a\xf0\x9f\x98\x80Q\n\xc3\xa9y\n");
    assert_change(text, change(0, 2, 0, 3, "Q"), POS_UTF32, "a\xf0\x9f\x98\x80Q\n\xc3\xa9y\n");
    assert_change(text, change(1, 0, 1, 1, ""), POS_UTF16, "a\xf0\x9f\x98\x80z\ny\n");
    assert_change(text, change(1, 0, 1, 2, ""), POS_UTF8, "a\xf0\x9f\x98\x80z\ny\n");
}

static void positions_outside_the_text_are_clamped(void **state)
{
    (void)state;
    assert_change("ab\ncd", change(0, 99, 0, 99, "!"), POS_UTF16, "ab!\ncd");
    assert_change("ab\r\ncd", change(0, 3, 0, 4, "!"), POS_UTF16, "ab!\r\ncd");
    assert_change("ab\ncd", change(9, 0, 12, 5, "!"), POS_UTF16, "ab\ncd!");
    assert_change("ab\ncd", change(0, 1, UINT32_MAX, UINT32_MAX, ""), POS_UTF16, "a");
    assert_change("", change(3, 3, 4, 4, "x"), POS_UTF8, "x");
    assert_change("abc", change(0, UINT32_MAX, 0, UINT32_MAX, "x"), POS_UTF32, "abcx");
}

static void a_backward_range_is_turned_round(void **state)
{
    (void)state;
    assert_change("abcdef", change(0, 4, 0, 1, "-"), POS_UTF16, "a-ef");
    assert_change("ab\ncd\nef", change(2, 1, 0, 1, "-"), POS_UTF16, "a-f");
}

static void positions_inside_a_character_snap_to_its_start(void **state)
{
    const char *text = "a\xf0\x9f\x98\x80z";

    (void)state;
    assert_change(text, change(0, 2, 0, 2, "|"), POS_UTF16, "a|\xf0\x9f\x98\x80z");
    assert_change(text, change(0, 2, 0, 3, "|"), POS_UTF16, "a|z");
    assert_change(text, change(0, 1, 0, 2, "|"), POS_UTF16, "a|\xf0\x9f\x98\x80z");
    assert_change(text, change(0, 3, 0, 5, "|"), POS_UTF8, "a|z");
}

static void changes_apply_in_order(void **state)
{
    struct document *d = open_text("one\ntwo\n");
    struct doc_change c[] = { change(0, 3, 0, 3, "\n1.5"), change(1, 0, 1, 3, "x"), whole("x\ny"), change(1, 1, 1, 1, "z") };
    struct mirror m;
    struct err e = { 0 };

    (void)state;
    mirror_init(&m, "one\ntwo\n");
    assert_int_equal(document_change(d, POS_UTF16, 5, c, 2, mirror_apply, &m, &e), 0);
    assert_text(d, "one\nx\ntwo\n");
    assert_int_equal(document_change(d, POS_UTF16, 6, c + 2, 2, mirror_apply, &m, &e), 0);
    assert_text(d, "x\nyz");
    assert_int_equal(m.told, 4);
    assert_int_equal(d->revision, 4);
    assert_int_equal(d->version, 6);
    assert_int_equal(document_change(d, POS_UTF16, 7, NULL, 0, NULL, NULL, &e), 0);
    assert_int_equal(d->version, 7);
    buf_fini(&m.text);
    document_unref(d);
}

static void a_whole_text_becomes_a_small_edit(void **state)
{
    AUTO_BUF struct buf before, after;
    struct document *d;
    struct doc_change c;
    struct mirror m;
    size_t i;

    (void)state;
    buf_init(&before, ROOM);
    buf_init(&after, ROOM);
    for (i = 0; i < 3000; i++)
        buf_addf(&before, "line %zu \xc3\xa9\n", i);
    d = open_text(before.p);
    buf_add(&after, before.p, 20000);
    buf_adds(&after, "typed");
    buf_add(&after, before.p + 20000, before.n - 20000);
    mirror_init(&m, before.p);
    c = whole(after.p);
    assert_int_equal(document_change(d, POS_UTF16, 2, &c, 1, mirror_apply, &m, NULL), 0);
    assert_text(d, after.p);
    assert_true(m.last.new_end - m.last.start <= 8);
    c = whole(after.p);
    assert_int_equal(document_change(d, POS_UTF16, 3, &c, 1, mirror_apply, &m, NULL), 0);
    assert_int_equal(m.last.start, m.last.old_end);
    assert_int_equal(m.last.start, m.last.new_end);
    assert_text(d, after.p);
    buf_fini(&m.text);
    document_unref(d);
}

static void a_whole_text_never_cuts_a_character(void **state)
{
    (void)state;
    /* The first two share their first byte, the next two their last, the others are repetitions. */
    assert_change("x\xc3\xa9y", whole("x\xc3\xa8y"), POS_UTF16, "x\xc3\xa8y");
    assert_change("x\xc3\xa9y", whole("x\xc4\xa9y"), POS_UTF16, "x\xc4\xa9y");
    assert_change("aaaa", whole("aa"), POS_UTF16, "aa");
    assert_change("aa", whole("aaaa"), POS_UTF16, "aaaa");
    assert_change("", whole("a"), POS_UTF16, "a");
    assert_change("a", whole(""), POS_UTF16, "");
    assert_change("\xf0\x9f\x98\x80", whole("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), POS_UTF16, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
}

static void told_text(void *ctx, struct document *d, const struct doc_edit *edit, struct str text)
{
    (void)d;
    (void)edit;
    assert_true(utf8_valid(text));
    *(unsigned *)ctx += 1;
}

static void what_a_mirror_is_told_is_valid(void **state)
{
    static const char *const texts[] = { "\xc3\xa9", "\xc3\xa8", "\xc4\xa8", "\xe4\xb8\xad", "\xe4\xb8\xae", "\xe5\xb8\xae",
        "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", "\xf0\x9f\x99\x81", "a\xc3\xa9", "\xc3\xa9 a", "a" };
    unsigned told = 0;
    size_t i, k;

    (void)state;
    for (i = 0; i < ARRAY_LEN(texts); i++) {
        for (k = 0; k < ARRAY_LEN(texts); k++) {
            struct document *d = open_text(texts[i]);
            struct doc_change c = whole(texts[k]);

            assert_int_equal(document_change(d, POS_UTF16, 2, &c, 1, told_text, &told, NULL), 0);
            assert_text(d, texts[k]);
            document_unref(d);
        }
    }
    assert_int_equal(told, ARRAY_LEN(texts) * ARRAY_LEN(texts));
}

static void too_big_changes_nothing(void **state)
{
    struct document *d = open_text("small");
    size_t n = MAX_DOCUMENT_BYTES - 1;
    char *huge = mem_alloc(n + 2);
    struct doc_change c[2] = { change(0, 0, 0, 0, "a"), change(0, 0, 0, 0, "") }, full;
    struct err e = { 0 };

    (void)state;
    memset(huge, 'x', n + 2);
    c[1].text = (struct str) { huge, n };
    assert_int_equal(document_change(d, POS_UTF16, 9, c, 2, NULL, NULL, &e), ERR_TOO_BIG);
    assert_text(d, "asmall");
    assert_int_equal(d->version, 1);
    assert_int_equal(d->revision, 1);
    assert_true(str_find(str_c(e.text), STR("a%20b.c")) > 0);
    full = (struct doc_change) { .text = { huge, n + 2 } };
    err_clear(&e);
    assert_int_equal(document_change(d, POS_UTF16, 9, &full, 1, NULL, NULL, &e), ERR_TOO_BIG);
    assert_text(d, "asmall");
    free(huge);
    document_unref(d);
}

static void a_snapshot_outlives_changes_and_the_document(void **state)
{
    struct document *d = open_text("before");
    struct rope *kept = rope_ref(d->rope);
    struct doc_change c = change(0, 0, 0, 6, "after");
    AUTO_BUF struct buf b;

    (void)state;
    buf_init(&b, ROOM);
    assert_int_equal(document_change(d, POS_UTF16, 2, &c, 1, NULL, NULL, NULL), 0);
    assert_text(d, "after");
    document_unref(d);
    rope_copy(kept, 0, SIZE_MAX, &b);
    assert_true(str_eqc(buf_str(&b), "before"));
    rope_unref(kept);
}

static void the_table_of_open_documents(void **state)
{
    struct documents *ds = documents_new();
    struct document *kept = NULL, *d;
    struct err e = { 0 };
    char uri[40];
    int i;

    (void)state;
    for (i = 0; i < MAX_DOCUMENTS; i++) {
        snprintf(uri, sizeof uri, "file:///f%d", i);
        assert_int_equal(documents_put(ds, document_new(uri, lang_plain(), i, STR("")), &e), 0);
    }
    assert_int_equal(documents_count(ds), MAX_DOCUMENTS);
    d = document_new("file:///more", lang_plain(), 0, STR(""));
    assert_int_equal(documents_put(ds, d, &e), ERR_TOO_BIG);
    err_clear(&e);
    documents_remove(ds, "file:///f3");
    assert_null(documents_get(ds, "file:///f3"));
    assert_int_equal(documents_put(ds, d, &e), 0);
    assert_ptr_equal(documents_get(ds, "file:///more"), d);
    assert_int_equal(documents_get(ds, "file:///f999")->version, 999);
    kept = document_ref(documents_get(ds, "file:///f5"));
    documents_remove(ds, "file:///f5");
    documents_remove(ds, "file:///f5");
    assert_true(kept->closed);
    document_unref(kept);
    d = document_new("file:///more", lang_plain(), 0, STR(""));
    assert_int_equal(documents_put(ds, d, &e), ERR_INVALID);
    document_unref(d);
    assert_int_equal(documents_count(ds), MAX_DOCUMENTS - 1);
    kept = document_ref(documents_at(ds, 0));
    documents_free(ds);
    assert_true(kept->closed);
    document_unref(kept);
    documents_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_knows_its_names),
        cmocka_unit_test(ranges_in_each_encoding),
        cmocka_unit_test(positions_outside_the_text_are_clamped),
        cmocka_unit_test(a_backward_range_is_turned_round),
        cmocka_unit_test(positions_inside_a_character_snap_to_its_start),
        cmocka_unit_test(changes_apply_in_order),
        cmocka_unit_test(a_whole_text_becomes_a_small_edit),
        cmocka_unit_test(a_whole_text_never_cuts_a_character),
        cmocka_unit_test(what_a_mirror_is_told_is_valid),
        cmocka_unit_test(too_big_changes_nothing),
        cmocka_unit_test(a_snapshot_outlives_changes_and_the_document),
        cmocka_unit_test(the_table_of_open_documents),
    };

    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
