/* SPDX-License-Identifier: MIT */
/* Tests of plugins/common by themselves.
 *
 *   common             prints a result line a test
 *   common sse < FILE  prints the events of a stream as JSON lines, byte by byte and at once the same, or fails
 */
#include "plugins/common/event.h"
#include "plugins/common/fence.h"
#include "plugins/common/fim.h"
#include "plugins/common/jsonr.h"
#include "plugins/common/jsonw.h"
#include "plugins/common/ndjson.h"
#include "plugins/common/oaierr.h"
#include "plugins/common/refusal.h"
#include "plugins/common/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed, any_failed;

#define CHECK(cond) check(cond, #cond, __LINE__)

static void check(int ok, const char *what, int line)
{
    if (ok)
        return;
    failed = 1;
    printf("line %d: %s\n", line, what);
}

static struct sy_str str(const char *s)
{
    return text_c(s);
}

/* ---- sse ---- */

static int write_event(void *ctx, const struct sse_event *ev)
{
    struct bytes *out = ctx;
    struct jsonw w = {.out = out};

    jsonw_open(&w, '[');
    jsonw_string(&w, ev->type);
    jsonw_string(&w, ev->data);
    jsonw_string(&w, ev->id);
    jsonw_close(&w, ']');
    bytes_addc(out, '\n');
    return 0;
}

static int parse_stream(const char *p, size_t n, size_t step, size_t cap, struct bytes *out, int64_t *retry)
{
    struct sse s;
    int r = 0;

    sse_init(&s, cap);
    for (size_t at = 0; at < n && r == 0; at += step)
        r = sse_feed(&s, p + at, n - at < step ? n - at : step, write_event, out);
    if (retry)
        *retry = s.retry_ms;
    sse_fini(&s);
    return r;
}

static void expect_events(const char *stream, size_t n, const char *want)
{
    for (size_t step = 1; step <= n; step++) {
        struct bytes out;

        bytes_init(&out, 1 << 16);
        CHECK(parse_stream(stream, n, step, 1 << 16, &out, NULL) == 0);
        CHECK(text_eq(bytes_str(&out), want));
        bytes_fini(&out);
    }
}
#define EVENTS(stream, want) expect_events(stream, sizeof(stream) - 1, want)

static void test_sse_rules(void)
{
    EVENTS("data: a\n\n", "[\"\",\"a\",\"\"]\n");
    EVENTS("data: a\r\rdata: b\r\n\r\ndata:c\n\r\n", "[\"\",\"a\",\"\"]\n[\"\",\"b\",\"\"]\n[\"\",\"c\",\"\"]\n");
    EVENTS("\xef\xbb\xbf" "data: a\n\n\xef\xbb\xbf" "data: b\n\n", "[\"\",\"a\",\"\"]\n");
    EVENTS("\xef\xbb" "data: a\n\ndata: b\n\n", "[\"\",\"b\",\"\"]\n");
    EVENTS("data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r", "[\"\",\"a\\nb\",\"\"]\n[\"\",\"c\\nd\",\"\"]\n");
    EVENTS("data\n\ndata\ndata\n\ndata:\n\n", "[\"\",\"\",\"\"]\n[\"\",\"\\n\",\"\"]\n[\"\",\"\",\"\"]\n");
    EVENTS("event: x\nid: 7\ndata:  two\n\ndata: b\n\n", "[\"x\",\" two\",\"7\"]\n[\"\",\"b\",\"\"]\n");
    EVENTS("event: lost\n\ndata: a\n\n", "[\"\",\"a\",\"\"]\n");
    EVENTS(": note\n:\n data: no\nother: x\ndata: a\n\n", "[\"\",\"a\",\"\"]\n");
    EVENTS("id: 1\nid: 2\0003\ndata: a\n\n", "[\"\",\"a\",\"1\"]\n");
    EVENTS("data: whole\n\ndata: open\n", "[\"\",\"whole\",\"\"]\n");
    EVENTS("data: {\"a\":1}   \n\n", "[\"\",\"{\\\"a\\\":1}   \",\"\"]\n");
}

static void test_sse_retry(void)
{
    struct bytes out;
    int64_t retry = 0;

    bytes_init(&out, 1000);
    CHECK(parse_stream("retry: 12x\n\n", 12, 12, 1000, &out, &retry) == 0 && retry == -1);
    CHECK(parse_stream("retry: 120\nretry:\n", 18, 5, 1000, &out, &retry) == 0 && retry == 120);
    bytes_fini(&out);
}

static void test_sse_caps(void)
{
    size_t n = 5000;
    char *p = malloc(n);
    struct bytes out;

    bytes_init(&out, 1 << 16);
    memset(p, 'a', n);
    memcpy(p, "data: ", 6);
    CHECK(parse_stream(p, n, n, 1000, &out, NULL) == SSE_TOO_BIG);
    CHECK(parse_stream(p, n, 1, 1000, &out, NULL) == SSE_TOO_BIG);
    /* Many short lines of one event. */
    for (size_t i = 0; i + 10 <= n; i += 10)
        memcpy(p + i, "data: 123\n", 10);
    CHECK(parse_stream(p, n, n, 1000, &out, NULL) == SSE_TOO_BIG);
    CHECK(parse_stream(p, n, 7, 1000, &out, NULL) == SSE_TOO_BIG);
    CHECK(parse_stream(p, n, 7, 4000, &out, NULL) == 0 && out.n == 0);
    bytes_fini(&out);
    free(p);
}

static int stop_at_second(void *ctx, const struct sse_event *ev)
{
    (void)ev;
    return ++*(int *)ctx == 2 ? 42 : 0;
}

static void test_sse_stops(void)
{
    struct sse s;
    int seen = 0;

    sse_init(&s, 1000);
    CHECK(sse_feed(&s, "data: a\n\ndata: b\n\ndata: c\n\n", 27, stop_at_second, &seen) == 42);
    CHECK(seen == 2);
    sse_fini(&s);
}

/* ---- lines of JSON ---- */

static int write_line(void *ctx, struct sy_str line)
{
    struct bytes *out = ctx;

    bytes_addc(out, '<');
    bytes_addstr(out, line);
    bytes_addc(out, '>');
    return 0;
}

static int parse_lines(const char *p, size_t n, size_t step, size_t cap, struct bytes *out)
{
    struct ndjson s;
    int r = 0;

    ndjson_init(&s, cap);
    for (size_t at = 0; at < n && r == 0; at += step)
        r = ndjson_feed(&s, p + at, n - at < step ? n - at : step, write_line, out);
    if (r == 0)
        r = ndjson_end(&s, write_line, out);
    ndjson_fini(&s);
    return r;
}

static void test_ndjson_rules(void)
{
    static const char stream[] = "{}\n\r\n  {\"a\":1}\t\r\n\n[2]\rx\n\n{\"open\":";
    struct bytes out;

    for (size_t step = 1; step < sizeof stream; step++) {
        bytes_init(&out, 1000);
        CHECK(parse_lines(stream, sizeof stream - 1, step, 100, &out) == 0);
        CHECK(text_eq(bytes_str(&out), "<{}><{\"a\":1}><[2]\rx><{\"open\":>"));
        bytes_fini(&out);
    }
}

static void test_ndjson_caps(void)
{
    char line[300];
    struct bytes out;

    memset(line, 'a', sizeof line);
    bytes_init(&out, 1000);
    for (size_t step = 1; step <= sizeof line; step += 13)
        CHECK(parse_lines(line, sizeof line, step, 299, &out) == NDJSON_TOO_BIG);
    CHECK(out.n == 0);
    line[299] = '\n';
    CHECK(parse_lines(line, sizeof line, 300, 298, &out) == NDJSON_TOO_BIG);
    CHECK(parse_lines(line, sizeof line, 300, 299, &out) == 0 && out.n == 301);
    bytes_fini(&out);
}

static int stop_at_line(void *ctx, struct sy_str line)
{
    (void)line;
    return ++*(int *)ctx == 2 ? 42 : 0;
}

static void test_ndjson_stops(void)
{
    struct ndjson s;
    int seen = 0;

    ndjson_init(&s, 100);
    CHECK(ndjson_feed(&s, "1\n2\n3\n", 6, stop_at_line, &seen) == 42 && seen == 2);
    ndjson_fini(&s);
}

/* ---- what a service refuses ---- */

static void learn(const char *says, const char *param, int status, const char *dropped)
{
    static const char *const members[] = {"temperature", "stop", "top", NULL};
    struct service s = {.members = members, .about = s.learnt};
    struct oaierr e = {.code = SY_EREQUEST, .status = status};

    snprintf(e.text, sizeof e.text, "%s", says);
    snprintf(e.param, sizeof e.param, "%s", param);
    CHECK(refusal_learn(&e, &s) == (dropped != NULL));
    CHECK(e.code == (dropped ? SY_EAGAIN : SY_EREQUEST));
    for (size_t i = 0; members[i]; i++)
        CHECK(service_takes(&s, members[i]) == (!dropped || strcmp(dropped, members[i]) != 0));
    if (!dropped)
        return;
    e.code = SY_EREQUEST;
    CHECK(!refusal_learn(&e, &s) && e.code == SY_EREQUEST);
    service_about(&s, str("another"));
    CHECK(service_takes(&s, dropped));
}

static void test_learnt_by_model(void)
{
    static const char *const members[] = {"a", "b", NULL};
    struct service s = {.members = members, .about = s.learnt};
    char name[200];

    memset(name, 'n', sizeof name);
    service_about(&s, str("m"));
    CHECK(service_drop(&s, str("a")) && !service_drop(&s, str("a")) && !service_drop(&s, str("x")));
    service_about(&s, (struct sy_str){name, sizeof name});
    CHECK(service_drop(&s, str("b")) && service_takes(&s, "a"));
    service_about(&s, str("m"));
    CHECK(!service_takes(&s, "a") && service_takes(&s, "b"));
    service_about(&s, (struct sy_str){name, sizeof name});
    CHECK(!service_takes(&s, "b"));
    for (int i = 0; i < SERVICE_LEARNS; i++) {
        snprintf(name, sizeof name, "%d", i);
        service_about(&s, str(name));
        CHECK(service_takes(&s, "a") && service_takes(&s, "b"));
    }
    service_about(&s, str("m")); /* long ago: forgotten */
    CHECK(service_takes(&s, "a"));
}

static void test_refusals(void)
{
    learn("Unsupported parameter: 'temperature' is not supported", "temperature", 400, "temperature");
    learn("`stop` is deprecated for this model", "", 400, "stop");
    learn("unknown field stop", "", 422, "stop");
    learn("stop is not supported", "", 500, NULL);
    learn("stop must be a list", "", 400, NULL);
    learn("nonstop use is not allowed", "", 400, NULL);
    learn("stop_sequences is not supported", "", 400, NULL);
    learn("'temperature' is not supported", "model", 400, NULL);
}

/* ---- fence ---- */

static void expect_unfenced(const char *answer, const char *want)
{
    size_t n = strlen(answer);

    for (size_t first = 0; first <= n; first++) {
        for (size_t step = 1; step <= n + 1; step++) {
            struct fence f;
            struct bytes out;

            fence_init(&f, 1 << 16);
            bytes_init(&out, 1 << 16);
            bytes_addstr(&out, fence_push(&f, (struct sy_str){answer, first}));
            for (size_t at = first; at < n; at += step)
                bytes_addstr(&out, fence_push(&f, (struct sy_str){answer + at, n - at < step ? n - at : step}));
            bytes_addstr(&out, fence_end(&f));
            CHECK(text_eq(bytes_str(&out), want));
            bytes_fini(&out);
            fence_fini(&f);
        }
    }
}

static void test_fence(void)
{
    expect_unfenced("", "");
    expect_unfenced("a + b", "a + b");
    expect_unfenced("  a\n", "  a\n");
    expect_unfenced("```c\na + b\n```", "a + b");
    expect_unfenced("```\n  a\n\n  b\n```\n \n", "  a\n\n  b");
    expect_unfenced("\n\n```python\nx\n```\n", "x");
    expect_unfenced("```c\nnever closed\n", "never closed\n");
    expect_unfenced("```c\n```", "");
    expect_unfenced("```c\n", "");
    expect_unfenced("```", "```");
    expect_unfenced("``", "``");
    expect_unfenced("`x` is", "`x` is");
    expect_unfenced("text\n```c\nx\n```\n", "text\n```c\nx\n```\n");
    expect_unfenced("```md\nsee\n```c\nx\n```\nend\n```", "see\n```c\nx\n```\nend");
    expect_unfenced("```c\na = '`';\n``\n````\n```", "a = '`';\n``\n````");
}

/* ---- fim ---- */

static size_t times(struct sy_str hay, const char *needle)
{
    size_t count = 0;
    const char *at = hay.p, *end = hay.p + hay.n;

    while ((at = memmem(at, (size_t)(end - at), needle, strlen(needle))) != NULL) {
        count++;
        at += strlen(needle);
    }
    return count;
}

/* Every family: the parts appear once, no placeholder is left, and what delimits the parts is a stop string, because a
 * model that goes on prints it. Words in angle brackets that a prompt holds are what the model knows as tokens. */
static void lint_format(const struct fim_format *f)
{
    struct sy_file extra[] = {{str("one.h"), str("@CODE1@")}, {str("two.h"), str("@CODE2@")}};
    struct sy_request req = {.size = sizeof req, .prefix = str("@BEFORE@"), .suffix = str("@AFTER@"), .path = str("cur.c"),
                             .language = str("c"), .extra_stride = sizeof extra[0]};
    size_t stops = 0, parts = 0;
    struct bytes one, many;

    bytes_init(&one, 1 << 16);
    bytes_init(&many, 1 << 16);
    fim_prompt(f, &req, &one);
    req.extra = extra;
    req.nextra = 2;
    fim_prompt(f, &req, &many);
    CHECK(times(bytes_str(&one), "@BEFORE@") == 1 && times(bytes_str(&one), "@AFTER@") == 1);
    CHECK(times(bytes_str(&many), "@BEFORE@") == 1 && times(bytes_str(&many), "@AFTER@") == 1);
    CHECK(times(bytes_str(&many), "@CODE1@") == times(bytes_str(&many), "@CODE2@"));
    for (size_t i = 0; i < many.n; i++)
        CHECK((unsigned char)many.p[i] >= ' ' || many.p[i] == '\n');
    for (const char *s = fim_stop(f, NULL); s; s = fim_stop(f, s)) {
        CHECK(strlen(s) > 2 && strlen(s) < 40);
        parts += times(bytes_str(&one), s) > 0;
        stops++;
    }
    CHECK(stops >= 2 && stops <= 16);
    CHECK(parts >= 1);
    CHECK(fim_find(str(fim_name(f))) == f);
    if (failed)
        printf("in format %s\n", fim_name(f));
    bytes_fini(&one);
    bytes_fini(&many);
}

static void test_fim(void)
{
    struct bytes room;
    size_t n = 0;

    for (const struct fim_format *f = fim_next(NULL); f; f = fim_next(f), n++)
        lint_format(f);
    CHECK(n >= 13);
    CHECK(!fim_find(str("")) && !fim_find(str("Qwen")) && !fim_find(str("qwen ")));
    bytes_init(&room, 2000);
    CHECK(strlen(fim_unknown(str("nope"), &room)) < 190); /* the host cuts sentences not far behind */
    for (const struct fim_format *f = fim_next(NULL); f; f = fim_next(f))
        CHECK(strstr(room.p, fim_name(f)) != NULL);
    bytes_fini(&room);
}

/* ---- writing and showing ---- */

/* Whatever the bytes, what is written is JSON, and it reads back as the same text where they were UTF-8. */
static void test_json_of_any_bytes(void)
{
    /* Mostly bytes near the borders of the encoding's ranges. */
    static const char borders[] = "\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5";
    unsigned seed = 12345;

    for (int round = 0; round < 3000; round++) {
        char in[24];
        size_t n = 0;
        struct bytes out;
        struct jsonw w = {.out = &out};
        json_t *back, *same;

        bytes_init(&out, 1000);
        for (size_t i = 0; i < sizeof in; i++) {
            seed = seed * 1103515245u + 12345u;
            in[n++] = round % 2 ? (char)(seed >> 16) : borders[seed >> 28];
        }
        jsonw_string(&w, (struct sy_str){in, n});
        back = json_loadb(out.p, out.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        same = json_stringn(in, n);
        CHECK(back != NULL);
        CHECK(!same || json_equal(back, same));
        CHECK(same || memmem(out.p, out.n, "\xef\xbf\xbd", 3));
        json_decref(back);
        json_decref(same);
        bytes_fini(&out);
    }
}

/* A tree by the reader that builds none, to be compared with the library's. */
static json_t *tree_of(struct sy_str v, struct bytes *room)
{
    struct sy_str key, value;
    json_t *o;

    switch (jsonr_kind(v)) {
    case '{':
        o = json_object();
        while (jsonr_member(&v, &key, &value)) {
            struct sy_str quoted = {key.p - 1, key.n + 2}, name = jsonr_string(quoted, room);
            char *copy = strndup(name.p ? name.p : "", name.n);

            json_object_set_new(o, copy, tree_of(value, room));
            free(copy);
        }
        return o;
    case '[':
        o = json_array();
        while (jsonr_element(&v, &value))
            json_array_append_new(o, tree_of(value, room));
        return o;
    case '"': key = jsonr_string(v, room); return json_stringn(key.p ? key.p : "", key.n);
    case '0': return json_loadb(v.p, v.n, JSON_DECODE_ANY, NULL);
    case 't': return json_true();
    case 'f': return json_false();
    default: return json_null();
    }
}

/* 1: both take it and read the same; 0: both refuse; -1: they differ. */
static int same_reading(struct sy_str text)
{
    json_error_t e;
    json_t *theirs = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e), *ours;
    struct bytes room;
    int ok = jsonr_is_valid(text), same;

    if (!theirs) {
        /* The library also refuses what our reader replaces or does not need: half surrogates, huge numbers. */
        int kind = json_error_code(&e);
        int lenient = kind == json_error_numeric_overflow || strstr(e.text, "Unicode") != NULL || strstr(e.text, "NUL") != NULL;

        return ok && !lenient ? -1 : 0;
    }
    bytes_init(&room, 1 << 16);
    ours = ok ? tree_of(text_trim(text), &room) : NULL;
    same = ours && json_equal(ours, theirs);
    json_decref(ours);
    json_decref(theirs);
    bytes_fini(&room);
    return same ? 1 : -1;
}

static void test_json_reading(void)
{
    static const char *const texts[] = {
        "{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\\"\\\\b\\n\\u00e9\\ud83d\\ude00\"},\"finish_reason\":null}],\"usage\":null}",
        " [ 1 , -2.5e+3 , 0 , {} , [ ] , true , false , \"\" , { \"a\" : { \"a\" : [ [ ] , \"]}\" ] } } ] ",
        "{\"a\":1,\"a\":{\"b\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"},\"\":[null]}",
        "\"\\/\\b\\f\\r\\t\"", "-0.0", "12e2",
    };
    static const char pieces[] = "{}[],:\"\\ 01-.eEtun\x01\xc3\xff";
    unsigned seed = 99;
    int taken = 0;

    for (int round = 0; round < 60000; round++) {
        char text[200];
        size_t n = strlen(texts[round % 6]), changes;

        memcpy(text, texts[round % 6], n);
        for (changes = (size_t)round / 6 % 3; changes > 0; changes--) {
            seed = seed * 1103515245u + 12345u;
            text[(seed >> 8) % n] = pieces[(seed >> 20) % (sizeof pieces - 1)];
            if (seed >> 30 == 0)
                n -= (seed >> 5) % 3 < n ? (seed >> 5) % 3 : 0;
        }
        if (same_reading((struct sy_str){text, n}) < 0) {
            printf("%.*s\n", (int)n, text);
            CHECK(!"as the library reads it");
            return;
        }
        taken += jsonr_is_valid((struct sy_str){text, n});
    }
    CHECK(taken > 20000);
}

static void test_json_reading_odd(void)
{
    struct bytes room;
    char deep[200];

    bytes_init(&room, 1000);
    CHECK(text_eq(jsonr_string(str("\"\\ud83d!\""), &room), "\xef\xbf\xbd!"));
    CHECK(text_eq(jsonr_string(str("\"\\ude00\\ud83d\""), &room), "\xef\xbf\xbd\xef\xbf\xbd"));
    CHECK(jsonr_string(str("12"), &room).n == 0 && jsonr_string(str(""), &room).n == 0);
    CHECK(jsonr_count(str("8192.0")) == 8192 && jsonr_count(str("-3")) == 0 && jsonr_count(str("\"3\"")) == 0);
    CHECK(jsonr_get(str("[1]"), "a").n == 0 && jsonr_get(str(""), "a").n == 0);
    CHECK(text_eq(jsonr_get(str("{\"a\":1, \"b\" : [2] , \"a\":3}"), "a"), "3"));
    memset(deep, '[', sizeof deep);
    memset(deep + 100, ']', 100);
    CHECK(!jsonr_is_valid((struct sy_str){deep, 200}));
    CHECK(jsonr_is_valid((struct sy_str){deep + 40, 120}));
    CHECK(!jsonr_is_valid(str("")) && !jsonr_is_valid(str("{} {}")) && !jsonr_is_valid(str("01")) && !jsonr_is_valid(str("[1,]")));
    bytes_fini(&room);
}

static void test_json_numbers(void)
{
    static const struct {
        int milli;
        const char *want;
    } rows[] = {{0, "0"}, {1, "0.001"}, {200, "0.2"}, {1000, "1"}, {1500, "1.5"}, {2040, "2.04"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes out;
        struct jsonw w = {.out = &out};

        bytes_init(&out, 100);
        jsonw_milli(&w, rows[i].milli);
        CHECK(text_eq(bytes_str(&out), rows[i].want));
        bytes_fini(&out);
    }
}

static void expect_shown(const char *in, size_t room, const char *want)
{
    char *text = malloc(room);

    text_for_show(str(in), text, room);
    CHECK(strcmp(text, want) == 0);
    free(text);
}

static void test_showing(void)
{
    expect_shown("", 8, "");
    expect_shown("1234567", 8, "1234567");
    expect_shown("12345678", 8, "1234...");
    expect_shown("  a \r\n\t b\x1b[0m\x7f ", 40, "a b [0m");
    expect_shown("a\xc2\x9b" "b\xe2\x80\xae" "c\xe2\x81\xa6" "d", 40, "a b c d");
    expect_shown("caf\xc3\xa9", 8, "caf\xc3\xa9");
    expect_shown("123\xe2\x82\xac\xe2\x82\xac", 8, "123...");
    expect_shown("a\xff\xff" "b\xc3", 40, "a b");
}

static void test_bytes(void)
{
    struct bytes b;

    bytes_init(&b, 10);
    bytes_add(&b, "12345678", 8);
    bytes_add(&b, "abc", 3);
    bytes_addc(&b, 'd');
    CHECK(b.failed && text_eq(bytes_str(&b), "12345678"));
    bytes_reset(&b);
    bytes_add(&b, "1234567890", 10);
    CHECK(!b.failed && b.n == 10 && b.p[10] == '\0');
    bytes_drop(&b, 4);
    CHECK(text_eq(bytes_str(&b), "567890"));
    bytes_drop(&b, 6);
    CHECK(b.n == 0);
    bytes_fini(&b);
    CHECK(text_has(str(" stop, temperature\n"), "temperature") && !text_has(str("stop"), "sto"));
}

/* ---- error bodies that nobody would send ---- */

static void test_error_bodies(void)
{
    static const char *const bodies[] = {"", "null", "[]", "{}", "{\"error\":null}", "{\"error\":[]}", "{\"error\":{\"message\":7}}",
                                         "\"x\"", "<", "<title>", "{\"detail\":[]}", "{\"error\":{\"code\":9999999999999}}"};
    struct oaierr e;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        oaierr_from_body(&e, 503, str(bodies[i]), str(""));
        CHECK(e.code == SY_EOVERLOADED && e.status == 503 && strlen(e.text) < sizeof e.text);
    }
    oaierr_from_body(&e, 418, str("\xff\xfe"), str(""));
    CHECK(e.code == SY_EREQUEST && e.text[0] == '\0');
}

/* ---- running ---- */

static void run(const char *name, void (*test)(void))
{
    failed = 0;
    test();
    printf("%sok - common: %s\n", failed ? "not " : "", name);
    any_failed |= failed;
}

static int print_sse(void)
{
    struct bytes in, whole, bytewise;
    char room[4096];
    size_t n;
    int same;

    bytes_init(&in, 16 << 20);
    bytes_init(&whole, 16 << 20);
    bytes_init(&bytewise, 16 << 20);
    while ((n = fread(room, 1, sizeof room, stdin)) > 0)
        bytes_add(&in, room, n);
    if (in.n > 0) {
        parse_stream(in.p, in.n, in.n, 16 << 20, &whole, NULL);
        parse_stream(in.p, in.n, 1, 16 << 20, &bytewise, NULL);
    }
    same = whole.n == bytewise.n && (whole.n == 0 || memcmp(whole.p, bytewise.p, whole.n) == 0);
    fwrite(whole.p ? whole.p : "", 1, whole.n, stdout);
    bytes_fini(&in);
    bytes_fini(&whole);
    bytes_fini(&bytewise);
    return !same;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "sse") == 0)
        return print_sse();
    run("event streams by the rules", test_sse_rules);
    run("event stream retry field", test_sse_retry);
    run("event stream caps", test_sse_caps);
    run("an event stream stops when told", test_sse_stops);
    run("lines of JSON by the rules", test_ndjson_rules);
    run("lines of JSON caps", test_ndjson_caps);
    run("lines of JSON stop when told", test_ndjson_stops);
    run("what a service refuses is learnt once", test_refusals);
    run("and for one model", test_learnt_by_model);
    run("a code fence around an answer", test_fence);
    run("every fill-in-the-middle format", test_fim);
    run("any bytes become JSON", test_json_of_any_bytes);
    run("JSON is read as the library reads it", test_json_reading);
    run("JSON that is odd", test_json_reading_odd);
    run("numbers become JSON", test_json_numbers);
    run("words of strangers become harmless", test_showing);
    run("bytes have a cap", test_bytes);
    run("odd error bodies", test_error_bodies);
    return any_failed;
}
