/* SPDX-License-Identifier: MIT */
/* When trees are brought up to date: when typing pauses, a little at a time, the rest on a worker.
 *
 * A keystroke only notes that the tree is behind (syntax_edit has adjusted it). A completion takes that adjusted tree and
 * looks at the caret's line, because a parse at each key would cost more than everything else that is done for it. Only
 * where the tree may be wrong about a string or a comment, or there is none yet, may a completion spend BUDGET_US. */
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

static void parse_now(struct session *s, struct document *d, size_t at)
{
    d->watched = false;
    if (syntax_update(d->syntax, at, BUDGET_US) != 0)
        parse_on_worker(s, d);
}

void session_parse_soon(struct session *s, struct document *d)
{
    bool first = d->syntax && syntax_covers(d->syntax).end == 0;

    /* Where nobody asks for completions nobody looks at the tree. */
    if (d->syntax && !d->closed && (first || d->watched))
        parse_now(s, d, d->last_edit);
}

void session_site(struct session *s, struct document *d, size_t at, struct site *ret)
{
    struct site line;

    d->watched = true;
    syntax_site(d->syntax, d->lang, d->rope, at, ret);
    if (!d->syntax || syntax_is_fresh(d->syntax, at))
        return;
    /* What is typed behind a string or a comment makes it longer until the next parse. */
    if (!ret->from_tree || ret->scope != LANG_CODE) {
        parse_now(s, d, at);
        syntax_site(d->syntax, d->lang, d->rope, at, ret);
    } else {
        syntax_site(NULL, d->lang, d->rope, at, &line); /* one that was begun since */
        ret->scope = line.scope;
    }
}
