/* SPDX-License-Identifier: MIT */
/* When trees are brought up to date: a moment after the last change, a little at a time, the rest on a worker.
 *
 * A keystroke only notes that the tree is behind (syntax_edit has adjusted it). A completion may spend BUDGET_US of its
 * own; if that is not enough it is answered from the last good tree. */
#include "core/base/mem.h"
#include "core/doc/syntax.h"
#include "core/engine/session_priv.h"
#include "core/io/pool.h"

#define BUDGET_US 400           /* on the loop thread, for one request or one idle moment */
#define WORKER_BUDGET_US 3000000

struct parse_job {
    struct job job;
    struct session *s;
    struct document *doc; /* a reference */
    struct syntax_job *work;
};

static void parse_run(struct job *j)
{
    struct parse_job *p = (struct parse_job *)j;

    (void)syntax_job_run(p->work, WORKER_BUDGET_US, &j->cancelled);
}

static void parse_done(struct job *j)
{
    struct parse_job *p = (struct parse_job *)j;

    if (p->doc->closed || !p->doc->syntax)
        syntax_job_free(p->work);
    else
        syntax_adopt(p->doc->syntax, p->work);
    document_unref(p->doc);
    free(p);
}

static void parse_on_worker(struct session *s, struct document *d)
{
    struct syntax_job *work = syntax_take_job(d->syntax);
    struct parse_job *p;

    if (!work)
        return;
    p = mem_zalloc(sizeof *p);
    p->s = s;
    p->doc = document_ref(d);
    p->work = work;
    p->job.run = parse_run;
    p->job.done = parse_done;
    p->job.priority = 1;
    pool_submit(s->pool, &p->job);
}

void session_parse_soon(struct session *s, struct document *d)
{
    if (d->syntax && !d->closed && syntax_update(d->syntax, d->last_edit, BUDGET_US) != 0)
        parse_on_worker(s, d);
}

void session_site(struct session *s, struct document *d, size_t at, struct site *ret)
{
    if (d->syntax && syntax_update(d->syntax, at, BUDGET_US) != 0)
        parse_on_worker(s, d);
    syntax_site(d->syntax, d->lang, d->rope, at, ret);
}
