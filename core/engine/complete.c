/* SPDX-License-Identifier: MIT */
/* Inline completion as a state machine: gate, reuse, route, ask (local first), post-process, answer.
 *
 * The surprising part: a new request does not throw away the running one of the same document. While what was typed
 * since agrees with what has streamed in, the new task takes the exchange over and gets its answer minus the typed
 * characters; otherwise somebody who types faster than the service answers would never see anything. */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/doc/syntax.h"
#include "core/doc/trial.h"
#include "core/engine/gate.h"
#include "core/engine/health.h"
#include "core/engine/items.h"
#include "core/engine/post.h"
#include "core/engine/session_priv.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_BYTES 8192
#define SUFFIX_BYTES 2048
#define AUTO_DEBOUNCE_MS 40
#define MAX_ADOPT_BYTES 64  /* typed since the running request */
#define MAX_FOUND 8
#define TRIAL_US 1500
#define SINGLE_TOKENS 48
#define SEVERAL_TOKENS 128

struct suggestion {
    char *text;
    size_t n;
    double confidence;
    const char *target;
    bool from_service;
};

struct completion {
    struct task *t;
    enum pos_encoding enc;
    size_t caret;
    bool invoked, single_line;
    unsigned max_items;
    struct context context;
    struct site site;
    struct ask *ask;                 /* the request that is waited for, or NULL */
    struct ask *held;                /* taken over from an older task; used when its target's turn comes */
    struct suggestion found[MAX_FOUND];
    size_t nfound;
    struct loop_timer *wait, *deadline;
    struct err failure;              /* the last target's, if nothing else is said */
    complete_fn fn;
    void *ctx;
};

/* One request to one target. It may change its task, and may end before its turn comes. */
struct ask {
    struct completion *c;
    struct exchange *x;              /* NULL once it has ended */
    unsigned target;
    size_t base;                     /* caret when it was sent */
    uint64_t key;                    /* of its surroundings */
    struct buf text;                 /* streamed so far */
    bool from_service;
    struct exchange_report report;
    struct err error;
};

static void complete_step(struct completion *c);

/* ---- what was typed since an ask ---- */

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

static void ask_free(struct ask *a)
{
    if (!a)
        return;
    if (a->x)
        exchange_cancel(a->x);
    buf_fini(&a->text);
    free(a);
}

/* ---- answering ---- */

static void completion_release(struct task *t)
{
    struct completion *c = t->own;

    ask_free(c->ask);
    ask_free(c->held);
    for (size_t i = 0; i < c->nfound; i++)
        free(c->found[i].text);
    loop_timer_free(c->wait);
    loop_timer_free(c->deadline);
    context_fini(&c->context);
    free(c);
}

static void answer(struct completion *c, const struct complete_item *items, size_t n, const char *reason, const struct err *e)
{
    struct task *t = c->t;
    struct err none = {0};
    struct complete_result res = {.items = items, .nitems = n, .reason = reason ? reason : "",
                                  .failed = n == 0 && c->failure.code != 0 && !(e && e->code), .decision = t->decision->id,
                                  .latency_us = clock_us() - t->started_us};

    snprintf(t->decision->reason, sizeof t->decision->reason, "%s", n ? "" : res.reason);
    if (n == 0 && !(e && e->code))
        snprintf(t->s->last_reason, sizeof t->s->last_reason, "%s", res.reason);
    else if (n)
        t->s->last_reason[0] = '\0';
    t->decision->total_us = res.latency_us;
    task_set_state(t, TASK_ANSWERED);
    c->fn(c->ctx, &res, e ? e : &none);
    task_end(t);
}

static void completion_fail(struct task *t, const struct err *e, const char *reason)
{
    answer(t->own, NULL, 0, e ? e->text : reason, e);
}

/* A suggestion of several lines ends where the statement or block that it begins ends, and must not break what parses
 * now; if it does, its first line alone is offered. Unknown in TRIAL_US counts as fine. */
static void fit_syntax(struct completion *c, struct buf *text, size_t over)
{
    struct document *d = c->t->doc;
    struct trial *t;
    size_t keep = text->n, unit;

    if (!d->syntax || !memchr(text->p, '\n', text->n))
        return;
    t = trial_new(d->syntax, c->caret, c->caret + over, buf_str(text), TRIAL_US);
    if (!t)
        return;
    unit = trial_unit(t);
    if (trial_errors_after(t) > trial_errors_before(t))
        keep = (size_t)((char *)memchr(text->p, '\n', text->n) - text->p);
    else if (unit > 0 && unit < text->n)
        keep = unit;
    trial_free(t);
    while (keep > 0 && strchr(" \t\r\n", text->p[keep - 1]))
        keep--;
    if (keep > 0) {
        text->n = keep;
        text->p[keep] = '\0';
    }
}

/* Fills *item from one suggestion. False if nothing is left of it. */
static bool make_item(struct completion *c, const struct suggestion *f, struct buf *text, struct complete_item *item,
                      const char **ret_why)
{
    struct post p = {.context = &c->context, .single_line = c->single_line, .from_service = f->from_service};
    struct document *d = c->t->doc;
    size_t over;

    *ret_why = post_process(&p, (struct str){f->text, f->n}, text, &over);
    if (*ret_why)
        return false;
    fit_syntax(c, text, over);
    memset(item, 0, sizeof *item);
    item->text = buf_str(text);
    item->start = pos_of_byte(d->rope, c->enc, c->caret);
    item->end = over ? pos_of_byte(d->rope, c->enc, c->caret + over) : item->start;
    item->target = f->target;
    item->confidence = f->confidence;
    item->several_lines = str_find(item->text, STR("\n")) >= 0;
    items_add(c->t->s, item, c->t->handle);
    reuse_put(c->t->s->reuse, d, c->caret, item->text, over, f->target, f->confidence, item->id);
    return true;
}

static bool is_repeat(const struct complete_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(items[i].text, items[n].text))
            return true;
    return false;
}

/* Nobody could be asked: that is a problem of the set-up, and its sentence is the reason. */
static void explain_none(struct completion *c)
{
    struct session *s = c->t->s;
    const struct route_choice *r = &c->t->decision->choice;
    const struct config_target *t;

    if (r->nkept > 0 || c->failure.code)
        return;
    if (r->n == 0) {
        err_set(&c->failure, ERR_UNSUPPORTED, "no target is configured for 'complete'");
        return;
    }
    t = &s->config->targets[r->c[0].target];
    if (r->c[0].drop == ROUTE_NO_PROVIDER)
        err_set(&c->failure, ERR_PLUGIN, "%s", s->provider_errors[t->provider].text);
    else if (s->health[r->c[0].target].problem[0])
        err_set(&c->failure, ERR_UNSUPPORTED, "%s (%s)", s->health[r->c[0].target].problem, route_drop_text(r->c[0].drop));
    else
        err_set(&c->failure, ERR_UNSUPPORTED, "'%s': %s", t->name, route_drop_text(r->c[0].drop));
}

/* Serves what was found, best first; with nothing left of it, says why. */
static void serve(struct completion *c)
{
    struct complete_item items[MAX_FOUND];
    struct buf texts[MAX_FOUND];
    const char *why;
    size_t n = 0;

    explain_none(c);
    why = c->failure.code ? c->failure.text : "no target had a suggestion";

    for (size_t i = 0; i < c->nfound && n < c->max_items; i++) {
        const char *no;

        buf_init(&texts[n], 4 * MAX_COMPLETION_BYTES);
        if (make_item(c, &c->found[i], &texts[n], &items[n], &no) && !is_repeat(items, n)) {
            n++;
        } else {
            why = no ? no : why;
            buf_fini(&texts[n]);
        }
    }
    if (n > 0) {
        c->t->decision->served_by = items[0].target;
        c->t->decision->confidence = items[0].confidence;
        c->t->s->count.served++;
    }
    size_t used = n;
    answer(c, items, n, n ? NULL : why, NULL);
    for (size_t i = 0; i < used; i++)
        buf_fini(&texts[i]);
}

/* ---- asking ---- */

static void found_add(struct completion *c, struct str text, double confidence, const char *target, bool from_service)
{
    struct suggestion *f = &c->found[c->nfound];

    if (text.n == 0 || c->nfound == MAX_FOUND)
        return;
    *f = (struct suggestion){mem_strndup(text.p, text.n), text.n, confidence, target, from_service};
    c->nfound++;
}

static bool ask_event(void *ctx, const struct sy_event *ev)
{
    struct ask *a = ctx;
    struct completion *c = a->c;
    struct str text = {ev->text.p, ev->text.n}, rest;
    struct post p = {.context = &c->context, .single_line = c->single_line, .from_service = true};

    if (ev->kind == SY_EV_CANDIDATE) {
        if (ask_agrees(a, text, &rest))
            found_add(c, rest, (double)MIN(ev->n[0], UINT64_C(1000000)) / 1e6, c->t->s->config->targets[a->target].name, false);
        return true;
    }
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

static int ask_start(struct completion *c, unsigned target, struct err *e)
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
    c->ask = a;
    return 0;
}

/* ---- the steps ---- */

static bool sure_enough(const struct completion *c)
{
    return c->nfound > 0 && (c->found[0].confidence < 0 || c->found[0].confidence >= c->t->s->settings.threshold);
}

static uint64_t debounce_ms(const struct completion *c)
{
    int set = c->t->s->settings.debounce_ms;
    uint64_t gone = (clock_us() - c->t->started_us) / 1000, want = c->invoked ? 0 : set < 0 ? AUTO_DEBOUNCE_MS : (uint64_t)set;

    return gone < want ? want - gone : 0;
}

/* Goes on after an attempt ended, a wait is over, or at the start. Answers the task in the end. */
static void complete_step(struct completion *c)
{
    struct task *t = c->t;
    struct decision *d = t->decision;

    if (c->nfound > 0 && sure_enough(c)) {
        serve(c);
        return;
    }
    while (t->candidate < d->choice.nkept && d->nattempts < ARRAY_LEN(d->attempts)) {
        unsigned target = d->choice.c[t->candidate].target;
        uint64_t wait = t->s->config->targets[target].tier == TIER_LOCAL ? 0 : debounce_ms(c);
        struct err e = {0};

        if (c->failure.code && !err_may_try_other(c->failure.code))
            break;
        if (c->held && c->held->target == target) {
            struct ask *a = c->held;

            c->held = NULL;
            t->candidate++;
            task_set_state(t, TASK_ASKING);
            if (a->x) {
                c->ask = a;
                return;
            }
            ask_collect(c, a);
            if (sure_enough(c))
                break;
            continue;
        }
        if (wait > 0) {
            task_set_state(t, TASK_WAITING);
            loop_timer_start(c->wait, wait);
            return;
        }
        t->candidate++;
        task_set_state(t, TASK_ASKING);
        if (ask_start(c, target, &e) >= 0)
            return;
        struct ask nothing = {.target = target};
        struct exchange_report none = {0};

        session_health(t->s, target, &none, &e);
        note_attempt(c, &nothing, &none, &e);
        c->failure = e;
    }
    serve(c); /* what the cheaper ones had, if anything */
}

static void wait_over(void *ctx)
{
    complete_step(ctx);
}

static void deadline_over(void *ctx)
{
    struct completion *c = ctx;
    struct ask *a = c->ask;

    if (a) {
        c->ask = NULL;
        a->report.total_us = clock_us() - c->t->started_us;
        err_set(&a->error, ERR_TIMEOUT, "'%s' had no whole answer within %u ms",
                c->t->s->config->targets[a->target].name, c->t->s->settings.deadline_ms);
        session_health(c->t->s, a->target, &a->report, &a->error);
        ask_collect(c, a);
    }
    c->t->candidate = c->t->decision->choice.nkept; /* no further ones */
    serve(c);
}

/* Takes the running request of an older task of this document over, if its answer may still serve here. */
static void adopt(struct completion *c)
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

void complete_supersede(struct session *s, struct document *doc)
{
    struct task *next;

    for (struct task *t = s->tasks; t; t = next) {
        next = t->next;
        if (t->kind == TASK_COMPLETE && t->doc == doc && t->state != TASK_NEW)
            t->fail(t, NULL, "superseded by a newer request");
    }
}

/* ---- the start ---- */

static struct completion *completion_new(struct session *s, const struct complete_params *p, struct document *d,
                                         complete_fn fn, void *ctx)
{
    struct completion *c = mem_zalloc(sizeof *c);
    unsigned most = p->max_items ? p->max_items : p->trigger == COMPLETE_INVOKED ? 3 : 1;

    c->t = task_new(s, TASK_COMPLETE, d);
    c->t->own = c;
    c->t->fail = completion_fail;
    c->t->release = completion_release;
    c->enc = p->enc;
    c->caret = pos_to_byte(d->rope, p->enc, p->pos);
    c->invoked = p->trigger == COMPLETE_INVOKED;
    c->max_items = MIN(most, MAX_FOUND);
    c->fn = fn;
    c->ctx = ctx;
    c->wait = loop_timer_new(s->loop, wait_over, c);
    c->deadline = loop_timer_new(s->loop, deadline_over, c);
    context_init(&c->context, d->rope, c->caret, PREFIX_BYTES, SUFFIX_BYTES);
    return c;
}

static void describe(struct completion *c, struct decision *d)
{
    struct document *doc = c->t->doc;
    struct pos at = pos_of_byte(doc->rope, POS_UTF8, c->caret);

    d->line = at.line;
    d->col8 = at.col;
    d->invoked = c->invoked;
    d->threshold = c->t->s->settings.threshold;
}

static bool serve_again(struct completion *c)
{
    struct session *s = c->t->s;
    struct document *d = c->t->doc;
    struct complete_item item = {0};
    struct reuse_hit hit;

    if (c->invoked || !reuse_find(s->reuse, d, c->caret, &hit))
        return false;
    if (c->single_line && str_find(hit.text, STR("\n")) >= 0 && c->context.line_after.n > 0)
        return false;
    snprintf(item.id, sizeof item.id, "%s", hit.id);
    item.text = hit.text;
    item.start = pos_of_byte(d->rope, c->enc, c->caret);
    item.end = hit.over ? pos_of_byte(d->rope, c->enc, c->caret + hit.over) : item.start;
    item.target = hit.target;
    item.confidence = hit.confidence;
    item.several_lines = str_find(hit.text, STR("\n")) >= 0;
    c->t->decision->served_by = "reuse";
    c->t->decision->confidence = hit.confidence;
    s->count.reused++;
    complete_supersede(s, d);
    answer(c, &item, 1, NULL, NULL);
    return true;
}

uint64_t session_complete(struct session *s, const struct complete_params *p, complete_fn fn, void *ctx)
{
    struct document *d = documents_get(s->docs, p->uri);
    struct complete_result none = {.reason = "the document is not open", .decision = ""};
    struct err e = {0};
    struct completion *c;
    const char *no;
    uint64_t handle;

    s->count.requests++;
    if (!d) {
        err_set(&e, ERR_INVALID, "%s is not open", p->uri);
        fn(ctx, &none, &e);
        return 0;
    }
    c = completion_new(s, p, d, fn, ctx);
    handle = c->t->handle;
    describe(c, c->t->decision);
    session_site(s, d, c->caret, &c->site);
    struct gate gate = {.settings = &s->settings, .uri = d->uri, .lang = d->lang, .context = &c->context,
                        .scope = c->site.scope,
                        .document_bytes = rope_bytes(d->rope), .invoked = c->invoked};
    no = gate_refuses(&gate);
    if (no) {
        complete_supersede(s, d);
        answer(c, NULL, 0, no, NULL);
        return 0;
    }
    c->single_line = gate_single_line(&gate);
    if (serve_again(c))
        return 0;
    adopt(c);
    complete_supersede(s, d);
    session_route(s, TASK_COMPLETE, SY_CAP_FIM, (uint32_t)((c->context.prefix.n + c->context.suffix.n) / 3 + 1),
                  c->single_line ? SINGLE_TOKENS : SEVERAL_TOKENS, hash_bytes(1, d->uri, strlen(d->uri)), c->t->decision);
    loop_timer_start(c->deadline, s->settings.deadline_ms);
    complete_step(c);
    return task_find(s, handle) ? handle : 0;
}
