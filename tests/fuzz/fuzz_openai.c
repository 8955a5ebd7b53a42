/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for the openai plugin's reading of answers, linked in. The input says status, kind of request and size of
 * the pieces; the rest is the body. Pieces and the whole must give the same events, text must be UTF-8, and after a
 * terminal event nothing may come. */
#include "plugins/common/bytes.h"
#include "plugins/common/jsonw.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void host_log(void *ctx, int level, const char *msg)
{
    (void)ctx;
    (void)level;
    must(msg != NULL);
}

static struct sy_str host_option(void *ctx, const char *key)
{
    (void)ctx;
    (void)key;
    return (struct sy_str){NULL, 0};
}

__attribute__((format(printf, 3, 4))) static int host_fail(void *ctx, int code, const char *fmt, ...)
{
    (void)ctx;
    must(fmt != NULL);
    return code;
}

static const void *host_extension(void *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static int take_line(void *ctx, const char *method, struct sy_str url)
{
    (void)ctx;
    must(method && url.n > 0);
    return SY_OK;
}

static int take_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    (void)ctx;
    (void)value;
    (void)flags;
    must(name.n > 0);
    return SY_OK;
}

static int take_auth(void *ctx, int scheme, const char *name, int optional)
{
    (void)ctx;
    (void)name;
    (void)optional;
    must(scheme == SY_AUTH_BEARER);
    return SY_OK;
}

static int take_body(void *ctx, const void *p, size_t n)
{
    (void)ctx;
    must(p && n > 0);
    return SY_OK;
}

struct seen {
    struct bytes text; /* kind, figures and text of all events */
    int terminal;
};

static int take_event(void *ctx, const struct sy_event *ev)
{
    struct seen *s = ctx;
    size_t len;

    must(!s->terminal);
    s->terminal = ev->kind == SY_EV_STOP || ev->kind == SY_EV_ERROR;
    for (size_t i = 0; i < ev->text.n; i += len) {
        len = utf8_length(ev->text.p + i, ev->text.n - i);
        must(len > 0);
    }
    bytes_addc(&s->text, (char)ev->kind);
    bytes_add(&s->text, ev->n, sizeof ev->n);
    bytes_addstr(&s->text, ev->text);
    return SY_OK;
}

static struct sy_str answer_header(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "retry-after-ms") == 0 ? TEXT("12.5") : (struct sy_str){NULL, 0};
}

static void exchange(const struct sy_provider *api, void *self, unsigned kind, int status, struct sy_str body, size_t step,
                     struct seen *s)
{
    struct sy_http http = {sizeof http, NULL, take_line, take_header, take_auth, take_body};
    struct sy_request req = {.size = sizeof req, .kind = kind == 0 ? SY_REQ_CHAT : SY_REQ_FIM, .fim_format = TEXT("chat")};
    struct sy_reply reply = {sizeof reply, status, NULL, answer_header};
    struct sy_sink sink = {sizeof sink, s, take_event};
    void *x = NULL;

    bytes_init(&s->text, (size_t)64 << 20);
    s->terminal = 0;
    must((kind == 2 ? api->models(self, &http, &x) : api->begin(self, &req, &http, &x)) == SY_OK);
    for (size_t at = 0; at < body.n; at += step)
        must(api->feed(x, &reply, body.p + at, body.n - at < step ? body.n - at : step, &sink) == SY_OK);
    must(api->finish(x, &reply, &sink) == SY_OK);
    api->end(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 400, 404, 503, 301};
    static const struct sy_host host = {sizeof host, 1, 0, NULL, host_log, host_option, host_fail, host_extension};
    const struct sy_provider *api = sy_provider_v1();
    struct seen whole, pieces;
    struct sy_str body;
    void *self;

    if (size < 4)
        return 0;
    body = (struct sy_str){(const char *)data + 3, size - 3};
    must(api->open(&host, &self) == SY_OK);
    exchange(api, self, data[1] % 3, statuses[data[0] % 8], body, body.n, &whole);
    exchange(api, self, data[1] % 3, statuses[data[0] % 8], body, data[2] % 61 + 1u, &pieces);
    must(whole.text.n == pieces.text.n && whole.terminal == pieces.terminal);
    must(whole.text.n == 0 || memcmp(whole.text.p, pieces.text.p, whole.text.n) == 0);
    bytes_fini(&whole.text);
    bytes_fini(&pieces.text);
    api->close(self);
    return 0;
}
