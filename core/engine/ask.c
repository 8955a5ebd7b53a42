/* SPDX-License-Identifier: MIT */
/* One request of a completion to one target: sending, streaming, ending, and changing its owner.
 *
 * The surprising part: a new task takes the running request of the one before over. While what was typed since agrees
 * with what has streamed in, its answer minus the typed characters is the new task's answer; otherwise somebody who
 * types faster than the service answers would never see anything. */
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/doc/lang.h"
#include "core/engine/complete_priv.h"
#include "core/engine/post.h"

#include <stdio.h>
#include <string.h>

#define MAX_ADOPT_BYTES 64 /* typed since the running request */

/* Do the bytes between the ask's caret and the task's agree with what has come in? *ret_rest is the text minus them. */
static bool ask_agrees(const struct ask *a, struct str text, struct str *ret_rest)
{
    size_t n = a->c->caret - a->base, have = MIN(n, text.n);
    AUTO_BUF struct buf typed;

    buf_init(&typed, n + 1);
    rope_copy(a->c->t->doc->rope, a->base, a->c->caret, &typed);
    if (typed.n != n || (have && memcmp(typed.p, text.p, have) != 0))
        return false;
    *ret_rest = str_sub(text, have, text.n);
    return true;
}

void ask_free(struct ask *a)
{
    if (!a)
        return;
    if (a->x) {
        exchange_cancel(a->x);
        session_dropped(a->c->t->s, a->target);
    }
    buf_fini(&a->text);
    free(a);
}

/* A service was asked because the cheaper ones were not sure: what it says goes first. */
static void found_add(struct completion *c, struct str text, double confidence, const char *target, bool from_service)
{
    struct suggestion *f = &c->found[from_service ? 0 : c->nfound];

    if (text.n == 0 || c->nfound == MAX_FOUND)
        return;
    if (from_service)
        memmove(f + 1, f, c->nfound * sizeof *f);
    *f = (struct suggestion){mem_strndup(text.p, text.n), text.n, confidence, target, from_service};
    c->nfound++;
}

static bool ask_event(void *ctx, const struct sy_event *ev)
{
    struct ask *a = ctx;
    struct completion *c = a->c;
    struct str text = {ev->text.p, ev->text.n}, rest;
    struct post p = {.context = &c->context, .lang = c->t->doc->lang, .single_line = c->single_line, .from_service = true};

    if (ev->kind == SY_EV_CANDIDATE) {
        if (ask_agrees(a, text, &rest))
            found_add(c, rest, (double)MIN(ev->n[0], UINT64_C(1000000)) / 1e6, c->t->s->config->targets[a->target].name, false);
        return true;
    }
    if (ev->kind != SY_EV_TEXT)
        return true;
    if (!buf_addstr(&a->text, text))
        return false;
    if (!ask_agrees(a, buf_str(&a->text), &rest))
        return false; /* typed something else: ask_done() goes on with a new request */
    return rest.n == 0 || !post_has_enough(&p, rest);
}

static void note_attempt(struct completion *c, const struct ask *a, const struct exchange_report *r, const struct err *e)
{
    struct decision *d = c->t->decision;
    struct decision_attempt *at;

    if (d->nattempts == ARRAY_LEN(d->attempts))
        return;
    at = &d->attempts[d->nattempts++];
    *at = (struct decision_attempt){.target = c->t->s->config->targets[a->target].name, .err_code = e->code,
                                    .first_us = r->first_us, .total_us = r->total_us, .request_bytes = r->request_bytes,
                                    .tokens_in = r->tokens[0] + r->tokens[1] + r->tokens[2], .tokens_out = r->tokens[3],
                                    .answer_bytes = a->text.n, .confidence = -1};
    snprintf(at->words, sizeof at->words, "%.159s", e->code ? e->text : "");
    if (!a->from_service && c->nfound > 0)
        at->confidence = c->found[0].confidence;
}

/* Takes what an ended ask brought into the completion and frees it. */
static void ask_collect(struct completion *c, struct ask *a)
{
    struct str rest = STR_NULL;
    bool agrees = ask_agrees(a, buf_str(&a->text), &rest);

    if (a->text.n && agrees)
        found_add(c, rest, -1, c->t->s->config->targets[a->target].name, true);
    note_attempt(c, a, &a->report, &a->error);
    if (a->error.code)
        c->failure = a->error;
    if (!agrees)
        c->t->candidate--; /* something else was typed: the same target again, from here */
    ask_free(a);
}

static void ask_done(void *ctx, const struct exchange_report *r, const struct err *e)
{
    struct ask *a = ctx;
    struct completion *c = a->c;

    a->x = NULL;
    a->report = *r;
    a->error = *e;
    session_health(c->t->s, a->target, r, e);
    if (c->held == a)
        return; /* its turn comes */
    c->ask = NULL;
    ask_collect(c, a);
    complete_step(c);
}

static const struct exchange_handler ASK_HANDLER = {ask_event, ask_done};

static struct sy_str sy(struct str s)
{
    return (struct sy_str){s.p, s.n};
}

int ask_start(struct completion *c, unsigned target, struct err *e)
{
    struct session *s = c->t->s;
    const struct config_target *t = &s->config->targets[target];
    struct provider *p = session_provider(s, t->provider, e);
    struct document *d = c->t->doc;
    static const struct sy_str newline = {"\n", 1};
    struct ask *a;

    if (!p)
        return e->code;
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_FIM, .model = sy(str_c(t->model)),
                             .prefix = sy(buf_str(&c->context.prefix)), .suffix = sy(buf_str(&c->context.suffix)),
                             .path = sy(session_path(s, d)), .language = sy(str_c(d->lang->id)), .caret = c->caret,
                             .msg_stride = sizeof(struct sy_msg), .extra_stride = sizeof(struct sy_file),
                             .fim_format = sy(str_c(t->fim_format)), .params = sy(str_c(t->params)),
                             .temperature_milli = t->temperature_milli,
                             .max_tokens = t->max_tokens ? t->max_tokens : c->single_line ? SINGLE_TOKENS : SEVERAL_TOKENS,
                             .timeout_ms = t->timeout_ms ? t->timeout_ms : s->settings.deadline_ms,
                             .flags = (c->single_line ? SY_REQ_SINGLE_LINE : 0) | (c->max_items > 1 ? SY_REQ_MANY : 0)};
    if (c->single_line) {
        req.stop = &newline;
        req.nstop = 1;
    }
    a = mem_zalloc(sizeof *a);
    a->c = c;
    a->target = target;
    a->base = c->caret;
    a->key = reuse_key(d, c->caret, c->caret);
    a->from_service = p && !provider_has_corpus(p) && !(provider_caps(p) & SY_CAP_LOCAL);
    buf_init(&a->text, MAX_COMPLETION_BYTES);
    corpus_flush(s->corpus);
    a->x = exchange_start(p, &req, &ASK_HANDLER, a, e);
    if (!a->x) {
        free(a);
        return e->code ? e->code : ERR_BUG;
    }
    session_asking(s, target);
    c->ask = a;
    return 0;
}

bool ask_resume(struct completion *c, unsigned target)
{
    struct ask *a = c->held;

    if (!a || a->target != target)
        return false;
    c->held = NULL;
    if (a->x)
        c->ask = a;
    else
        ask_collect(c, a);
    return true;
}

void ask_give_up(struct completion *c, const struct err *why)
{
    struct ask *a = c->ask;

    if (!a)
        return;
    c->ask = NULL;
    a->report.total_us = clock_us() - c->t->started_us;
    a->error = *why;
    session_health(c->t->s, a->target, &a->report, &a->error);
    ask_collect(c, a);
}

void ask_refused(struct completion *c, unsigned target, const struct err *e)
{
    struct ask nothing = {.target = target, .error = *e};

    session_health(c->t->s, target, &nothing.report, e);
    note_attempt(c, &nothing, &nothing.report, e);
    c->failure = *e;
}

/* Takes the running request of an older task of this document over, if its answer may still serve here. */
void ask_adopt(struct completion *c)
{
    struct document *d = c->t->doc;

    for (struct task *t = c->t->next; t && !c->held; t = t->next) {
        struct completion *old = t->kind == TASK_COMPLETE && t->doc == d ? t->own : NULL;
        struct ask **place = !old ? NULL : old->held ? &old->held : &old->ask;
        struct ask *a = place ? *place : NULL;
        struct str rest;

        if (!a || !a->from_service || c->invoked || c->caret < a->base || c->caret - a->base > MAX_ADOPT_BYTES ||
            reuse_key(d, a->base, c->caret) != a->key)
            continue;
        a->c = c;
        if (!ask_agrees(a, buf_str(&a->text), &rest)) {
            a->c = old;
            continue;
        }
        *place = NULL;
        c->held = a;
    }
}
