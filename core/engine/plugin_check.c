/* SPDX-License-Identifier: MIT */
/* `switchyard plugins --check`: the load checks, then one exchange with ourselves: a small request is written, an answer
 * that no protocol allows is fed byte by byte, and the plugin must end in one error event and survive. No network. */
#include "core/base/mem.h"
#include "core/engine/plugin.h"
#include "core/engine/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct self_test {
    const struct plugin *p;
    struct buf *out;
    char sentence[200];
    bool line, stopped, failed;
    size_t body, texts, candidates;
};

#define LIT(s) ((struct sy_str){(s), sizeof(s) - 1})

static void quiet_log(void *ctx, int level, const char *msg)
{
    (void)ctx;
    (void)level;
    (void)msg;
}

/* Nothing is configured but an address that nobody answers at; it is never called. */
static struct sy_str no_option(void *ctx, const char *key)
{
    (void)ctx;
    return strcmp(key, "base_url") == 0 ? LIT("http://127.0.0.1:1") : (struct sy_str){NULL, 0};
}

__attribute__((format(printf, 3, 4))) static int take_sentence(void *ctx, int code, const char *fmt, ...)
{
    struct self_test *t = ctx;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(t->sentence, sizeof t->sentence, fmt, ap);
    va_end(ap);
    return code;
}

static const void *no_extension(void *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static int take_line(void *ctx, const char *method, struct sy_str url)
{
    struct self_test *t = ctx;

    t->line = true;
    buf_addf(t->out, "ok    writes a request: %s %.*s\n", method, (int)url.n, url.p);
    return SY_OK;
}

static int take_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    (void)ctx;
    (void)value;
    (void)flags;
    return name.n ? SY_OK : SY_EINTERNAL;
}

static int take_auth(void *ctx, int scheme, const char *name, int optional)
{
    (void)ctx;
    (void)scheme;
    (void)name;
    (void)optional;
    return SY_OK;
}

static int take_body(void *ctx, const void *p, size_t n)
{
    struct self_test *t = ctx;

    (void)p;
    t->body += n;
    return SY_OK;
}

static int take_event(void *ctx, const struct sy_event *ev)
{
    struct self_test *t = ctx;

    t->stopped = t->stopped || ev->kind == SY_EV_STOP;
    t->failed = t->failed || ev->kind == SY_EV_ERROR;
    t->texts += ev->kind == SY_EV_TEXT;
    t->candidates += ev->kind == SY_EV_CANDIDATE;
    return 0;
}

static struct sy_str no_header(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return (struct sy_str){NULL, 0};
}

static int never(void *ctx)
{
    (void)ctx;
    return 0;
}

static struct sy_request sample(uint64_t caps, const struct sy_msg *msg)
{
    struct sy_request r = {.size = sizeof r, .kind = caps & SY_CAP_FIM ? SY_REQ_FIM : SY_REQ_CHAT, .model = LIT("test"),
                           .prefix = LIT("int add(int a, int b)\n{\n    return "), .suffix = LIT(";\n}\n"),
                           .path = LIT("add.c"), .language = LIT("c"), .caret = 35, .msg = msg, .nmsg = 1,
                           .msg_stride = sizeof *msg, .extra_stride = sizeof(struct sy_file), .temperature_milli = -1,
                           .max_tokens = 16, .timeout_ms = 1000};

    return r;
}

static int fail_check(const struct self_test *t, const char *what, struct err *e)
{
    return err_set(e, ERR_PLUGIN, "plugin %s: %s%s%s", t->p->path, what, t->sentence[0] ? ": " : "", t->sentence);
}

static int check_compute(struct self_test *t, void *self, struct err *e)
{
    struct sy_msg msg = {SY_ROLE_USER, LIT("hello")};
    struct sy_request req = sample(t->p->api.caps, &msg);
    struct sy_sink sink = {.size = sizeof sink, .ctx = t, .emit = take_event};
    struct sy_cancel cancel = {.size = sizeof cancel, .is_cancelled = never};

    if (t->p->compute.run(self, &req, &sink, &cancel) < 0)
        return fail_check(t, "run() failed", e);
    buf_addf(t->out, "ok    computes an answer: %zu candidates\n", t->candidates);
    return 0;
}

static int check_exchange(struct self_test *t, void *self, struct err *e)
{
    static const char nonsense[] = "\xff\xfe{]\r\n\r\ndata: [[[\n\n";
    const struct sy_provider *api = &t->p->api;
    struct sy_msg msg = {SY_ROLE_USER, LIT("hello")};
    struct sy_request req = sample(api->caps, &msg);
    struct sy_http http = {.size = sizeof http, .ctx = t, .line = take_line, .header = take_header, .auth = take_auth,
                           .body = take_body};
    struct sy_sink sink = {.size = sizeof sink, .ctx = t, .emit = take_event};
    struct sy_reply reply = {.size = sizeof reply, .status = 200, .ctx = t, .header = no_header};
    void *x = NULL;
    int r = 0;

    if (api->begin(self, &req, &http, &x) != SY_OK)
        return fail_check(t, "begin() failed", e);
    if (!t->line) {
        api->end(x);
        return fail_check(t, "begin() named no URL", e);
    }
    for (size_t i = 0; i + 1 < sizeof nonsense && r >= 0; i++)
        r = api->feed(x, &reply, nonsense + i, 1, &sink);
    if (r >= 0 && api->finish)
        r = api->finish(x, &reply, &sink);
    api->end(x);
    if (r >= 0 && t->stopped && !t->failed)
        return fail_check(t, "takes nonsense for a complete answer", e);
    buf_adds(t->out, "ok    refuses an answer that is none\n");
    return 0;
}

int session_plugin_check(const char *path, struct buf *out, struct err *e)
{
    struct plugin *p = plugin_load(path, e);
    struct self_test t = {.p = p, .out = out};
    struct sy_host host = {.size = sizeof host, .major = SY_ABI_MAJOR, .minor = SY_ABI_MINOR, .ctx = &t, .log = quiet_log,
                           .option = no_option, .fail = take_sentence, .extension = no_extension};
    void *self = NULL;
    int r;

    if (!p)
        return e ? e->code : ERR_PLUGIN;
    buf_addf(out, "ok    loads: %s %s, ABI %u.%u\n", p->api.name, p->api.version, p->api.major, p->api.minor);
    if (p->api.open(&host, &self) != SY_OK) {
        r = fail_check(&t, "open() failed with base_url as its only option", e);
    } else {
        buf_adds(out, "ok    opens\n");
        r = p->compute.size ? check_compute(&t, self, e) : check_exchange(&t, self, e);
        p->api.close(self);
    }
    if (r >= 0)
        buf_adds(out, "ok    closes\n");
    plugin_free(p);
    return r;
}
