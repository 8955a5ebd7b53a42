/* SPDX-License-Identifier: MIT */
/* The framing parser against whole conversations: every event is written into one text, so that two runs over the same
 * bytes, cut differently, can be compared as strings. */
#include "core/io/frame.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 4096 };

static void on_message(void *ctx, struct str body)
{
    (void)buf_addf(ctx, "M%zu:", body.n);
    (void)buf_addstr(ctx, body);
    (void)buf_addc(ctx, '\n');
}

static void on_error(void *ctx, const struct err *e)
{
    (void)buf_addf(ctx, "E%d:%s\n", e->code, e->text);
}

static const struct frame_handler handler = { on_message, on_error };

static void run_with(struct str in, size_t first, uint64_t seed, struct buf *out)
{
    struct frame f;
    size_t n;

    frame_init(&f, CAP, &handler, out);
    n = MIN(first, in.n);
    frame_feed(&f, str_sub(in, 0, n));
    for (in = str_sub(in, n, in.n); in.n; in = str_sub(in, n, in.n)) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        n = seed >> 63 ? 1 + (seed >> 40) % 7 : 1 + (seed >> 40) % 700;
        if (first)
            n = in.n; /* one cut only */
        frame_feed(&f, str_sub(in, 0, n));
    }
    (void)buf_adds(out, frame_is_idle(&f) ? "idle\n" : "busy\n");
    frame_fini(&f);
}

/* The events for the input, after checking that they are the same for every cut into two, byte by byte and at random. */
static char *events(struct str in)
{
    AUTO_BUF struct buf whole, other;
    size_t i;

    buf_init(&whole, 1 << 20);
    buf_init(&other, 1 << 20);
    run_with(in, in.n, 0, &whole);
    for (i = 1; i < in.n; i++) {
        buf_reset(&other);
        run_with(in, i, 0, &other);
        assert_string_equal(other.p, whole.p);
    }
    for (i = 0; i < 200; i++) {
        buf_reset(&other);
        run_with(in, 0, i, &other);
        assert_string_equal(other.p, whole.p);
    }
    return buf_take(&whole);
}

static void expect_n(struct str in, const char *want)
{
    AUTO_FREE char *got = events(in);

    assert_string_equal(got, want);
}

static void expect(const char *in, const char *want)
{
    expect_n(str_c(in), want);
}

static void whole_messages(void **state)
{
    (void)state;
    expect("Content-Length: 2\r\n\r\n{}", "M2:{}\nidle\n");
    expect("Content-Length: 2\r\n\r\n{}Content-Length: 4\r\n\r\n[12]", "M2:{}\nM4:[12]\nidle\n");
    expect("Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\nx", "M0:\nM1:x\nidle\n");
    expect("", "idle\n");
    expect("Content-Le", "busy\n");
    expect("Content-Length: 5\r\n\r\nabc", "busy\n");
}

static void lenient_headers(void **state)
{
    (void)state;
    expect("content-LENGTH:2\r\n\r\n{}", "M2:{}\nidle\n");
    expect("  Content-Length \t:  0002 \r\n\r\n{}", "M2:{}\nidle\n");
    expect("Content-Length: 2\n\n{}", "M2:{}\nidle\n");
    expect("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "M2:{}\nidle\n");
    expect("Content-Length: 2\r\nContent-Type: utf8\r\n\r\n{}", "M2:{}\nidle\n");
    expect("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "M2:{}\nidle\n");
    expect("\r\n\n\r\nContent-Length: 2\r\n\r\n{}\r\n", "M2:{}\nidle\n");
    expect("X-Other:\r\nContent-Length: 2\r\n\r\n{}", "M2:{}\nidle\n");
}

static void malformed_headers_are_reported_once(void **state)
{
    static const char *const bad[] = {
        "Content-Length: -5\r\n\r\n",
        "Content-Length: +5\r\n\r\n",
        "Content-Length: 5x\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Content-Length: 99999999999999999999999\r\n\r\n",
        "Content-Length: 18446744073709551615\r\n\r\n",
        "Content-Type: x\r\n\r\n",
        "nonsense\r\n\r\n",
        "{\"a\": 1}\r\n",
        "Content Length: 5\r\n\r\n",
    };
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_FREE char *in = mem_printf("%s{\"lost\":true}\r\nmore\r\nContent-Length: 2\r\n\r\n{}", bad[i]);
        AUTO_FREE char *glued = mem_printf("%s{\"lost\":true}Content-Length: 2\r\n\r\n{}", bad[i]);
        AUTO_FREE char *got = events(str_c(in));
        AUTO_FREE char *got_glued = events(str_c(glued));

        assert_true(strncmp(got, "E-6:malformed message header: ", 30) == 0);
        assert_string_equal(strchr(got, '\n'), "\nM2:{}\nidle\n");
        assert_string_equal(got_glued, got);
    }
}

static void wrong_lengths_lose_little(void **state)
{
    (void)state;
    /* Too short: the rest of the body stands before the next header. */
    expect("Content-Length: 2\r\n\r\n{\"a\":1}Content-Length: 2\r\n\r\n{}",
           "M2:{\"\nE-6:malformed message header: a header name with forbidden characters\nM2:{}\nidle\n");
    expect("Content-Length: 1\r\n\r\n12Content-Length: 2\r\n\r\n{}",
           "M1:1\nE-6:malformed message header: bytes before Content-Length\nM2:{}\nidle\n");
    /* Too long: the next header's beginning was taken for body. */
    expect("Content-Length: 9\r\n\r\n{}Content-Length: 4\r\n\r\nlostContent-Length: 2\r\n\r\n[]",
           "M9:{}Content\nE-6:malformed message header: no Content-Length\nM2:[]\nidle\n");
    /* Cut off after its length: the later announcement is the one that still has a body. */
    expect("Content-Length: 5\r\nContent-Length: 6\r\n\r\n[1234]Content-Length: 2\r\n\r\n[]",
           "E-6:malformed message header: two different Content-Lengths\nM6:[1234]\nM2:[]\nidle\n");
    /* Further headers of the block that was found again still count. */
    expect("?\r\n{}Content-Length: 2\r\nContent-Type: y\r\n\r\n[]",
           "E-6:malformed message header: a line without a colon\nM2:[]\nidle\n");
}

static void too_big_is_skipped(void **state)
{
    AUTO_FREE char *big = mem_alloc(CAP + 2);
    AUTO_FREE char *in = NULL;

    (void)state;
    memset(big, 'x', CAP + 1);
    big[CAP + 1] = '\0';
    in = mem_printf("Content-Length: %d\r\n\r\n%sContent-Length: %d\r\n\r\n%.*sContent-Length: 2\r\n\r\n{}", CAP + 1, big, CAP,
                    CAP, big);
    {
        AUTO_FREE char *got = events(str_c(in));
        AUTO_FREE char *want = mem_printf("E-9:a message of %d bytes, at most %d are taken\nM%d:%.*s\nM2:{}\nidle\n", CAP + 1,
                                          CAP, CAP, CAP, big);

        assert_string_equal(got, want);
    }
}

static void count_error(void *ctx, const struct err *e)
{
    (*(int *)ctx)++;
    assert_int_equal(e->code, ERR_TOO_BIG);
}

static void fail_message(void *ctx, struct str body)
{
    (void)ctx;
    (void)body;
    fail();
}

static void a_gigabyte_takes_no_memory(void **state)
{
    static const struct frame_handler h = { fail_message, count_error };
    AUTO_FREE char *chunk = mem_zalloc(1 << 20);
    int errors = 0, i;
    struct frame f;

    (void)state;
    frame_init(&f, MAX_MESSAGE_BYTES, &h, &errors);
    frame_feed(&f, STR("Content-Length: 1073741824\r\n\r\n"));
    assert_int_equal(errors, 1);
    for (i = 0; i < 1024; i++) {
        assert_false(frame_is_idle(&f));
        frame_feed(&f, (struct str) { chunk, 1 << 20 });
    }
    assert_true(frame_is_idle(&f));
    assert_int_equal(errors, 1);
    assert_true(f.body.cap == 0);
    frame_fini(&f);
}

static void endless_headers(void **state)
{
    AUTO_BUF struct buf in;
    size_t i;

    (void)state;
    /* One line that never ends. */
    buf_init(&in, 1 << 20);
    for (i = 0; i < MAX_HEADER_BYTES + 300; i++)
        (void)buf_addc(&in, 'a');
    (void)buf_adds(&in, "Content-Length: 2\r\n\r\n{}");
    expect_n(buf_str(&in), "E-6:malformed message header: longer than 8192 bytes\nM2:{}\nidle\n");
    /* Many lines. */
    buf_reset(&in);
    while (in.n < MAX_HEADER_BYTES + 300)
        (void)buf_adds(&in, "X-Long: header\r\n");
    (void)buf_adds(&in, "Content-Length: 2\r\n\r\n{}");
    expect_n(buf_str(&in), "E-6:malformed message header: longer than 8192 bytes\nM2:{}\nidle\n");
    /* The last block that fits. */
    buf_reset(&in);
    (void)buf_adds(&in, "Content-Length: 2\r\nX: ");
    while (in.n < MAX_HEADER_BYTES - 4)
        (void)buf_addc(&in, 'a');
    (void)buf_adds(&in, "\r\n\r\n{}");
    expect_n(buf_str(&in), "M2:{}\nidle\n");
}

static void any_bytes_in_a_body(void **state)
{
    static const char body[] = "\0\r\n\r\nContent-Length: 9\r\n\r\n\xff\xfe";
    AUTO_BUF struct buf in, want;

    (void)state;
    buf_init(&in, 4096);
    buf_init(&want, 4096);
    assert_true(frame_write(&in, (struct str) { body, sizeof body - 1 }));
    assert_true(frame_write(&in, STR("")));
    assert_true(frame_write(&in, STR("{}")));
    {
        AUTO_FREE char *got = events(buf_str(&in));

        (void)buf_addf(&want, "M%zu:", sizeof body - 1);
        (void)buf_add(&want, body, sizeof body - 1);
        (void)buf_adds(&want, "\nM0:\nM2:{}\nidle\n");
        assert_memory_equal(got, want.p, want.n);
    }
}

static void large_split_body(void **state)
{
    AUTO_BUF struct buf in, got;
    AUTO_FREE char *body = mem_alloc(3 << 20);
    struct frame f;
    size_t i;

    (void)state;
    for (i = 0; i < 3 << 20; i++)
        body[i] = (char)(i * 31 + i / 4096);
    buf_init(&in, 4 << 20);
    buf_init(&got, 4 << 20);
    assert_true(frame_write(&in, (struct str) { body, 3 << 20 }));
    frame_init(&f, MAX_MESSAGE_BYTES, &handler, &got);
    for (i = 0; i < in.n; i += 65536)
        frame_feed(&f, str_sub(buf_str(&in), i, i + 65536));
    assert_int_equal(got.n, (3 << 20) + strlen("M3145728:\n"));
    assert_memory_equal(got.p + strlen("M3145728:"), body, 3 << 20);
    assert_true(f.body.cap < 2 << 20); /* the storage of a large message is given back */
    frame_fini(&f);
}

static void write_is_all_or_nothing(void **state)
{
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 24);
    assert_true(frame_write(&out, STR("{}")));
    assert_string_equal(out.p, "Content-Length: 2\r\n\r\n{}");
    assert_false(frame_write(&out, STR("{}")));
    assert_int_equal(out.n, 23);
    assert_true(out.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(lenient_headers),
        cmocka_unit_test(malformed_headers_are_reported_once),
        cmocka_unit_test(wrong_lengths_lose_little),
        cmocka_unit_test(too_big_is_skipped),
        cmocka_unit_test(a_gigabyte_takes_no_memory),
        cmocka_unit_test(endless_headers),
        cmocka_unit_test(any_bytes_in_a_body),
        cmocka_unit_test(large_split_body),
        cmocka_unit_test(write_is_all_or_nothing),
    };

    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
