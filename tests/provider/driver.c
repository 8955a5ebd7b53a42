/* SPDX-License-Identifier: MIT */
/* Runs a plugin on recorded bytes.
 *
 *   driver PLUGIN_DIR CASE_DIR...        golden cases, one result line each (UPDATE=1 rewrites what is expected)
 *   driver -e PLUGIN.so REQUEST REPLY    prints the events, after the checks below
 *   driver -x PLUGIN.so REQUEST          prints the exchange as one line of JSON
 *
 * For every answer: any split of its bytes gives the same events; cut anywhere it gives a beginning of them and at most
 * one terminal event; a host that has heard enough hears nothing more. REPLY is a whole HTTP answer (.http), or a body
 * that is taken for 200 with the type its ending says (.sse, .json, .ndjson). Each run has a fresh instance; a case's
 * first.http is an answer that it got before. */
#include "tests/lib/testhost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct subject {
    struct testhost h;
    json_t *spec;
    struct answer a;
    char *http;
    struct answer first; /* to an exchange before the one that is looked at */
    char *first_http;
    struct bytes why; /* why the case failed */
};

/* How far apart the splits and cuts of n bytes are. The sanitizers see in some of them what they would see in all; the
 * events are compared at every byte by the build without them. */
static size_t stride_of(size_t n)
{
#ifdef SANITIZED
    return n > 200 ? n / 40 : 5;
#else
    return n > 6000 ? n / 100 : 1;
#endif
}

/* ---- one run ---- */

/* A fresh instance, which has learnt from the first answer where there is one. */
static int reopen(struct subject *s)
{
    struct record r;
    struct wire w;
    void *x = NULL;
    int code;

    testhost_close(&s->h);
    code = testhost_open(&s->h, json_object_get(s->spec, "options"));
    if (code < 0 || !s->first_http)
        return code;
    record_init(&r, &s->h);
    if (testhost_begin(&s->h, s->spec, &w, &x) == SY_OK) {
        testhost_feed(&s->h, x, &s->first, 0, s->first.body.n, &r);
        testhost_finish(&s->h, x, &s->first, &r);
        s->h.api->end(x);
    }
    wire_fini(&w);
    record_fini(&r);
    return SY_OK;
}

/* Bytes up to `upto` in pieces that end at multiples of `step`, shifted by `first`. */
static void run(struct subject *s, struct record *r, size_t first, size_t step, size_t upto, int finish)
{
    struct wire w;
    void *x = NULL;

    reopen(s);
    if (testhost_begin(&s->h, s->spec, &w, &x) == SY_OK) {
        int code = SY_OK;

        for (size_t from = 0, to; from < upto && code == SY_OK; from = to) {
            to = from == 0 && first ? first : from + step;
            if (to > upto)
                to = upto;
            code = testhost_feed(&s->h, x, &s->a, from, to, r);
        }
        if (finish && code == SY_OK)
            testhost_finish(&s->h, x, &s->a, r);
        s->h.api->end(x);
    }
    wire_fini(&w);
}

static void complain(struct subject *s, const char *what, size_t at, const struct record *got)
{
    if (s->why.n < 4000)
        bytes_addf(&s->why, "%s %zu gives:\n", what, at);
    if (s->why.n < 4000)
        bytes_add(&s->why, got->lines.p, got->lines.n < 400 ? got->lines.n : 400);
}

static int same_lines(const struct record *a, const struct record *b)
{
    return a->lines.n == b->lines.n && (a->lines.n == 0 || memcmp(a->lines.p, b->lines.p, a->lines.n) == 0);
}

static void check_splits(struct subject *s, const struct record *whole)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 1000};
    size_t n = s->a.body.n, stride = stride_of(n);
    struct record r;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        record_init(&r, &s->h);
        run(s, &r, 0, steps[i], n, 1);
        if (!same_lines(&r, whole))
            complain(s, "pieces of", steps[i], &r);
        record_fini(&r);
    }
    for (size_t at = 1; at < n; at += stride) {
        record_init(&r, &s->h);
        s->h.newer = at % 2 != 0;
        run(s, &r, at, n, n, 1);
        s->h.newer = 0;
        if (!same_lines(&r, whole))
            complain(s, "a split at", at, &r);
        record_fini(&r);
    }
}

static size_t without_last_line(const struct bytes *lines)
{
    size_t n = lines->n;

    if (n > 0)
        n--;
    while (n > 0 && lines->p[n - 1] != '\n')
        n--;
    return n;
}

static void check_cuts(struct subject *s, const struct record *whole)
{
    size_t n = s->a.body.n, stride = stride_of(n);

    for (size_t upto = 0; upto < n; upto += stride) {
        struct record r;
        size_t same;

        record_init(&r, &s->h);
        run(s, &r, 0, n, upto, 1);
        same = r.terminal ? without_last_line(&r.lines) : r.lines.n;
        if (same > whole->lines.n || (same > 0 && memcmp(r.lines.p, whole->lines.p, same) != 0))
            complain(s, "a cut at", upto, &r);
        record_fini(&r);
        /* Cancelled: end() without finish(); the sanitizer looks for what is left behind. */
        record_init(&r, &s->h);
        run(s, &r, 0, n, upto, 0);
        record_fini(&r);
    }
    for (size_t enough = 1; enough <= whole->events && enough < 200; enough++) {
        struct record r;

        record_init(&r, &s->h);
        r.enough = enough;
        run(s, &r, 0, 40, n, 1);
        record_fini(&r);
    }
}

static void record_answer(struct subject *s, struct record *whole)
{
    record_init(whole, &s->h);
    run(s, whole, 0, s->a.body.n ? s->a.body.n : 1, s->a.body.n, 1);
    check_splits(s, whole);
    check_cuts(s, whole);
    if (!whole->terminal)
        bytes_addstr(&whole->lines, TEXT("{\"verdict\":\"truncated\"}\n"));
}

/* ---- files ---- */

static json_t *load_spec(const char *path)
{
    json_error_t e;
    json_t *spec = json_load_file(path, JSON_REJECT_DUPLICATES, &e);

    if (!spec) {
        fprintf(stderr, "%s:%d: %s\n", path, e.line, e.text);
        exit(2);
    }
    return spec;
}

/* first.http of a case: what the service said to the same request before. */
static void load_first(struct subject *s, const char *dir)
{
    char path[600];
    struct sy_str http;

    snprintf(path, sizeof path, "%s/first.http", dir);
    s->first_http = file_read(path, &http.n);
    http.p = s->first_http;
    if (s->first_http && !answer_parse(&s->first, http)) {
        fprintf(stderr, "%s: no HTTP answer\n", path);
        exit(2);
    }
}

static int load_reply(struct subject *s, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *type = dot && strcmp(dot, ".sse") == 0 ? "text/event-stream" : dot && strcmp(dot, ".ndjson") == 0 ? "application/x-ndjson" : "application/json";
    struct bytes http;
    size_t n = 0;
    char *file = file_read(path, &n);

    if (!file)
        return 0;
    bytes_init(&http, 64 << 20);
    if (dot && strcmp(dot, ".http") != 0)
        bytes_addf(&http, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n", type);
    bytes_add(&http, file, n);
    free(file);
    s->http = http.p;
    if (!answer_parse(&s->a, bytes_str(&http))) {
        fprintf(stderr, "%s: no HTTP answer\n", path);
        exit(2);
    }
    return 1;
}

static void expect(struct subject *s, const char *dir, const char *name, const struct bytes *got)
{
    char path[600];
    char *want;
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (getenv("UPDATE")) {
        f = fopen(path, "wb");
        if (f) {
            fwrite(got->p ? got->p : "", 1, got->n, f);
            fclose(f);
        }
    }
    want = file_read(path, &n);
    if (!want || n != got->n || (n > 0 && memcmp(want, got->p, n) != 0)) {
        bytes_addf(&s->why, "%s is not as expected; it is now:\n", name);
        bytes_add(&s->why, got->p, got->n < 2000 ? got->n : 2000);
    }
    free(want);
}

/* ---- what is printed ---- */

static void print_wire(const struct wire *w, struct bytes *out)
{
    json_error_t e;
    json_t *pair, *body = w->body.n ? json_loadb(w->body.p, w->body.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e) : NULL;
    size_t i;

    bytes_addf(out, "%s %s\n", w->method, w->url);
    json_array_foreach(w->headers, i, pair) {
        bytes_addf(out, "%s: ", json_string_value(json_array_get(pair, 0)));
        bytes_addstr(out, text_c(json_string_value(json_array_get(pair, 1))));
        bytes_addstr(out, text_c(json_array_size(pair) > 2 ? "  [secret]\n" : "\n"));
    }
    bytes_addf(out, "[key: %s]\n", w->auth ? w->auth : "none");
    if (body) {
        char *text = json_dumps(body, JSON_INDENT(2) | JSON_REAL_PRECISION(6));

        bytes_addf(out, "\n");
        bytes_addstr(out, text_c(text));
        bytes_addc(out, '\n');
        free(text);
    } else if (w->body.n) {
        bytes_addf(out, "\nbody is no JSON: %s\n", e.text);
    }
    json_decref(body);
}

/* Opens the plugin and describes the exchange, or says why not. */
static int describe(struct subject *s, struct bytes *out)
{
    struct wire w;
    void *x = NULL;
    int r = reopen(s);

    if (r < 0) {
        bytes_addf(out, "open fails: %s: %s\n", code_name(r), s->h.sentence);
        return r;
    }
    r = testhost_begin(&s->h, s->spec, &w, &x);
    if (r < 0) {
        bytes_addf(out, "fails: %s: %s\n", code_name(r), s->h.sentence);
    } else {
        print_wire(&w, out);
        s->h.api->end(x);
    }
    wire_fini(&w);
    return r;
}

static void subject_init(struct subject *s, const char *plugin, json_t *spec)
{
    *s = (struct subject){.spec = spec};
    testhost_init(&s->h, plugin);
    bytes_init(&s->why, 1 << 20);
}

static void subject_fini(struct subject *s)
{
    testhost_fini(&s->h);
    answer_fini(&s->a);
    answer_fini(&s->first);
    free(s->http);
    free(s->first_http);
    bytes_fini(&s->why);
    json_decref(s->spec);
}

/* ---- commands ---- */

static int golden_case(const char *plugins, const char *dir)
{
    static const char *const replies[] = {"reply.http", "reply.sse", "reply.json", "reply.ndjson"};
    const char *name = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
    struct subject s;
    struct bytes exchange;
    char path[600];
    json_t *spec;
    int r, failed;

    snprintf(path, sizeof path, "%s/request.json", dir);
    spec = load_spec(path);
    snprintf(path, sizeof path, "%s/%s.so", plugins, json_string_value(json_object_get(spec, "plugin")));
    subject_init(&s, path, spec);
    bytes_init(&exchange, 1 << 20);
    load_first(&s, dir);
    r = describe(&s, &exchange);
    expect(&s, dir, "exchange.golden", &exchange);
    for (size_t i = 0; i < 4 && r == SY_OK; i++) {
        struct record whole;

        snprintf(path, sizeof path, "%s/%s", dir, replies[i]);
        if (s.http || !load_reply(&s, path))
            continue;
        record_answer(&s, &whole);
        expect(&s, dir, "events.golden", &whole.lines);
        record_fini(&whole);
    }
    if (s.h.wrong.n > 0)
        bytes_addf(&s.why, "broken rules:\n%.300s", s.h.wrong.p);
    failed = s.why.n > 0;
    printf("%sok - %s\n", failed ? "not " : "", name);
    if (failed)
        printf("%s\n", s.why.p);
    bytes_fini(&exchange);
    subject_fini(&s);
    return failed;
}

static int print_events(const char *plugin, const char *request, const char *reply)
{
    struct subject s;
    struct record whole;
    struct bytes exchange;
    int failed;

    subject_init(&s, plugin, load_spec(request));
    bytes_init(&exchange, 16 << 20);
    if (describe(&s, &exchange) < 0 || !load_reply(&s, reply)) {
        fprintf(stderr, "%s\n", exchange.p);
        exit(2);
    }
    record_answer(&s, &whole);
    fwrite(whole.lines.p, 1, whole.lines.n, stdout);
    failed = s.why.n + s.h.wrong.n > 0;
    if (failed)
        fprintf(stderr, "%s%s\n", s.why.n ? s.why.p : "", s.h.wrong.n ? s.h.wrong.p : "");
    record_fini(&whole);
    bytes_fini(&exchange);
    subject_fini(&s);
    return failed;
}

static int print_exchange(const char *plugin, const char *request)
{
    struct subject s;
    struct wire w = {.method = NULL};
    void *x = NULL;
    json_t *o;
    int r;

    subject_init(&s, plugin, load_spec(request));
    r = testhost_open(&s.h, json_object_get(s.spec, "options"));
    if (r == SY_OK)
        r = testhost_begin(&s.h, s.spec, &w, &x);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", code_name(r), s.h.sentence);
        exit(2);
    }
    s.h.api->end(x);
    o = json_pack("{ss ss sO ss? ss%}", "method", w.method, "url", w.url, "headers", w.headers, "auth", w.auth, "body",
                  w.body.p ? w.body.p : "", w.body.n);
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
    wire_fini(&w);
    subject_fini(&s);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc == 5 && strcmp(argv[1], "-e") == 0)
        return print_events(argv[2], argv[3], argv[4]);
    if (argc == 4 && strcmp(argv[1], "-x") == 0)
        return print_exchange(argv[2], argv[3]);
    if (argc < 3 || argv[1][0] == '-') {
        fprintf(stderr, "usage: driver PLUGIN_DIR CASE_DIR... | -e PLUGIN REQUEST REPLY | -x PLUGIN REQUEST\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        failed |= golden_case(argv[1], argv[i]);
    return failed;
}
