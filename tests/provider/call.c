/* SPDX-License-Identifier: MIT */
/* Runs a plugin against a real service: the exchange that it describes goes out through libcurl, as in the program but
 * without the program.
 *
 *   call PLUGIN.so REQUEST [CANCEL_AFTER]
 *
 * REQUEST is a case's request.json. Prints the events as JSON lines, then one line with the HTTP status and the times in
 * ns of CLOCK_MONOTONIC: began, first (body byte), ended. CANCEL_AFTER closes the connection after that many events and
 * says so with "cancelled". The key of the service, if it wants one, is in the variable KEY. */
#include "tests/lib/testhost.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct call {
    struct testhost h;
    struct wire w;
    void *x;
    struct record r;
    struct answer a;
    struct bytes head;
    struct curl_slist *headers;
    long long first;
};

static long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Each header line, among them the status line of the answer and of a 100 before it. */
static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct call *c = ctx;

    (void)size;
    if (n > 5 && memcmp(p, "HTTP/", 5) == 0)
        bytes_reset(&c->head);
    bytes_add(&c->head, p, n);
    if (n <= 2) {
        answer_fini(&c->a);
        answer_parse(&c->a, bytes_str(&c->head));
    }
    return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct call *c = ctx;

    (void)size;
    if (!c->first)
        c->first = now_ns();
    c->a.body = (struct sy_str){p, n};
    testhost_feed(&c->h, c->x, &c->a, 0, n, &c->r);
    return c->r.enough && c->r.events >= c->r.enough ? 0 : n; /* less than n closes the connection */
}

static void add_headers(struct call *c, CURL *curl)
{
    const char *key = getenv("KEY");
    json_t *pair;
    size_t i;
    char line[1024];

    json_array_foreach(c->w.headers, i, pair) {
        snprintf(line, sizeof line, "%s: %s", json_string_value(json_array_get(pair, 0)), json_string_value(json_array_get(pair, 1)));
        c->headers = curl_slist_append(c->headers, line);
    }
    if (key && c->w.auth && strncmp(c->w.auth, "bearer", 6) == 0) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", key);
        c->headers = curl_slist_append(c->headers, line);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, c->headers);
}

static CURLcode perform(struct call *c)
{
    CURL *curl = curl_easy_init();
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_URL, c->w.url);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (strcmp(c->w.method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)c->w.body.n);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, c->w.body.p);
    }
    add_headers(c, curl);
    code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    curl_slist_free_all(c->headers);
    return code;
}

int main(int argc, char **argv)
{
    static struct call c;
    long long began;
    json_t *spec = argc >= 3 ? json_load_file(argv[2], 0, NULL) : NULL;
    CURLcode code;
    int cancelled;

    if (!spec) {
        fprintf(stderr, "usage: call PLUGIN.so REQUEST [CANCEL_AFTER]\n");
        return 2;
    }
    testhost_init(&c.h, argv[1]);
    record_init(&c.r, &c.h);
    bytes_init(&c.head, 1 << 16);
    c.r.enough = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if (testhost_open(&c.h, json_object_get(spec, "options")) < 0 || testhost_begin(&c.h, spec, &c.w, &c.x) < 0) {
        fprintf(stderr, "%s\n", c.h.sentence);
        return 2;
    }
    began = now_ns();
    code = perform(&c);
    cancelled = code == CURLE_WRITE_ERROR;
    if (code == CURLE_OK)
        testhost_finish(&c.h, c.x, &c.a, &c.r);
    fwrite(c.r.lines.p ? c.r.lines.p : "", 1, c.r.lines.n, stdout);
    printf("{\"status\":%d,\"began\":%lld,\"first\":%lld,\"ended\":%lld,\"cancelled\":%s,\"transport\":\"%s\"}\n", c.a.status, began,
           c.first, now_ns(), cancelled ? "true" : "false", code == CURLE_OK ? "" : curl_easy_strerror(code));
    c.h.api->end(c.x);
    record_fini(&c.r);
    wire_fini(&c.w);
    answer_fini(&c.a);
    bytes_fini(&c.head);
    testhost_fini(&c.h);
    json_decref(spec);
    return code != CURLE_OK && !cancelled;
}
