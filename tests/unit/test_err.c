/* SPDX-License-Identifier: MIT */
/* Errors: the first sentence wins, is cut where a character ends, and every row of err.def is complete. */
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int codes[] = {
#define ERR(name, value, lsp, exit, other, word) ERR_##name,
#include "core/base/err.def"
#undef ERR
};

static void the_first_error_wins(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_int_equal(err_set(&e, ERR_TIMEOUT, "'%s': no answer in %d ms", "x", 5), ERR_TIMEOUT);
    assert_int_equal(err_set(&e, ERR_IO, "later"), ERR_IO);
    assert_int_equal(err_set_errno(&e, ENOENT, "later still"), ERR_NOT_FOUND);
    assert_int_equal(e.code, ERR_TIMEOUT);
    assert_string_equal(e.text, "'x': no answer in 5 ms");
    err_clear(&e);
    assert_int_equal(e.code, ERR_NONE);
    assert_string_equal(e.text, "");
    err_clear(NULL);
}

static void no_place_for_it_is_fine(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_RATE, "x"), ERR_RATE);
    assert_int_equal(err_set_errno(NULL, EACCES, "x"), ERR_IO);
}

static void errno_is_told_in_words(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_int_equal(err_set_errno(&e, ENOENT, "cannot open '%s'", "f"), ERR_NOT_FOUND);
    assert_string_equal(e.text, "cannot open 'f': No such file or directory");
    err_clear(&e);
    assert_int_equal(err_set_errno(&e, EACCES, "cannot open '%s'", "f"), ERR_IO);
    assert_string_equal(e.text, "cannot open 'f': Permission denied");
}

static void long_text_is_cut_between_characters(void **state)
{
    char text[400];
    size_t shift, i;

    (void)state;
    for (shift = 0; shift < 4; shift++) {
        struct err e = { 0 };

        for (i = 0; i < shift; i++)
            text[i] = 'a';
        for (; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        text[i] = '\0';
        err_set(&e, ERR_IO, "%s", text);
        assert_true(utf8_valid(str_c(e.text)));
        assert_in_range(strlen(e.text), sizeof e.text - 6, sizeof e.text - 1);
        err_clear(&e);
        err_set_errno(&e, EIO, "%s", text);
        assert_true(utf8_valid(str_c(e.text)));
    }
}

static void every_code_says_what_to_do(void **state)
{
    size_t i, k;

    (void)state;
    for (i = 0; i < ARRAY_LEN(codes); i++) {
        assert_true(codes[i] < 0);
        assert_string_not_equal(err_name(codes[i]), "unknown");
        assert_true(err_lsp_code(codes[i]) < 0);
        assert_in_range(err_exit_status(codes[i]), 1, 255);
        for (k = 0; k < i; k++) {
            assert_int_not_equal(codes[i], codes[k]);
            assert_string_not_equal(err_name(codes[i]), err_name(codes[k]));
        }
    }
    assert_string_equal(err_name(ERR_CANCELLED), "cancelled");
    assert_int_equal(err_lsp_code(ERR_CANCELLED), -32800);
    assert_int_equal(err_exit_status(ERR_AUTH), 77);
    assert_true(err_may_try_other(ERR_RATE));
    assert_false(err_may_try_other(ERR_CANCELLED));
}

static void unknown_codes_have_answers(void **state)
{
    (void)state;
    assert_string_equal(err_name(0), "ok");
    assert_string_equal(err_name(-999), "unknown");
    assert_int_equal(err_exit_status(0), 0);
    assert_int_equal(err_exit_status(-999), 70);
    assert_int_equal(err_lsp_code(-999), -32603);
    assert_false(err_may_try_other(-999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(no_place_for_it_is_fine),
        cmocka_unit_test(errno_is_told_in_words),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(every_code_says_what_to_do),
        cmocka_unit_test(unknown_codes_have_answers),
    };

    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
