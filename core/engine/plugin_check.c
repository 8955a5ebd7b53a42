/* SPDX-License-Identifier: MIT */
/* `switchyard plugins --check`: the load checks, then one exchange with ourselves: a small request is written, an answer
 * that no protocol allows is fed byte by byte, and the plugin must end in one error event and survive. No network. */
#include "core/base/mem.h"
#include "core/engine/plugin_bench.h"

#include <stdio.h>
#include <string.h>

struct heard {
    bool stopped, failed;
    size_t candidates;
};

static int take_event(void *ctx, const struct sy_event *ev)
{
    struct heard *h = ctx;

    h->stopped = h->stopped || ev->kind == SY_EV_STOP;
    h->failed = h->failed || ev->kind == SY_EV_ERROR;
    h->candidates += ev->kind == SY_EV_CANDIDATE;
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

/* Prefixes the file: the sentence is about one of several that somebody checks. */
static int fail_check(const struct bench *b, const char *what, const char *why, struct err *e)
{
    struct err whole = {0};

    err_set(&whole, ERR_PLUGIN, "plugin %s: %s%s%s", b->plugin->path, what, *why ? ": " : "", why);
    *e = whole;
    return whole.code;
}

static int check_compute(struct bench *b, struct buf *out, struct err *e)
{
    struct heard h = {0};
    struct sy_sink sink = {.size = sizeof sink, .ctx = &h, .emit = take_event};
    struct sy_cancel cancel = {.size = sizeof cancel, .is_cancelled = never};

    if (b->plugin->compute.run(b->p->self, bench_request_get(b->request), &sink, &cancel) < 0)
        return fail_check(b, "run() failed", b->p->failure.text, e);
    buf_addf(out, "ok    computes an answer: %zu candidates\n", h.candidates);
    return 0;
}

static int check_exchange(struct bench *b, struct buf *out, struct err *e)
{
    static const char nonsense[] = "\xff\xfe{]\r\n\r\ndata: [[[\n\n";
    const struct sy_provider *api = &b->plugin->api;
    struct heard h = {0};
    struct sy_sink sink = {.size = sizeof sink, .ctx = &h, .emit = take_event};
    struct sy_reply reply = {.size = sizeof reply, .status = 200, .ctx = &h, .header = no_header};
    struct request q;
    int r = bench_build(b, &q, e);

    if (r >= 0)
        buf_addf(out, "ok    writes a request: %s " STR_FMT "\n", q.method, STR_ARG(buf_str(&q.url)));
    request_fini(&q);
    if (r < 0)
        return fail_check(b, "makes no request", e->text, e);
    for (size_t i = 0; i + 1 < sizeof nonsense && r >= 0; i++)
        r = api->feed(q.x, &reply, nonsense + i, 1, &sink);
    if (r >= 0 && api->finish)
        r = api->finish(q.x, &reply, &sink);
    api->end(q.x);
    if (r >= 0 && h.stopped && !h.failed)
        return fail_check(b, "takes nonsense for a complete answer", "", e);
    buf_adds(out, "ok    refuses an answer that is none\n");
    return 0;
}

int bench_check(const struct bench_params *p, struct buf *out, struct err *e)
{
    struct bench b;
    int r = bench_load(&b, p, false, e);

    if (r >= 0) {
        const struct sy_provider *api = &b.plugin->api;

        buf_addf(out, "ok    loads: %s %s, ABI %u.%u\n", api->name, api->version, api->major, api->minor);
        bench_any_address(&b);
        r = bench_open(&b, p, e);
        if (r < 0)
            r = fail_check(&b, "does not open with these options", e->text, e);
    }
    if (r >= 0) {
        buf_adds(out, "ok    opens\n");
        r = b.plugin->compute.size ? check_compute(&b, out, e) : check_exchange(&b, out, e);
    }
    bench_fini(&b);
    if (r >= 0)
        buf_adds(out, "ok    closes\n");
    return r;
}
