/* SPDX-License-Identifier: MIT */
/* Inline completion as a state machine: gate, reuse, route, ask (local first), post-process, answer.
 */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/doc/syntax.h"
#include "core/doc/trial.h"
#include "core/engine/complete_priv.h"
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
#define TRIAL_US 1500

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
    struct post p = {.context = &c->context, .lang = c->t->doc->lang, .single_line = c->single_line,
                     .from_service = f->from_service};
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

    if (c->t->doc->revision != c->revision) { /* no position of then means anything now */
        answer(c, NULL, 0, "the document was changed meanwhile", NULL);
        return;
    }
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

void complete_step(struct completion *c)
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
        if (wait > 0 && !c->held) {
            task_set_state(t, TASK_WAITING);
            loop_timer_start(c->wait, wait);
            return;
        }
        t->candidate++;
        task_set_state(t, TASK_ASKING);
        if (!ask_resume(c, target) && ask_start(c, target, &e) < 0)
            ask_refused(c, target, &e);
        if (c->ask)
            return;
        if (c->nfound > 0 && sure_enough(c))
            break;
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
    struct session *s = c->t->s;
    struct err late = {0};

    if (c->ask)
        err_set(&late, ERR_TIMEOUT, "'%s' had no whole answer within %u ms", s->config->targets[c->ask->target].name,
                s->settings.deadline_ms);
    ask_give_up(c, &late);
    c->t->candidate = c->t->decision->choice.nkept; /* no further ones */
    serve(c);
}

struct newer {
    const struct document *doc;
    uint64_t handle;
};

static bool is_older(const struct task *t, const void *ctx)
{
    const struct newer *n = ctx;

    return t->kind == TASK_COMPLETE && t->doc == n->doc && t->handle < n->handle;
}

/* Answers the older requests of this document. False: one of their callbacks has ended this one, too. */
static bool supersede(struct completion *c)
{
    struct session *s = c->t->s;
    struct newer n = {c->t->doc, c->t->handle};

    tasks_fail(s, is_older, &n, NULL, "superseded by a newer request");
    return task_find(s, n.handle) != NULL;
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
    c->revision = d->revision;
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
    if (!supersede(c))
        return true;
    if (!reuse_find(s->reuse, d, c->caret, &hit)) /* it is borrowed, and callbacks were called */
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
    answer(c, &item, 1, NULL, NULL);
    return true;
}

uint64_t session_complete(struct session *s, const struct complete_params *p, complete_fn fn, void *ctx)
{
    struct document *d = documents_get(s->docs, p->uri);
    struct complete_result none = {.reason = "the document is not open", .decision = ""};
    struct err e = {0};
    struct completion *c;
    struct site site;
    const char *no;
    uint64_t handle;

    s->count.requests++;
    if (s->closing)
        err_set(&e, ERR_CANCELLED, "the program is ending");
    else if (!d)
        err_set(&e, ERR_INVALID, "%s is not open", p->uri);
    if (e.code) {
        none.reason = e.text;
        fn(ctx, &none, &e);
        return 0;
    }
    c = completion_new(s, p, d, fn, ctx);
    handle = c->t->handle;
    describe(c, c->t->decision);
    session_site(s, d, c->caret, &site);
    struct gate gate = {.settings = &s->settings, .uri = d->uri, .lang = d->lang, .context = &c->context,
                        .scope = site.scope,
                        .document_bytes = rope_bytes(d->rope), .invoked = c->invoked};
    no = gate_refuses(&gate);
    if (no) {
        if (supersede(c))
            answer(c, NULL, 0, no, NULL);
        return 0;
    }
    c->single_line = gate_single_line(&gate);
    if (serve_again(c))
        return 0;
    ask_adopt(c);
    if (!supersede(c))
        return 0;
    session_route(s, TASK_COMPLETE, SY_CAP_FIM, (uint32_t)((c->context.prefix.n + c->context.suffix.n) / 3 + 1),
                  c->single_line ? SINGLE_TOKENS : SEVERAL_TOKENS, hash_bytes(1, d->uri, strlen(d->uri)), c->t->decision);
    loop_timer_start(c->deadline, s->settings.deadline_ms);
    complete_step(c);
    return task_find(s, handle) ? handle : 0;
}
