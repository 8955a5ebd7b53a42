/* SPDX-License-Identifier: MIT */
/* An exchange with a provider that computes, and the corpus that it learns from: jobs on the provider's strand.
 *
 * A job carries its own copy of the request and collects events in a list; the loop thread replays them into the
 * exchange when the job is done. So the handler hears the same calls as from a service, on the same thread. */
#include "core/engine/provider_priv.h"
#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

struct compute_job {
    struct job job;
    struct provider *p;
    struct exchange *x; /* NULL after cancel */
    struct arena arena; /* the request's copy, then the events */
    struct sy_request req;
    struct sy_event *events;
    size_t nevents, capevents;
    struct err error;
};

static struct sy_str keep(struct arena *a, struct sy_str s)
{
    struct str copy = arena_str(a, (struct str){s.p, s.n});

    return (struct sy_str){copy.p, copy.n};
}

static int collect(void *ctx, const struct sy_event *ev)
{
    struct compute_job *c = ctx;
    struct sy_event copy;

    if (!SY_HAS(ev, n)) /* no event of any version */
        return 0;
    if (atomic_load(&c->job.cancelled) || c->nevents >= 64 || ev->text.n > MAX_COMPLETION_BYTES)
        return -1;
    memset(&copy, 0, sizeof copy);
    memcpy(&copy, ev, MIN((size_t)ev->size, sizeof copy));
    copy.text = keep(&c->arena, ev->text);
    MEM_GROW(c->events, c->nevents, c->capevents);
    c->events[c->nevents++] = copy;
    return 0;
}

static int is_cancelled(void *ctx)
{
    struct compute_job *c = ctx;

    return atomic_load_explicit(&c->job.cancelled, memory_order_relaxed);
}

static void compute_run(struct job *j)
{
    struct compute_job *c = (struct compute_job *)j;
    struct sy_sink sink = {.size = sizeof sink, .ctx = c, .emit = collect};
    struct sy_cancel cancel = {.size = sizeof cancel, .ctx = c, .is_cancelled = is_cancelled};
    int r;

    err_clear(&c->p->failure); /* written on this strand only while it is busy */
    r = c->p->plugin->compute.run(c->p->self, &c->req, &sink, &cancel);
    if (r < 0)
        provider_take_failure(c->p, r, "answer", &c->error);
}

static void compute_free(struct compute_job *c)
{
    free(c->events);
    arena_fini(&c->arena);
    free(c);
}

static void compute_done(struct job *j)
{
    struct compute_job *c = (struct compute_job *)j;
    struct exchange *x = c->x;

    if (!x) { /* cancelled: the exchange is gone */
        c->p->busy--;
        compute_free(c);
        return;
    }
    x->job = NULL;
    for (size_t i = 0; i < c->nevents && !x->enough; i++)
        exchange_event(x, &c->events[i]);
    if (!c->error.code && !j->ran)
        err_set(&c->error, ERR_CANCELLED, "'%s': the program is ending", c->p->cfg->name);
    exchange_finish(x, &c->error);
    compute_free(c);
}

int exchange_compute_start(struct exchange *x, const struct sy_request *req, struct err *e)
{
    struct compute_job *c = mem_zalloc(sizeof *c);

    (void)e;
    c->p = x->p;
    c->x = x;
    arena_init(&c->arena, 16u << 20); /* 64 events of at most 64 KiB, and the request */
    c->req = (struct sy_request){.size = sizeof c->req, .kind = req->kind, .caret = req->caret,
                                 .max_tokens = req->max_tokens, .timeout_ms = req->timeout_ms,
                                 .temperature_milli = req->temperature_milli, .flags = req->flags,
                                 .msg_stride = sizeof(struct sy_msg), .extra_stride = sizeof(struct sy_file)};
    c->req.model = keep(&c->arena, req->model);
    c->req.prefix = keep(&c->arena, req->prefix);
    c->req.suffix = keep(&c->arena, req->suffix);
    c->req.path = keep(&c->arena, req->path);
    c->req.language = keep(&c->arena, req->language);
    c->job.run = compute_run;
    c->job.done = compute_done;
    c->job.strand = x->p->strand;
    x->job = &c->job;
    pool_submit(x->p->pool, &c->job);
    return 0;
}

void exchange_compute_cancel(struct exchange *x)
{
    struct compute_job *c = (struct compute_job *)x->job;

    c->x = NULL; /* busy is given back when the job is done: the plugin is still in it */
    job_cancel(&c->job);
    x->magic = 0;
    free(x);
}

/* ---- corpus ---- */

struct corpus_job {
    struct job job;
    struct provider *p;
    enum corpus_op op;
    char *path, *language, *text; /* text owned */
    size_t ntext;
    uint64_t start, old_end;
    uint32_t flags;
    struct err error;
};

static struct sy_str sy_c(const char *s)
{
    return (struct sy_str){s, strlen(s)};
}

static void corpus_run(struct job *j)
{
    struct corpus_job *c = (struct corpus_job *)j;
    const struct sy_corpus *api = &c->p->plugin->corpus;
    struct sy_str text = {c->text, c->ntext};
    int r = 0;

    err_clear(&c->p->failure);
    if (c->op == CORPUS_PUT && api->put)
        r = api->put(c->p->self, sy_c(c->path), sy_c(c->language), text, c->flags);
    else if (c->op == CORPUS_EDIT && api->edit)
        r = api->edit(c->p->self, sy_c(c->path), c->start, c->old_end, text);
    else if (c->op == CORPUS_DROP && api->drop)
        r = api->drop(c->p->self, sy_c(c->path));
    if (r < 0)
        provider_take_failure(c->p, r, "learn from a file", &c->error);
}

static void corpus_done(struct job *j)
{
    struct corpus_job *c = (struct corpus_job *)j;

    if (c->error.code)
        snprintf(c->p->corpus_problem, sizeof c->p->corpus_problem, "%s", c->error.text);
    c->p->busy--;
    free(c->path);
    free(c->language);
    free(c->text);
    free(c);
}

void provider_corpus(struct provider *p, const struct corpus_change *ch)
{
    struct corpus_job *c;

    if (!provider_has_corpus(p))
        return;
    c = mem_zalloc(sizeof *c);
    c->p = p;
    c->op = ch->op;
    c->path = mem_strndup(ch->path.p ? ch->path.p : "", ch->path.n);
    c->language = mem_strndup(ch->language.p ? ch->language.p : "", ch->language.n);
    c->text = mem_strndup(ch->text.p ? ch->text.p : "", ch->text.n);
    c->ntext = ch->text.n;
    c->start = ch->start;
    c->old_end = ch->old_end;
    c->flags = ch->flags;
    c->job.run = corpus_run;
    c->job.done = corpus_done;
    c->job.strand = p->strand;
    c->job.priority = ch->priority;
    p->busy++;
    pool_submit(p->pool, &c->job);
}
