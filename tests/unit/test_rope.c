/* SPDX-License-Identifier: MIT */
/* The rope against a flat buffer: the same edits on both, then every question answered by walking the flat one from its
 * start. The reference below is written for plainness and shares nothing with the rope but utf8_decode(). */
#include "core/doc/rope.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/rope_tree.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };

static uint64_t rng_state;

static uint32_t rng(void)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rng_state >> 33);
}

static size_t below(size_t n)
{
    return n ? rng() % n : 0;
}

/* ---- the flat text and what it says ---- */

struct facts {
    size_t u16, u32, line, row, column;
};

static size_t flat_floor(struct str s, size_t at)
{
    size_t i = 0, len;
    uint32_t cp;

    while (i < s.n && i < at) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        if (i + len > at)
            return i;
        i += len;
    }
    return i;
}

static struct facts flat_facts(struct str s, size_t at)
{
    struct facts f = { 0 };
    size_t i, len, end = flat_floor(s, at);
    uint32_t cp;

    for (i = 0; i < end; i += len) {
        len = utf8_decode(s.p + i, s.n - i, &cp);
        f.u32++;
        f.u16 += len == 4 ? 2 : 1;
    }
    for (i = 0; i < at; i++) {
        f.column++;
        if (s.p[i] == '\n' || (s.p[i] == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n')))
            f.line++;
        if (s.p[i] == '\n') {
            f.row++;
            f.column = 0;
        }
    }
    return f;
}

static bool is_line_end(struct str s, size_t i)
{
    return s.p[i] == '\n' || (s.p[i] == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n'));
}

static size_t flat_lines(struct str s)
{
    size_t i, n = 1;

    for (i = 0; i < s.n; i++)
        n += is_line_end(s, i);
    return n;
}

static size_t flat_line_start(struct str s, size_t line)
{
    size_t i;

    for (i = 0; i < s.n && line; i++)
        line -= is_line_end(s, i);
    return i;
}

static size_t flat_line_end(struct str s, size_t line)
{
    size_t i = flat_line_start(s, line);

    while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r')
        i++;
    return i;
}

static void assert_same_text(const struct rope *r, struct str flat)
{
    AUTO_BUF struct buf b;

    buf_init(&b, ROOM);
    assert_int_equal(rope_bytes(r), flat.n);
    rope_copy(r, 0, SIZE_MAX, &b);
    assert_int_equal(b.n, flat.n);
    assert_true(str_eq(buf_str(&b), flat));
    rope_check(r);
}

static void assert_same_at(const struct rope *r, struct str flat, size_t at)
{
    struct facts f = flat_facts(flat, at);
    uint32_t row, column;
    size_t n;
    const char *p = rope_chunk(r, at, &n);

    assert_int_equal(rope_floor(r, at), flat_floor(flat, at));
    assert_int_equal(rope_u16_of(r, at), f.u16);
    assert_int_equal(rope_u32_of(r, at), f.u32);
    assert_int_equal(rope_line_of(r, at), f.line);
    assert_int_equal(rope_at_u16(r, f.u16), flat_floor(flat, at));
    assert_int_equal(rope_at_u32(r, f.u32), flat_floor(flat, at));
    rope_point(r, at, &row, &column);
    assert_int_equal(row, f.row);
    assert_int_equal(column, f.column);
    assert_int_equal(rope_byte(r, at), at < flat.n ? (unsigned char)flat.p[at] : -1);
    assert_true(n <= flat.n - at && (n > 0 || at == flat.n));
    assert_memory_equal(p, flat.p + at, n);
}

static void assert_same_line(const struct rope *r, struct str flat, size_t line)
{
    assert_int_equal(rope_line_start(r, line), flat_line_start(flat, line));
    assert_int_equal(rope_line_end(r, line), flat_line_end(flat, line));
}

/* ---- texts ---- */

static const char *const pieces[] = { "a", "int x = 1;", "\n", "\n\n", "\r", "\r\n", "\r\r\n", "\n\r", "\t", "\xc3\xa9",
    "\xe4\xb8\xad\xe6\x96\x87", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\xff", "\xc3", "\xa9", "\xf0\x9f",
    "\x98\x80", "\xed\xa0\x80", "\xe4", "\xb8\xad", "\x80\x80\x80\x80\x80", "    return 0;\n", "e\xcc\x81" };

static void add_pieces(struct buf *b, size_t want)
{
    size_t goal = b->n + want;

    while (b->n < goal)
        buf_adds(b, pieces[below(ARRAY_LEN(pieces))]);
}

/* A run of one piece: leaves that look alike are where seams go wrong. */
static void add_run(struct buf *b, size_t want)
{
    const char *piece = pieces[below(ARRAY_LEN(pieces))];
    size_t goal = b->n + want;

    while (b->n < goal)
        buf_adds(b, piece);
}

static void flat_edit(struct buf *flat, size_t start, size_t end, struct str text)
{
    AUTO_BUF struct buf next;

    buf_init(&next, ROOM);
    buf_add(&next, flat->p, start);
    buf_addstr(&next, text);
    buf_add(&next, flat->p + end, flat->n - end);
    buf_reset(flat);
    buf_addstr(flat, buf_str(&next));
}

/* ---- tests ---- */

static void empty_text(void **state)
{
    struct rope *r = rope_new(STR_NULL), *s;
    uint32_t row, column;
    size_t n;

    (void)state;
    assert_int_equal(rope_bytes(r), 0);
    assert_int_equal(rope_lines(r), 1);
    assert_int_equal(rope_byte(r, 0), -1);
    assert_string_equal(rope_chunk(r, 0, &n), "");
    assert_int_equal(n, 0);
    assert_int_equal(rope_line_start(r, 7), 0);
    assert_int_equal(rope_at_u16(r, 9), 0);
    rope_point(r, 5, &row, &column);
    assert_int_equal(row + column, 0);
    s = rope_edit(r, 3, 9, STR("x"));
    assert_same_text(s, STR("x"));
    rope_replace(&s, 0, 1, STR_NULL);
    assert_same_text(s, STR(""));
    assert_same_text(r, STR(""));
    rope_unref(s);
    rope_unref(r);
    rope_unref(NULL);
}

static void line_ends_are_those_of_lsp(void **state)
{
    struct rope *r = rope_new(STR("a\nb\rc\r\nd\n\re\r"));
    static const size_t starts[] = { 0, 2, 4, 7, 9, 10, 12 }, ends[] = { 1, 3, 5, 8, 9, 11, 12 };
    size_t i;

    (void)state;
    assert_int_equal(rope_lines(r), ARRAY_LEN(starts));
    for (i = 0; i < ARRAY_LEN(starts); i++) {
        assert_int_equal(rope_line_start(r, i), starts[i]);
        assert_int_equal(rope_line_end(r, i), ends[i]);
        assert_int_equal(rope_line_of(r, starts[i]), i);
    }
    assert_int_equal(rope_line_of(r, 6), 2); /* between CR and LF */
    rope_unref(r);
}

static void crlf_over_a_seam_is_one_line_end(void **state)
{
    size_t n, i;

    (void)state;
    for (n = LEAF_FILL - 3; n < LEAF_MAX + 3; n++) {
        AUTO_BUF struct buf b;
        struct rope *r;

        buf_init(&b, ROOM);
        for (i = 0; i < n; i++)
            buf_addc(&b, 'x');
        for (i = 0; i < 2000; i++)
            buf_adds(&b, "\r\n");
        r = rope_new(buf_str(&b));
        rope_check(r);
        assert_int_equal(rope_lines(r), 2001);
        for (i = 0; i < 2000; i += 7)
            assert_int_equal(rope_line_start(r, i + 1), n + 2 * i + 2);
        rope_unref(r);
    }
}

static void surrogate_halves_round_down(void **state)
{
    struct rope *r = rope_new(STR("a\xf0\x9f\x98\x80z"));

    (void)state;
    assert_int_equal(rope_at_u16(r, 1), 1);
    assert_int_equal(rope_at_u16(r, 2), 1);
    assert_int_equal(rope_at_u16(r, 3), 5);
    assert_int_equal(rope_at_u32(r, 2), 5);
    assert_int_equal(rope_u16_of(r, 3), 1);
    assert_int_equal(rope_floor(r, 4), 1);
    assert_int_equal(rope_at_u16(r, 100), 6);
    rope_unref(r);
}

static void random_edits_equal_a_flat_buffer(void **state)
{
    AUTO_BUF struct buf flat, text;
    struct rope *r;
    size_t i, start, end;

    (void)state;
    rng_state = 1;
    buf_init(&flat, ROOM);
    buf_init(&text, ROOM);
    add_pieces(&flat, 5000);
    r = rope_new(buf_str(&flat));
    for (i = 0; i < 2500; i++) {
        buf_reset(&text);
        start = below(flat.n + 1);
        if (below(4) == 0) /* at a seam, where things go wrong */
            start = rope_bytes(r) - MIN(rope_bytes(r), below(3) * LEAF_FILL);
        end = start + (below(3) ? below(8) : below(40) ? below(600) : below(flat.n));
        end = MIN(end, flat.n);
        if (below(3))
            add_pieces(&text, below(6));
        else if (flat.n < 15000)
            below(2) ? add_pieces(&text, below(4000)) : add_run(&text, below(4000));
        rope_replace(&r, start, end, buf_str(&text));
        flat_edit(&flat, start, end, buf_str(&text));
        assert_same_text(r, buf_str(&flat));
        assert_same_at(r, buf_str(&flat), i % 2 ? start + text.n : below(flat.n + 1));
        assert_int_equal(rope_lines(r), flat_lines(buf_str(&flat)));
        assert_same_line(r, buf_str(&flat), below(rope_lines(r) + 2));
    }
    rope_unref(r);
}

static void every_byte_of_a_small_text(void **state)
{
    size_t round, at, line;

    (void)state;
    rng_state = 7;
    for (round = 0; round < 12; round++) {
        AUTO_BUF struct buf flat;
        struct rope *r;

        buf_init(&flat, ROOM);
        below(2) ? add_pieces(&flat, below(2500)) : add_run(&flat, below(2500));
        r = rope_new(buf_str(&flat));
        rope_check(r);
        for (at = 0; at <= flat.n; at++)
            assert_same_at(r, buf_str(&flat), at);
        for (line = 0; line < rope_lines(r) + 2; line++)
            assert_same_line(r, buf_str(&flat), line);
        rope_unref(r);
    }
}

static void a_character_typed_byte_by_byte_becomes_one(void **state)
{
    AUTO_BUF struct buf flat;
    struct rope *r;
    size_t at;

    (void)state;
    buf_init(&flat, ROOM);
    rng_state = 3;
    while (flat.n < 5000)
        buf_addc(&flat, (char)('a' + below(26)));
    r = rope_new(buf_str(&flat));
    for (at = 0; at < 5000; at += 3) {
        static const char *const bytes[] = { "\x80", "\x98", "\x9f", "\xf0" };
        size_t i;

        for (i = 0; i < 4; i++) {
            rope_replace(&r, at, at, str_c(bytes[i]));
            flat_edit(&flat, at, at, str_c(bytes[i]));
            rope_check(r);
        }
        assert_int_equal(rope_u16_of(r, at + 4), rope_u16_of(r, at) + 2);
    }
    assert_same_text(r, buf_str(&flat));
    assert_int_equal(rope_u16_of(r, SIZE_MAX), utf16_len(buf_str(&flat)));
    rope_unref(r);
}

/* Writes `at_cut` over the text so that it begins `before` bytes in front of the first seam, and applies one edit whose
 * offsets count from that seam. */
static void edit_at_seam(char fill, const char *at_cut, size_t before, size_t start, size_t end, struct str text)
{
    AUTO_BUF struct buf flat;
    struct rope *r;
    size_t i;

    buf_init(&flat, ROOM);
    for (i = 0; i < 20 * LEAF_FILL; i++)
        buf_addc(&flat, fill);
    memcpy(flat.p + LEAF_FILL - before, at_cut, strlen(at_cut));
    r = rope_new(buf_str(&flat));
    rope_chunk(r, 0, &i);
    assert_int_equal(i, LEAF_FILL); /* else the seam is elsewhere and this tests nothing */
    rope_replace(&r, LEAF_FILL + start, LEAF_FILL + end, text);
    flat_edit(&flat, LEAF_FILL + start, LEAF_FILL + end, text);
    assert_same_text(r, buf_str(&flat));
    assert_int_equal(rope_u16_of(r, SIZE_MAX), utf16_len(buf_str(&flat)));
    rope_unref(r);
}

static void characters_completed_over_a_seam(void **state)
{
    AUTO_BUF struct buf paste;

    (void)state;
    buf_init(&paste, ROOM);
    add_run(&paste, 3000);
    buf_adds(&paste, "\xf0\x9f\x98");
    edit_at_seam('\x80', "", 0, 0, 0, STR("\xc3"));
    edit_at_seam('\x80', "", 0, 0, 0, STR("\xf0\x90"));
    edit_at_seam('\x80', "", 0, 0, 0, buf_str(&paste));
    edit_at_seam('a', "\xc3\x80", 2, 0, 0, STR("\x80"));
    edit_at_seam('a', "\xe4\x80x\x80", 1, 1, 2, STR_NULL);
    edit_at_seam('a', "\xf0\x90\x80x\x80", 1, 2, 3, STR_NULL);
    edit_at_seam('a', "\xf0\x90xx\x80\x80", 3, (size_t)-1, 1, STR_NULL);
}

static void old_snapshots_stay_as_they_were(void **state)
{
    enum { KEPT = 40 };
    struct rope *kept[KEPT], *r;
    AUTO_BUF struct buf flat;
    char *texts[KEPT];
    size_t lens[KEPT], i, k;

    (void)state;
    rng_state = 11;
    buf_init(&flat, ROOM);
    add_pieces(&flat, 30000);
    r = rope_new(buf_str(&flat));
    for (i = 0; i < KEPT; i++) {
        kept[i] = rope_ref(r);
        texts[i] = mem_strndup(flat.p, flat.n);
        lens[i] = flat.n;
        for (k = 0; k < 20; k++) {
            size_t start = below(flat.n + 1), end = MIN(start + below(300), flat.n);
            AUTO_BUF struct buf text;

            buf_init(&text, ROOM);
            add_pieces(&text, below(300));
            if (k % 2) {
                struct rope *next = rope_edit(r, start, end, buf_str(&text));

                rope_unref(r);
                r = next;
            } else {
                rope_replace(&r, start, end, buf_str(&text));
            }
            flat_edit(&flat, start, end, buf_str(&text));
        }
        assert_same_text(r, buf_str(&flat));
    }
    rope_unref(r);
    for (i = 0; i < KEPT; i++) {
        assert_same_text(kept[i], (struct str) { texts[i], lens[i] });
        rope_unref(kept[i]);
        free(texts[i]);
    }
}

static void typing_does_not_fragment(void **state)
{
    struct rope *r = rope_new(STR_NULL);
    size_t i, n, chunks = 0, at;

    (void)state;
    for (i = 0; i < 100000; i++)
        rope_replace(&r, i, i, i % 30 ? STR("x") : STR("\n"));
    for (at = 0; at < rope_bytes(r); at += n, chunks++)
        rope_chunk(r, at, &n);
    assert_true(chunks <= 100000 / 500 + 2);
    for (i = 0; i < 99990; i++)
        rope_replace(&r, 5, 6, STR_NULL);
    rope_check(r);
    assert_int_equal(rope_bytes(r), 10);
    rope_chunk(r, 0, &n);
    assert_int_equal(n, 10);
    rope_unref(r);
}

static void large_pastes_and_cuts(void **state)
{
    AUTO_BUF struct buf flat, text;
    struct rope *r;
    size_t i, start, end;

    (void)state;
    rng_state = 5;
    buf_init(&flat, ROOM);
    buf_init(&text, ROOM);
    r = rope_new(STR("start"));
    buf_adds(&flat, "start");
    for (i = 0; i < 60; i++) {
        buf_reset(&text);
        start = below(flat.n + 1);
        end = flat.n > 200000 ? MIN(flat.n, start + below(flat.n)) : start;
        add_pieces(&text, below(60000));
        if (below(5) == 0)
            buf_reset(&text);
        rope_replace(&r, start, end, buf_str(&text));
        flat_edit(&flat, start, end, buf_str(&text));
        assert_same_text(r, buf_str(&flat));
    }
    rope_unref(r);
}

/* ---- threads ---- */

enum { READS = 3000 };

static void *reader(void *arg)
{
    struct rope *r = arg;
    size_t i, sum = 0, n;

    for (i = 0; i < READS; i++) {
        struct rope *mine = rope_ref(r);

        sum += rope_u16_of(mine, i * 31) + rope_line_of(mine, i * 17);
        (void)rope_chunk(mine, i * 13, &n);
        sum += n;
        rope_unref(mine);
    }
    rope_unref(r);
    return (void *)(uintptr_t)sum;
}

static void threads_read_while_the_owner_types(void **state)
{
    AUTO_BUF struct buf flat;
    struct rope *r, *first;
    pthread_t threads[2];
    void *sums[2];
    size_t i;

    (void)state;
    rng_state = 13;
    buf_init(&flat, ROOM);
    add_pieces(&flat, 60000);
    r = rope_new(buf_str(&flat));
    first = rope_ref(r);
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, rope_ref(r)), 0);
    for (i = 0; i < READS; i++) {
        size_t at = below(rope_bytes(r));

        rope_replace(&r, at, MIN(rope_bytes(r), at + below(3)), str_c(pieces[below(ARRAY_LEN(pieces))]));
    }
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], &sums[i]), 0);
    assert_ptr_equal(sums[0], sums[1]);
    rope_check(r);
    assert_same_text(first, buf_str(&flat));
    rope_unref(first);
    rope_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_text),
        cmocka_unit_test(line_ends_are_those_of_lsp),
        cmocka_unit_test(crlf_over_a_seam_is_one_line_end),
        cmocka_unit_test(surrogate_halves_round_down),
        cmocka_unit_test(random_edits_equal_a_flat_buffer),
        cmocka_unit_test(every_byte_of_a_small_text),
        cmocka_unit_test(a_character_typed_byte_by_byte_becomes_one),
        cmocka_unit_test(characters_completed_over_a_seam),
        cmocka_unit_test(old_snapshots_stay_as_they_were),
        cmocka_unit_test(typing_does_not_fragment),
        cmocka_unit_test(large_pastes_and_cuts),
        cmocka_unit_test(threads_read_while_the_owner_types),
    };

    return cmocka_run_group_tests_name("rope", tests, NULL, NULL);
}
