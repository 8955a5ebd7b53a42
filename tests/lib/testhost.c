/* SPDX-License-Identifier: MIT */
/* The strict host. Everything lent to a plugin lives in blocks of exactly its size, so that the address sanitizer sees
 * the first byte too far; `lent` collects them and is overwritten and freed when the call returns. */
#include "tests/lib/testhost.h"
#include "plugins/ext/credentials.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void die(const char *what, const char *why)
{
    fprintf(stderr, "testhost: %s: %s\n", what, why);
    exit(2);
}

static void *need(void *p)
{
    if (!p)
        die("memory", "none");
    return p;
}

char *file_read(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "rb");
    char *p;
    long n = -1;

    if (!f)
        return NULL;
    if (fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
        die(path, "cannot be read");
    p = need(malloc((size_t)n + 1));
    if (fread(p, 1, (size_t)n, f) != (size_t)n)
        die(path, "cannot be read");
    fclose(f);
    p[n] = '\0';
    if (ret_n)
        *ret_n = (size_t)n;
    return p;
}

const char *code_name(int code)
{
    static const char *const names[] = {"ok", "again", "auth", "rate", "request", "proto", "too big", "unsupported",
                                        "internal", "overloaded", "loading", "quota", "model", "refused", "truncated",
                                        "timeout"};
    int i = code < 0 ? -code : code;

    return i < (int)(sizeof names / sizeof names[0]) ? names[i] : "unknown";
}

/* ---- lending ---- */

struct lent {
    void *p[256];
    size_t n[256], count;
};

static void *lend(struct lent *l, const void *p, size_t n)
{
    char *copy = need(malloc(n ? n : 1));

    if (n > 0)
        memcpy(copy, p, n);
    if (l->count == sizeof l->p / sizeof l->p[0])
        die("request", "has too many parts");
    l->n[l->count] = n;
    l->p[l->count++] = copy;
    return copy;
}

static void take_back(struct lent *l)
{
    for (size_t i = 0; i < l->count; i++) {
        memset(l->p[i], 0xdd, l->n[i]);
        free(l->p[i]);
    }
    l->count = 0;
}

/* A struct that begins with its size, at its exact size, or as a later host would have it. */
#define NEWER 24

static void *lend_struct(struct lent *l, const struct testhost *h, const void *p, size_t n)
{
    char room[512];
    uint32_t size = (uint32_t)(n + (h->newer ? NEWER : 0));

    memset(room, 0xee, sizeof room);
    memcpy(room, p, n);
    memcpy(room, &size, sizeof size);
    return lend(l, room, size);
}

static struct sy_str lend_str(struct lent *l, const char *p, size_t n)
{
    return n ? (struct sy_str){lend(l, p, n), n} : (struct sy_str){NULL, 0};
}

static struct sy_str lend_json(struct lent *l, const json_t *v)
{
    return lend_str(l, json_string_value(v), json_string_length(v));
}

/* ---- host ---- */

static void host_log(void *ctx, int level, const char *msg)
{
    (void)ctx;
    fprintf(stderr, "# log %d: %s\n", level, msg);
}

static struct sy_str host_option(void *ctx, const char *key)
{
    struct testhost *h = ctx;
    const json_t *v = json_object_get(h->options, key);

    return (struct sy_str){json_string_value(v), json_string_length(v)};
}

__attribute__((format(printf, 3, 4))) static int host_fail(void *ctx, int code, const char *fmt, ...)
{
    struct testhost *h = ctx;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(h->sentence, sizeof h->sentence, fmt, ap);
    va_end(ap);
    if (code >= 0)
        bytes_addf(&h->wrong, "fail() with a code that is none: %d\n", code);
    return code;
}

static const json_t *placed(const struct testhost *h, const char *kind, const char *name)
{
    return json_object_get(json_object_get(h->place, kind), name);
}

static struct sy_str lend_secret(struct testhost *h, const json_t *v)
{
    if (!h->lent)
        bytes_addstr(&h->wrong, TEXT("credentials were asked for outside of begin(), models() and sign()\n"));
    return v && h->lent ? lend_str(h->lent, json_string_value(v), json_string_length(v)) : (struct sy_str){NULL, 0};
}

static struct sy_str credentials_env(void *ctx, const char *name)
{
    return lend_secret(ctx, placed(ctx, "env", name));
}

static int credentials_file(void *ctx, const char *path, struct sy_str *ret)
{
    *ret = lend_secret(ctx, placed(ctx, "files", path));
    return SY_OK;
}

static int credentials_command(void *ctx, const char *line, uint64_t max_age_ms, struct sy_str *ret)
{
    struct testhost *h = ctx;
    const json_t *v = placed(h, "commands", line);

    (void)max_age_ms;
    *ret = (struct sy_str){NULL, 0};
    if (!v)
        return h->host.fail(h, SY_EAUTH, "no credentials: cannot run '%s'", line);
    if (h->commands++ == 0)
        return h->host.fail(h, SY_EAGAIN, "the credential command has not ended yet");
    *ret = lend_secret(h, v);
    return SY_OK;
}

static const void *host_extension(void *ctx, const char *id)
{
    static const struct sy_credentials credentials = {sizeof credentials, credentials_env, credentials_file,
                                                      credentials_command};

    (void)ctx;
    return strcmp(id, SY_EXT_CREDENTIALS) == 0 ? &credentials : NULL;
}

void testhost_init(struct testhost *h, const char *path)
{
    const struct sy_provider *(*entry)(void);

    memset(h, 0, sizeof *h);
    bytes_init(&h->wrong, 1 << 16);
    h->dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!h->dl)
        die(path, dlerror());
    *(void **)&entry = dlsym(h->dl, "sy_provider_v1");
    if (!entry)
        die(path, "exports no sy_provider_v1");
    h->api = entry();
    h->host = (struct sy_host){.size = sizeof h->host, .major = SY_ABI_MAJOR, .minor = SY_ABI_MINOR, .ctx = h,
                               .log = host_log, .option = host_option, .fail = host_fail, .extension = host_extension};
}

void testhost_fini(struct testhost *h)
{
    testhost_close(h);
    bytes_fini(&h->wrong);
#ifndef SANITIZED /* a report could not name unloaded code */
    dlclose(h->dl);
#endif
}

int testhost_open(struct testhost *h, json_t *options)
{
    int r;

    h->options = options;
    h->sentence[0] = '\0';
    r = h->api->open(&h->host, &h->self);
    if (r < 0)
        h->self = NULL;
    return r;
}

void testhost_close(struct testhost *h)
{
    if (h->self)
        h->api->close(h->self);
    h->self = NULL;
}

/* ---- the exchange ---- */

void wire_fini(struct wire *w)
{
    free(w->method);
    free(w->url);
    free(w->auth);
    json_decref(w->headers);
    bytes_fini(&w->body);
    *w = (struct wire){0};
}

static int wire_line(void *ctx, const char *method, struct sy_str url)
{
    struct wire *w = ctx;

    if (w->url)
        return SY_EINTERNAL;
    w->method = need(strdup(method));
    w->url = need(strndup(url.p, url.n));
    return SY_OK;
}

static int wire_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    struct wire *w = ctx;
    json_t *pair = json_pack("[s%s%]", name.p, name.n, value.p ? value.p : "", value.n);

    if (flags & SY_SECRET)
        json_array_append_new(pair, json_string("secret"));
    return json_array_append_new(w->headers, pair) == 0 ? SY_OK : SY_EINTERNAL;
}

static int wire_auth(void *ctx, int scheme, const char *name, int optional)
{
    struct wire *w = ctx;
    struct bytes text;

    bytes_init(&text, 200);
    if (scheme == SY_AUTH_HEADER)
        bytes_addf(&text, "header %s", name);
    else
        bytes_addstr(&text, text_c(scheme == SY_AUTH_BEARER ? "bearer" : "none"));
    bytes_addstr(&text, text_c(optional ? " optional" : ""));
    free(w->auth);
    w->auth = text.p;
    return SY_OK;
}

static int wire_body(void *ctx, const void *p, size_t n)
{
    struct wire *w = ctx;

    bytes_add(&w->body, p, n);
    return w->body.failed ? SY_ETOOBIG : SY_OK;
}

/* Elements are always longer than the plugin knows: ours first, then bytes that nobody may read as anything. */
static const struct sy_msg *lend_messages(struct lent *l, const json_t *list, struct sy_request *req)
{
    size_t stride = sizeof(struct sy_msg) + NEWER;
    char *p = need(malloc(json_array_size(list) * stride + 1));
    const void *lent;
    size_t i;
    json_t *v;

    memset(p, 0xee, json_array_size(list) * stride);
    json_array_foreach(list, i, v) {
        const char *role = json_string_value(json_object_get(v, "role"));
        struct sy_msg m = {.role = SY_ROLE_USER, .text = lend_json(l, json_object_get(v, "text"))};

        if (role && strcmp(role, "user") != 0)
            m.role = strcmp(role, "system") == 0 ? SY_ROLE_SYSTEM : SY_ROLE_ASSISTANT;
        memcpy(p + i * stride, &m, sizeof m);
    }
    req->nmsg = json_array_size(list);
    req->msg_stride = stride;
    lent = lend(l, p, req->nmsg * stride);
    free(p);
    return lent;
}

static const struct sy_file *lend_files(struct lent *l, const json_t *list, struct sy_request *req)
{
    size_t stride = sizeof(struct sy_file) + NEWER;
    char *p = need(malloc(json_array_size(list) * stride + 1));
    const void *lent;
    size_t i;
    json_t *v;

    memset(p, 0xee, json_array_size(list) * stride);
    json_array_foreach(list, i, v) {
        struct sy_file f = {lend_json(l, json_object_get(v, "path")), lend_json(l, json_object_get(v, "text"))};

        memcpy(p + i * stride, &f, sizeof f);
    }
    req->nextra = json_array_size(list);
    req->extra_stride = stride;
    lent = lend(l, p, req->nextra * stride);
    free(p);
    return lent;
}

static const struct sy_str *lend_stop(struct lent *l, const json_t *list, struct sy_request *req)
{
    struct sy_str s[64];
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v) {
        if (i < sizeof s / sizeof s[0])
            s[req->nstop++] = lend_json(l, v);
    }
    return lend(l, s, req->nstop * sizeof s[0]);
}

static void set_flags(const json_t *list, struct sy_request *req)
{
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v) {
        if (strcmp(json_string_value(v), "single_line") == 0)
            req->flags |= SY_REQ_SINGLE_LINE;
        else if (strcmp(json_string_value(v), "many") == 0)
            req->flags |= SY_REQ_MANY;
        else
            die("flags", json_string_value(v));
    }
}

/* Text, or bytes that no JSON can hold, as hexadecimal digits. */
static struct sy_str lend_text(struct lent *l, const json_t *o, const char *key)
{
    char name[40], digits[3] = "";
    const json_t *hex;
    struct bytes b;
    struct sy_str s;

    snprintf(name, sizeof name, "%s_hex", key);
    hex = json_object_get(o, name);
    if (!hex)
        return lend_json(l, json_object_get(o, key));
    bytes_init(&b, 1 << 16);
    for (size_t i = 0; i + 1 < json_string_length(hex); i += 2) {
        memcpy(digits, json_string_value(hex) + i, 2);
        bytes_addc(&b, (char)strtoul(digits, NULL, 16));
    }
    s = lend_str(l, b.p, b.n);
    bytes_fini(&b);
    return s;
}

static void read_request(struct lent *l, const json_t *o, struct sy_request *req)
{
    const char *kind = json_string_value(json_object_get(o, "kind"));
    const json_t *temperature = json_object_get(o, "temperature");
    const json_t *params = json_object_get(o, "params");
    char *text = json_is_object(params) ? json_dumps(params, JSON_COMPACT) : NULL;

    *req = (struct sy_request){.size = sizeof *req, .temperature_milli = -1, .timeout_ms = 5000};
    req->kind = !kind || strcmp(kind, "fim") == 0 ? SY_REQ_FIM : strcmp(kind, "chat") == 0 ? SY_REQ_CHAT : 99;
    req->model = lend_text(l, o, "model");
    req->prefix = lend_text(l, o, "prefix");
    req->suffix = lend_text(l, o, "suffix");
    req->path = lend_text(l, o, "path");
    req->language = lend_text(l, o, "language");
    req->system = lend_text(l, o, "system");
    req->fim_format = lend_text(l, o, "fim_format");
    req->params = text ? lend_str(l, text, strlen(text)) : lend_json(l, params);
    req->msg = lend_messages(l, json_object_get(o, "messages"), req);
    req->extra = lend_files(l, json_object_get(o, "extra"), req);
    req->stop = lend_stop(l, json_object_get(o, "stop"), req);
    req->caret = (uint64_t)json_integer_value(json_object_get(o, "caret"));
    req->max_tokens = (uint32_t)json_integer_value(json_object_get(o, "max_tokens"));
    if (temperature)
        req->temperature_milli = (int32_t)(json_number_value(temperature) * 1000 + 0.5);
    set_flags(json_object_get(o, "flags"), req);
    free(text);
}

/* Only headers may be added to a finished request. */
static int late_line(void *ctx, const char *method, struct sy_str url)
{
    (void)ctx;
    (void)method;
    (void)url;
    return SY_EINTERNAL;
}

static int late_auth(void *ctx, int scheme, const char *name, int optional)
{
    (void)ctx;
    (void)scheme;
    (void)name;
    (void)optional;
    return SY_EINTERNAL;
}

static int late_body(void *ctx, const void *p, size_t n)
{
    (void)ctx;
    (void)p;
    (void)n;
    return SY_EINTERNAL;
}

static int sign(struct testhost *h, struct wire *w, void *x, struct lent *l)
{
    const struct sy_sign *ext = h->api->extension ? h->api->extension(SY_EXT_SIGN) : NULL;
    struct sy_http http = {sizeof http, w, late_line, wire_header, late_auth, late_body};
    struct sy_unsigned what = {.size = sizeof what, .method = w->method, .header_stride = sizeof(struct sy_header) + NEWER,
                               .now_ms = json_integer_value(json_object_get(h->place, "now")),
                               .has_key = w->auth && json_object_get(h->place, "key")};
    size_t n = json_array_size(w->headers);
    char *p;
    int r;

    if (!ext)
        return SY_OK;
    p = need(malloc(n * what.header_stride + 1));
    memset(p, 0xee, n * what.header_stride);
    for (; what.nheader < n; what.nheader++) {
        const json_t *pair = json_array_get(w->headers, what.nheader);
        struct sy_header header = {lend_json(l, json_array_get(pair, 0)), lend_json(l, json_array_get(pair, 1))};

        memcpy(p + what.nheader * what.header_stride, &header, sizeof header);
    }
    what.header = lend(l, p, n * what.header_stride);
    free(p);
    what.url = lend_str(l, w->url, strlen(w->url));
    what.body = lend_str(l, w->body.p, w->body.n);
    r = ext->sign(h->self, x, lend_struct(l, h, &what, sizeof what), lend_struct(l, h, &http, sizeof http));
    if (r < 0)
        h->api->end(x);
    return r;
}

static int begin_once(struct testhost *h, json_t *spec, struct wire *w, void **x)
{
    struct sy_http http = {sizeof http, w, wire_line, wire_header, wire_auth, wire_body};
    const char *call = json_string_value(json_object_get(spec, "call"));
    struct sy_request req, *lent_req;
    struct sy_http *lent_http;
    struct lent l = {.count = 0};
    int r;

    *w = (struct wire){.headers = json_array()};
    bytes_init(&w->body, 16 << 20);
    h->sentence[0] = '\0';
    h->lent = &l;
    h->place = json_object_get(spec, "place");
    lent_http = lend_struct(&l, h, &http, sizeof http);
    if (call && strcmp(call, "models") == 0) {
        r = h->api->models(h->self, lent_http, x);
    } else {
        read_request(&l, json_object_get(spec, "request"), &req);
        lent_req = lend_struct(&l, h, &req, sizeof req);
        r = h->api->begin(h->self, lent_req, lent_http, x);
    }
    if (r == SY_OK && w->url)
        r = sign(h, w, *x, &l);
    h->lent = NULL;
    take_back(&l);
    if (r == SY_OK && !w->url)
        bytes_addstr(&h->wrong, TEXT("begin() described no request line\n"));
    if (r < 0 && !h->sentence[0])
        bytes_addstr(&h->wrong, TEXT("begin() failed without a sentence\n"));
    return r;
}

int testhost_begin(struct testhost *h, json_t *spec, struct wire *w, void **x)
{
    int before = h->commands, r = begin_once(h, spec, w, x);

    if (r != SY_EAGAIN || h->commands == before)
        return r;
    wire_fini(w);
    return begin_once(h, spec, w, x);
}

/* ---- the answer ---- */

int answer_parse(struct answer *a, struct sy_str http)
{
    const char *end = http.p + http.n, *at = http.p;
    struct bytes head;

    *a = (struct answer){0};
    if (http.n < 12 || memcmp(http.p, "HTTP/", 5) != 0)
        return 0;
    a->status = (int)strtol(http.p + 9, NULL, 10);
    bytes_init(&head, 1 << 16);
    for (int first = 1;; first = 0) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        size_t n;

        if (!nl)
            return 0;
        n = (size_t)(nl - at) - (nl > at && nl[-1] == '\r');
        if (!first) {
            bytes_add(&head, at, n);
            bytes_addc(&head, '\0');
        }
        at = nl + 1;
        if (n == 0)
            break;
    }
    a->head = head.p;
    a->body = (struct sy_str){at, (size_t)(end - at)};
    return 1;
}

void answer_fini(struct answer *a)
{
    free(a->head);
    *a = (struct answer){0};
}

struct lent_answer {
    const struct answer *a;
    struct lent l;
};

static struct sy_str reply_header(void *ctx, const char *name)
{
    struct lent_answer *la = ctx;
    size_t n = strlen(name);

    for (const char *h = la->a->head; h && *h; h += strlen(h) + 1) {
        const char *value = h + n + 1;

        if (strncasecmp(h, name, n) != 0 || h[n] != ':')
            continue;
        value += strspn(value, " \t");
        return lend_str(&la->l, value, strlen(value));
    }
    return (struct sy_str){NULL, 0};
}

static int call_with(struct testhost *h, void *x, const struct answer *a, const void *p, size_t n, struct record *r)
{
    struct lent_answer la = {.a = a};
    struct sy_reply reply = {sizeof reply, a->status, &la, reply_header};
    struct sy_reply *lent = lend_struct(&la.l, h, &reply, sizeof reply);
    struct sy_sink *sink = lend_struct(&la.l, h, &r->sink, sizeof r->sink);
    int code = SY_OK;

    h->sentence[0] = '\0';
    if (p)
        code = h->api->feed(x, lent, lend(&la.l, p, n), n, sink);
    else if (h->api->finish)
        code = h->api->finish(x, lent, sink);
    take_back(&la.l);
    if (code < 0) { /* the host makes an ERROR of it */
        bytes_addf(&r->lines, "{\"ev\":\"failed\",\"code\":\"%s\",\"text\":\"%s\"}\n", code_name(code), h->sentence);
        r->terminal = 1;
    }
    return code;
}

int testhost_feed(struct testhost *h, void *x, const struct answer *a, size_t from, size_t to, struct record *r)
{
    return call_with(h, x, a, a->body.p + from, to - from, r);
}

int testhost_finish(struct testhost *h, void *x, const struct answer *a, struct record *r)
{
    return call_with(h, x, a, NULL, 0, r);
}

/* ---- events ---- */

static json_t *event_json(const struct sy_event *ev)
{
    static const char *const kinds[] = {"?", "text", "candidate", "usage", "stop", "error", "model", "request id"};
    static const char *const stops[] = {"end", "length", "sequence", "tool"};
    json_t *o = json_object();

    json_object_set_new(o, "ev", json_string(ev->kind > 0 && ev->kind < 8 ? kinds[ev->kind] : kinds[0]));
    if (ev->kind == SY_EV_STOP)
        json_object_set_new(o, "reason", json_string(ev->n[0] < 4 ? stops[ev->n[0]] : "unknown"));
    if (ev->kind == SY_EV_ERROR) {
        json_object_set_new(o, "class", json_string(code_name(-(int)ev->n[0])));
        json_object_set_new(o, "status", json_integer((json_int_t)ev->n[1]));
        json_object_set_new(o, "retry_after", json_integer((json_int_t)ev->n[2]));
    }
    if (ev->kind == SY_EV_USAGE)
        json_object_update_new(o, json_pack("{sI sI sI sI sI sb}", "in", (json_int_t)ev->n[0], "cache_read",
                                            (json_int_t)ev->n[1], "cache_write", (json_int_t)ev->n[2], "out",
                                            (json_int_t)ev->n[3], "reasoning", (json_int_t)ev->n[4], "final",
                                            (int)ev->n[5]));
    if (ev->kind == SY_EV_MODEL && ev->n[0] + ev->n[1] > 0)
        json_object_update_new(o, json_pack("{sI sI}", "context", (json_int_t)ev->n[0], "output", (json_int_t)ev->n[1]));
    if (ev->text.n > 0 || ev->kind == SY_EV_TEXT)
        json_object_set_new(o, "text", json_stringn(ev->text.p, ev->text.n));
    return o;
}

static int record_emit(void *ctx, const struct sy_event *ev)
{
    struct record *r = ctx;
    json_t *o;
    char *line;

    if (ev->size < sizeof *ev)
        bytes_addf(&r->h->wrong, "event with size %u\n", ev->size);
    if (r->terminal)
        bytes_addf(&r->h->wrong, "event of kind %d after the terminal one\n", ev->kind);
    if (r->enough && r->events >= r->enough)
        bytes_addf(&r->h->wrong, "event of kind %d after the host had heard enough\n", ev->kind);
    o = event_json(ev);
    line = json_dumps(o, JSON_COMPACT);
    if (!line)
        bytes_addf(&r->h->wrong, "event of kind %d with text that is no UTF-8\n", ev->kind);
    else
        bytes_addstr(&r->lines, text_c(line));
    bytes_addc(&r->lines, '\n');
    free(line);
    json_decref(o);
    r->terminal = r->terminal || ev->kind == SY_EV_STOP || ev->kind == SY_EV_ERROR;
    r->events++;
    return r->enough && r->events >= r->enough ? SY_EAGAIN : SY_OK;
}

void record_init(struct record *r, struct testhost *h)
{
    *r = (struct record){.h = h, .sink = {sizeof r->sink, r, record_emit}};
    bytes_init(&r->lines, 64 << 20);
}

void record_fini(struct record *r)
{
    bytes_fini(&r->lines);
}
