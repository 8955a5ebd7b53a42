/* SPDX-License-Identifier: MIT */
/* The quick way to read a key's message against the general one: where it reads something, both read the same. */
#include "core/base/mem.h"
#include "core/lsp/change.h"
#include "core/lsp/parse.h"
#include "core/lsp/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DOCUMENT "\"textDocument\":{\"uri\":\"file:///a.c\",\"version\":7}"
#define RANGE "\"range\":{\"start\":{\"line\":1,\"character\":2},\"end\":{\"line\":3,\"character\":4}}"
#define MESSAGE(params) "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{" params "}}"
#define USUAL MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":\"x\"}]")

static bool read(const char *message, struct change *ret, struct buf *scratch)
{
    buf_init(scratch, 1 << 16);
    return change_read(str_c(message), scratch, ret);
}

/* What the general way finds must be what `c` says. */
static void assert_same(struct str message, const struct change *c)
{
    struct err e = { 0 };
    AUTO_BUF struct buf scratch;
    AUTO_JSON json_t *msg = NULL;
    const json_t *params, *changes;
    struct doc_change d = { 0 };

    buf_init(&scratch, 1 << 16);
    msg = parse_quickly(message, &scratch);
    params = json_object_get(msg, "params");
    changes = json_object_get(params, "contentChanges");
    assert_string_equal(json_get_cstr(msg, "method", ""), "textDocument/didChange");
    assert_null(json_object_get(msg, "id"));
    assert_string_equal(read_document_uri(params, &e), c->uri);
    assert_int_equal((int)json_get_int(json_object_get(params, "textDocument"), "version", 0), c->version);
    assert_int_equal(json_array_size(changes), 1);
    assert_int_equal(read_change(json_array_get(changes, 0), &d, &e), 0);
    assert_int_equal(d.has_range, c->edit.has_range);
    assert_memory_equal(&d.start, &c->edit.start, sizeof d.start);
    assert_memory_equal(&d.end, &c->edit.end, sizeof d.end);
    assert_true(str_eq(d.text, c->edit.text));
}

static void test_reads_what_editors_send(void **state)
{
    static const char *const messages[] = {
        USUAL,
        MESSAGE("\"contentChanges\":[{\"text\":\"a\\n\\t\\\"\\u00e9\",\"rangeLength\":3," RANGE "}]," DOCUMENT),
        "{ \"params\" : { " DOCUMENT " , \"contentChanges\" : [ { " RANGE " , \"text\" : \"\" } ] } , \"method\" : "
        "\"textDocument/didChange\" , \"jsonrpc\" : \"2.0\" }",
        MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":\"\xe6\xbc\xa2\xf0\x9f\x98\x80\"}]"),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        AUTO_BUF struct buf scratch;
        struct change c;

        assert_true(read(messages[i], &c, &scratch));
        assert_same(str_c(messages[i]), &c);
    }
}

static void test_leaves_the_rest_alone(void **state)
{
    static const char *const messages[] = {
        "", "{", "[]", "{}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"textDocument/didChange\",\"params\":{" DOCUMENT ",\"contentChanges\":[{" RANGE
        ",\"text\":\"x\"}]}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{" DOCUMENT ",\"contentChanges\":[{" RANGE
        ",\"text\":\"x\"}]}}",
        MESSAGE(DOCUMENT ",\"contentChanges\":[]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{\"text\":\"all\"}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":\"x\"},{" RANGE ",\"text\":\"y\"}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":1}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":\"\xff\"}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{" RANGE ",\"text\":\"x\",\"text\":\"y\"}]"),
        MESSAGE("\"textDocument\":{\"uri\":\"file:\\/\\/\\/a.c\",\"version\":7},\"contentChanges\":[{" RANGE ",\"text\":\"x\"}]"),
        MESSAGE("\"textDocument\":{\"uri\":\"file:///a.c\",\"version\":null},\"contentChanges\":[{" RANGE ",\"text\":\"x\"}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{\"range\":{\"start\":{\"line\":-1,\"character\":2},\"end\":{\"line\":3,"
                         "\"character\":4}},\"text\":\"x\"}]"),
        MESSAGE(DOCUMENT ",\"contentChanges\":[{\"range\":{\"start\":{\"line\":1},\"end\":{\"line\":3,\"character\":4}},"
                         "\"text\":\"x\"}]"),
        USUAL " x",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        AUTO_BUF struct buf scratch;
        struct change c;

        assert_false(read(messages[i], &c, &scratch));
    }
}

static void test_takes_no_uri_that_does_not_fit(void **state)
{
    static const char head[] = "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"";
    static const char tail[] = "\",\"version\":7},\"contentChanges\":[{" RANGE ",\"text\":\"x\"}]}}";
    char message[sizeof head + sizeof tail + CHANGE_URI_BYTES], uri[CHANGE_URI_BYTES + 1];

    (void)state;
    for (size_t n = CHANGE_URI_BYTES - 1; n <= CHANGE_URI_BYTES; n++) {
        AUTO_BUF struct buf scratch;
        struct change c;

        memset(uri, 'u', n);
        uri[n] = '\0';
        snprintf(message, sizeof message, "%s%s%s", head, uri, tail);
        assert_int_equal(read(message, &c, &scratch), n < CHANGE_URI_BYTES);
        assert_true(n == CHANGE_URI_BYTES || strcmp(c.uri, uri) == 0);
    }
}

static uint64_t rng_state = 1;

static unsigned below(unsigned n)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(rng_state >> 33) % n;
}

/* One to three bytes changed, dropped, doubled, or a stretch repeated. */
static size_t damage(char *p, size_t n)
{
    static const char bytes[] = "\"\\{}[]:,0179-. nulxt\n\xc3\xa9";

    for (unsigned times = 1 + below(3); times > 0; times--) {
        size_t at = below((unsigned)n), len = 1 + below(12);

        len = MIN(len, n - at);
        switch (below(3)) {
        case 0:
            p[at] = bytes[below(sizeof bytes - 1)];
            break;
        case 1:
            memmove(p + at, p + at + len, n - at - len);
            n -= len;
            break;
        default:
            memmove(p + at + len, p + at, n - at);
            n += len;
        }
        if (n == 0)
            break;
    }
    return n;
}

static void test_agrees_on_damaged_messages(void **state)
{
    static const char *const seeds[] = {USUAL, MESSAGE("\"contentChanges\":[{\"text\":\"a\\n\\u00e9b\"," RANGE "}]," DOCUMENT)};
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        char message[1024];
        AUTO_BUF struct buf scratch;
        struct change c;
        size_t n = strlen(seeds[i % 2]);

        memcpy(message, seeds[i % 2], n);
        n = damage(message, n);
        buf_init(&scratch, 1 << 16);
        if (!change_read((struct str) { message, n }, &scratch, &c))
            continue;
        taken++;
        assert_same((struct str) { message, n }, &c);
    }
    assert_true(taken > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_editors_send),
        cmocka_unit_test(test_leaves_the_rest_alone),
        cmocka_unit_test(test_takes_no_uri_that_does_not_fit),
        cmocka_unit_test(test_agrees_on_damaged_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
