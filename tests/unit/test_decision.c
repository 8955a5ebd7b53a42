/* SPDX-License-Identifier: MIT */
/* Decision records: the ring, the file of lines with its cap and its accidents, and what a person reads of one. */
#include "core/engine/decision.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir, *file; /* dir does not exist at first */

static int set_up(void **state)
{
    AUTO_FREE char *base = mem_printf("%s/decision.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

    (void)state;
    if (!mkdtemp(base))
        return -1;
    dir = fs_join(base, "state");
    file = fs_join(dir, "decisions.jsonl");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file);
    (void)rmdir(dir);
    *strrchr(dir, '/') = '\0';
    (void)chmod(dir, 0700);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
    free(file);
    return 0;
}

static void add(struct decisions *ds, const char *path, char ret_id[DECISION_ID_BYTES])
{
    struct decision *d = decisions_begin(ds, TASK_COMPLETE);

    snprintf(d->path, sizeof d->path, "%s", path);
    if (ret_id)
        memcpy(ret_id, d->id, DECISION_ID_BYTES);
    decisions_end_take(ds, d);
}

static void read_file(struct buf *b)
{
    struct err e = {0};

    buf_init(b, 64u << 20);
    if (fs_read(file, b, &e) < 0)
        fail_msg("%s", e.text);
}

static size_t count_lines(struct str text)
{
    size_t n = 0;

    for (; text.n > 0; n++)
        (void)str_line(&text);
    return n;
}

/* ---- in memory ---- */

static void test_ring(void **state)
{
    enum { N = 3 * MAX_DECISIONS };
    static char ids[N][DECISION_ID_BYTES];
    struct decisions *ds = decisions_new(NULL);

    (void)state;
    assert_null(decisions_find(ds, NULL));
    for (int i = 0; i < N; i++) {
        char path[20];

        snprintf(path, sizeof path, "%d.c", i);
        add(ds, path, ids[i]);
        assert_string_equal(decisions_find(ds, NULL)->path, path);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(ids[k], ids[i]); /* many in one second */
    }
    for (int i = 0; i < N; i++) {
        const struct decision *d = decisions_find(ds, ids[i]);

        assert_int_equal(d != NULL, i >= N - MAX_DECISIONS);
        if (d)
            assert_string_equal(d->id, ids[i]);
    }
    assert_null(decisions_find(ds, "no-such-id"));
    assert_null(decisions_find(ds, ""));
    assert_false(decisions_pending(ds)); /* memory only: nothing waits for a disk */
    decisions_flush(ds);
    decisions_free(ds);
    decisions_free(NULL);
}

/* ---- the file ---- */

static void test_file(void **state)
{
    struct decisions *ds = decisions_new(dir);
    char id[DECISION_ID_BYTES], other[DECISION_ID_BYTES];
    struct err e = {0};
    struct stat st_file, st_dir;

    (void)state;
    assert_false(fs_is_dir(dir)); /* nothing is made before it is needed */
    assert_null(decision_stored(dir, NULL, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "no decision has been recorded yet"));
    add(ds, "first.c", id);
    assert_true(decisions_pending(ds));
    assert_false(fs_is_dir(dir));
    decisions_flush(ds);
    assert_false(decisions_pending(ds));
    assert_null(decisions_problem(ds));
    assert_int_equal(stat(file, &st_file), 0);
    assert_int_equal(stat(dir, &st_dir), 0);
    assert_int_equal(st_file.st_mode & 0777, 0600);
    assert_int_equal(st_dir.st_mode & 0777, 0700);
    add(ds, "second.c", other);
    decisions_free(ds); /* writes what waits */
    json_t *v = decision_stored(dir, NULL, NULL);
    assert_string_equal(json_get_cstr(v, "path", ""), "second.c");
    json_decref(v);
    v = decision_stored(dir, id, NULL);
    assert_string_equal(json_get_cstr(v, "path", ""), "first.c");
    json_decref(v);
    err_clear(&e);
    assert_null(decision_stored(dir, "00-00-0", &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void put(const char *text, size_t n, int flags)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
}

/* What a crash, a full disk or a curious person leaves in the file costs no other record. */
static void test_torn_lines(void **state)
{
    struct decisions *ds = decisions_new(dir);
    char id[DECISION_ID_BYTES];
    json_t *v;

    (void)state;
    add(ds, "before.c", NULL);
    decisions_flush(ds);
    put("{\"id\":\"torn", 11, O_APPEND);
    add(ds, "after.c", id);
    decisions_flush(ds);
    v = decision_stored(dir, id, NULL);
    assert_non_null(v); /* not glued to the torn one */
    json_decref(v);
    put("7\n[1,2]\n\xff\xfe\n\n{\"id\":", 17, O_APPEND);
    v = decision_stored(dir, NULL, NULL);
    assert_string_equal(json_get_cstr(v, "path", ""), "after.c");
    json_decref(v);
    decisions_free(ds);
}

static void test_cut(void **state)
{
    struct decisions *ds = decisions_new(dir);
    char id[DECISION_ID_BYTES];
    AUTO_BUF struct buf b;
    struct stat st;
    off_t largest = 0;
    unsigned n = 0, cuts = 0;

    (void)state;
    for (off_t last = 0; cuts < 2; last = st.st_size) {
        for (int i = 0; i < 100; i++) {
            char path[40];

            snprintf(path, sizeof path, "dir/%u.c", n++);
            add(ds, path, id);
        }
        decisions_flush(ds);
        assert_null(decisions_problem(ds));
        assert_int_equal(stat(file, &st), 0);
        cuts += st.st_size < last;
        largest = MAX(largest, st.st_size);
        assert_true(n < 100000);
    }
    assert_true(largest <= (off_t)MAX_DECISION_FILE_BYTES);
    assert_true(st.st_size > (off_t)MAX_DECISION_FILE_BYTES / 4);
    assert_int_equal(st.st_mode & 0777, 0600);
    json_t *v = decision_stored(dir, id, NULL); /* the newest survives */
    assert_non_null(v);
    json_decref(v);
    read_file(&b);
    /* Whole lines only, in order, without a gap. */
    unsigned at = n - (unsigned)count_lines(buf_str(&b));
    struct str rest = buf_str(&b);

    while (rest.n > 0) {
        struct str line = str_line(&rest);
        char path[40];

        v = json_parse(line, "line", NULL);
        snprintf(path, sizeof path, "dir/%u.c", at++);
        assert_string_equal(json_get_cstr(v, "path", ""), path);
        json_decref(v);
    }
    assert_int_equal(at, n);
    decisions_free(ds);
}

/* However large somebody else has made it. */
static void test_huge_file(void **state)
{
    struct decisions *ds = decisions_new(dir);
    AUTO_FREE char *noise = mem_alloc(1 << 20);
    char id[DECISION_ID_BYTES];
    struct stat st;
    json_t *v;

    (void)state;
    memset(noise, 'x', 1 << 20);
    add(ds, "a.c", NULL);
    decisions_flush(ds);
    for (int i = 0; i < 9; i++)
        put(noise, 1 << 20, O_APPEND);
    put("\n{\"id\":\"mine\",\"path\":\"m.c\"}\n", 29, O_APPEND);
    v = decision_stored(dir, "mine", NULL);
    assert_non_null(v);
    json_decref(v);
    add(ds, "b.c", id);
    decisions_flush(ds);
    assert_int_equal(stat(file, &st), 0);
    assert_true(st.st_size < (off_t)MAX_DECISION_FILE_BYTES);
    v = decision_stored(dir, id, NULL);
    assert_non_null(v);
    json_decref(v);
    decisions_free(ds);
}

/* A link, a folder or a FIFO in its place is not followed, waited for or replaced. */
static void test_odd_files(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(fs_mkdirs(dir, &e), 0);
    for (int kind = 0; kind < 3; kind++) {
        struct decisions *ds = decisions_new(dir);
        struct stat st;

        if (kind == 0)
            assert_int_equal(symlink("/dev/null", file), 0);
        else if (kind == 1)
            assert_int_equal(mkfifo(file, 0600), 0);
        else
            assert_int_equal(mkdir(file, 0700), 0);
        add(ds, "a.c", NULL);
        decisions_flush(ds);
        if (kind != 1) { /* a FIFO takes the bytes while it is open */
            assert_non_null(decisions_problem(ds));
            assert_non_null(strstr(decisions_problem(ds), file));
        }
        assert_false(decisions_pending(ds)); /* it does not pile up */
        assert_null(decision_stored(dir, NULL, &e));
        assert_true(e.code < 0 && e.text[0]);
        err_clear(&e);
        assert_int_equal(lstat(file, &st), 0);
        assert_false(S_ISREG(st.st_mode));
        decisions_free(ds);
        assert_int_equal(kind == 2 ? rmdir(file) : unlink(file), 0);
    }
}

static void test_read_only(void **state)
{
    AUTO_FREE char *base = mem_strdup(dir);
    struct decisions *ds = decisions_new(dir);
    char id[DECISION_ID_BYTES];

    (void)state;
    *strrchr(base, '/') = '\0';
    if (geteuid() == 0) { /* whom modes do not stop: a file where the folder should be does */
        FILE *f = fopen(dir, "w");

        assert_non_null(f);
        assert_int_equal(fclose(f), 0);
    } else {
        assert_int_equal(chmod(base, 0500), 0);
    }
    add(ds, "a.c", id);
    decisions_flush(ds);
    assert_non_null(decisions_problem(ds));
    assert_non_null(strstr(decisions_problem(ds), dir));
    assert_non_null(decisions_find(ds, id)); /* memory still has it */
    (void)unlink(dir);
    assert_int_equal(chmod(base, 0700), 0);
    add(ds, "b.c", NULL);
    decisions_flush(ds);
    assert_null(decisions_problem(ds)); /* mended */
    decisions_free(ds);
}

/* ---- what it says ---- */

static struct decision sample(void)
{
    struct decision d = {.id = "abc-1-2", .task = TASK_COMPLETE, .path = "src/a.c", .language = "c", .line = 4, .col8 = 11,
                         .threshold = 0.6, .confidence = -1, .total_us = 12300};

    d.request.prompt_tokens = 700;
    d.choice.n = 3;
    d.choice.nkept = 2;
    d.choice.c[0] = (struct route_candidate){.cost = 1.5, .latency = 4, .score = 5.5};
    d.choice.c[1] = (struct route_candidate){.latency = 1, .score = 1};
    d.choice.c[2].drop = ROUTE_BREAKER;
    d.names[0] = "local";
    d.names[1] = "fast";
    d.names[2] = "other";
    d.nattempts = 2;
    d.attempts[0] = (struct decision_attempt){.target = "local", .total_us = 900, .confidence = 0.25};
    d.attempts[1] = (struct decision_attempt){.target = "fast", .err_code = ERR_TIMEOUT, .total_us = 3000000, .confidence = -1,
                                              .words = "'fast' had no whole answer within 3000 ms"};
    snprintf(d.reason, sizeof d.reason, "no target had a suggestion");
    return d;
}

static void explain(const struct decision *d, struct buf *out)
{
    AUTO_JSON json_t *v = decision_json(d);

    buf_init(out, MAX_EXPLAIN_BYTES);
    assert_non_null(v);
    decision_explain(v, out);
}

static void test_explain(void **state)
{
    struct decision d = sample();
    AUTO_BUF struct buf out;

    (void)state;
    explain(&d, &out);
    assert_string_equal(out.p, "abc-1-2  1970-01-01T00:00:00.000Z  complete src/a.c:5:12 (automatic)\n"
                               "candidates, in the order of trying (about 700 tokens of prompt):\n"
                               "  1. local                kept, score 5.50 (cost 1.50 + latency 4.00; lower is better within a tier)\n"
                               "  2. fast                 kept, score 1.00 (cost 0.00 + latency 1.00; lower is better within a tier)\n"
                               "  3. other                dropped: resting after repeated failures\n"
                               "asked:\n"
                               "  local: answered after 0.9 ms, sure to 25 % (served without asking further from 60 %)\n"
                               "  fast: timeout after 3000.0 ms: 'fast' had no whole answer within 3000 ms\n"
                               "nothing was shown: no target had a suggestion\n");
    buf_fini(&out);
    d.served_by = "local";
    d.invoked = true;
    d.choice.n = d.nattempts = 0;
    explain(&d, &out);
    assert_non_null(strstr(out.p, "(invoked)"));
    assert_non_null(strstr(out.p, "  none\n"));
    assert_non_null(strstr(out.p, "  no target was asked\n"));
    assert_non_null(strstr(out.p, "served by local in 12.3 ms\n"));
}

/* What comes from outside is shown, not obeyed. */
static void test_hostile_words(void **state)
{
    struct decision d = sample();
    AUTO_BUF struct buf out, dump;
    AUTO_JSON json_t *odd = json_pack("{s:[], s:{}, s:i, s:[i, n, s]}", "id", "path", "time", 7, "candidates", 1, "x");

    (void)state;
    snprintf(d.path, sizeof d.path, "a\x1b[2J\xff\xe2\x80\xae\".c");
    snprintf(d.attempts[1].words, sizeof d.attempts[1].words, "bell\a and\x9b more");
    explain(&d, &out);
    assert_null(memchr(out.p, 0x1b, out.n));
    assert_null(memchr(out.p, '\a', out.n));
    assert_null(strstr(out.p, "\xe2\x80\xae"));
    buf_init(&dump, MAX_EXPLAIN_BYTES);
    AUTO_JSON json_t *v = decision_json(&d);
    assert_true(json_dump(v, &dump)); /* it is JSON all the same */
    buf_reset(&out);
    decision_explain(odd, &out); /* records of another version, or of nobody */
    assert_true(out.n > 0);
    AUTO_JSON json_t *none = json_object();
    buf_reset(&out);
    decision_explain(none, &out);
    assert_non_null(strstr(out.p, "nothing was shown: no reason recorded"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_ring), T(test_file), T(test_torn_lines), T(test_cut), T(test_huge_file), T(test_odd_files), T(test_read_only),
        T(test_explain), T(test_hostile_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
