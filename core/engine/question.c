/* SPDX-License-Identifier: MIT */
/* `switchyard ask`: one prompt to one target, to try a key or a model. No route, no fallback, no record: the question is
 * about this target, and another one's answer would hide what is wrong with it. */
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/probe.h"
#include "core/engine/session_priv.h"

#include <stdio.h>
#include <string.h>

#define FIRST_BYTE_MS 60000
#define MAX_ANSWER_TOKENS 4096

struct question {
    struct session *s;
    struct question *next;
    uint64_t handle;
    unsigned target;
    struct exchange *x;
    char half[4]; /* the beginning of a character whose end is not there yet */
    size_t nhalf;
    uint64_t started_us;
    const struct question_handler *h;
    void *ctx;
};

static void unlink_question(struct question *q)
{
    struct question **at = &q->s->questions;

    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
}

static double total_cost(const struct config_target *t, const struct question_result *r)
{
    if (!r->has_usage || t->price_in < 0 || t->price_out < 0 || r->in_written > 0)
        return -1; /* writing to a cache has a price of its own */
    return ((double)(r->in_new + r->in_read) * t->price_in + (double)r->out * t->price_out) / 1e6;
}

/* Answers and frees. */
static void finish(struct question *q, const struct exchange_report *r, const struct err *e)
{
    const struct config_target *t = &q->s->config->targets[q->target];
    struct question_result res = {.target = t->name, .model = r->model, .request_id = r->request_id,
                                  .has_usage = r->has_usage, .in_new = r->tokens[0], .in_read = r->tokens[1],
                                  .in_written = r->tokens[2], .out = r->tokens[3], .reasoning = r->tokens[4],
                                  .cut = r->end == EXCHANGE_WHOLE && r->stop == SY_STOP_LENGTH,
                                  .first_us = r->first_us, .total_us = r->total_us};

    res.cost = total_cost(t, &res);
    res.cost_is_most = res.in_read > 0;
    unlink_question(q);
    q->h->done(q->ctx, &res, e);
    free(q);
}

static bool give(struct question *q, struct str piece)
{
    return piece.n == 0 || q->h->text(q->ctx, piece);
}

/* Pieces may end inside a character; whoever prints them needs whole ones. */
static bool on_event(void *ctx, const struct sy_event *ev)
{
    struct question *q = ctx;
    AUTO_BUF struct buf text = {0};
    size_t whole;

    if (ev->kind != SY_EV_TEXT && ev->kind != SY_EV_CANDIDATE)
        return true;
    buf_init(&text, q->nhalf + ev->text.n + 1);
    buf_add(&text, q->half, q->nhalf);
    buf_add(&text, ev->text.p, ev->text.n);
    whole = utf8_whole(buf_str(&text));
    q->nhalf = MIN(text.n - whole, sizeof q->half);
    memcpy(q->half, text.p ? text.p + whole : "", q->nhalf);
    return give(q, str_sub(buf_str(&text), 0, whole));
}

static void on_done(void *ctx, const struct exchange_report *r, const struct err *e)
{
    struct question *q = ctx;

    q->x = NULL;
    session_health(q->s, q->target, r, e);
    if (!e->code)
        give(q, (struct str){q->half, q->nhalf});
    finish(q, r, e);
}

static const struct exchange_handler HANDLER = {on_event, on_done};

static int unknown_target(const struct config *c, const char *name, struct err *e)
{
    AUTO_BUF struct buf names;

    buf_init(&names, 160);
    for (size_t i = 0; i < c->ntargets && !names.overflow; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", c->targets[i].name);
    if (c->path)
        return err_set(e, ERR_INVALID, "no target '%.40s' in the configuration, which has: %s%s", name, names.p ? names.p : "",
                       names.overflow ? "..." : "");
    return err_set(e, ERR_INVALID, "no target '%.40s' without a configuration, only: %s", name, names.p ? names.p : "");
}

static int start(struct question *q, const char *target, struct str prompt, struct err *e)
{
    const struct config *c = q->s->config;
    int i = config_target_index(c, target);
    const struct config_target *t = &c->targets[i < 0 ? 0 : i];
    struct sy_msg msg = {.role = SY_ROLE_USER, .text = {prompt.p, prompt.n}};
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_CHAT, .model = {t->model, strlen(t->model)}, .msg = &msg,
                             .nmsg = 1, .msg_stride = sizeof msg, .extra_stride = sizeof(struct sy_file),
                             .params = {t->params, strlen(t->params)}, .temperature_milli = t->temperature_milli,
                             .max_tokens = t->max_tokens ? t->max_tokens : MAX_ANSWER_TOKENS,
                             .timeout_ms = t->timeout_ms ? t->timeout_ms : FIRST_BYTE_MS};
    struct provider *p;

    if (i < 0)
        return unknown_target(c, target, e);
    q->target = (unsigned)i;
    p = session_provider(q->s, t->provider, e);
    if (!p)
        return e->code;
    if (!(provider_caps(p) & SY_CAP_CHAT))
        return err_set(e, ERR_UNSUPPORTED, "target '%s' takes no prompts: plugin '%s' only completes code", t->name,
                       c->providers[t->provider].plugin);
    q->x = exchange_start(p, &req, &HANDLER, q, e);
    return q->x ? 0 : e->code;
}

uint64_t session_ask(struct session *s, const char *target, struct str prompt, const struct question_handler *h, void *ctx)
{
    struct question *q = mem_zalloc(sizeof *q);
    struct exchange_report nothing = {.end = EXCHANGE_FAILED};
    struct err e = {0};

    *q = (struct question){.s = s, .next = s->questions, .handle = ++s->next_handle, .started_us = clock_us(), .h = h, .ctx = ctx};
    s->questions = q;
    if (start(q, target, prompt, &e) >= 0)
        return q->handle;
    finish(q, &nothing, &e);
    return 0;
}

bool question_cancel(struct session *s, uint64_t handle)
{
    struct question *q = s->questions;
    struct exchange_report r = {.end = EXCHANGE_CUT};
    struct err e = {0};

    while (q && q->handle != handle)
        q = q->next;
    if (!q)
        return false;
    exchange_cancel(q->x);
    q->x = NULL;
    r.total_us = clock_us() - q->started_us;
    err_set(&e, ERR_CANCELLED, "cancelled");
    finish(q, &r, &e);
    return true;
}

void questions_end(struct session *s)
{
    while (s->questions)
        question_cancel(s, s->questions->handle);
}
