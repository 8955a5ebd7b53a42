/* SPDX-License-Identifier: MIT */
/* What corpus plugins are told: open documents with every edit, and the workspace's files, read by workers.
 *
 * On the keystroke path an edit is only noted; notes are told in order before a request and at idle. Workspace files go
 * in small batches, the next one when the last was taken, so that completions always find a short queue. An open
 * document is told as it is in the editor, never as it is on disk. */
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/walk.h"
#include "core/doc/lang.h"
#include "core/engine/session_priv.h"
#include "core/io/pool.h"

#include <stdio.h>
#include <string.h>

#define MAX_OPEN_BYTES (1u << 20)   /* larger documents are not mirrored */
#define MAX_NOTES 256
#define BATCH_FILES 16
#define BATCH_BYTES (1u << 20)
#define MAX_QUEUED 32               /* corpus calls waiting in one provider */

struct note {
    struct document *doc; /* a reference */
    size_t start, old_end;
    char *text;
    size_t n;
};

struct batch_file {
    char *path; /* relative */
    struct buf text;
};

struct corpus {
    struct session *s;
    struct document **open;     /* documents that are mirrored; borrowed until corpus_close() */
    size_t nopen, capopen;
    struct note notes[MAX_NOTES];
    size_t nnotes;
    char **paths;               /* the workspace's files, found by the walk */
    size_t npaths, next, told;
    struct job *walking, *reading; /* at most one of each */
    struct loop_timer *again;   /* a provider's queue was full */
    bool stale;                 /* the workspace changed while a job was away */
};

/* ---- telling ---- */

static void tell(struct session *s, const struct corpus_change *c)
{
    for (size_t i = 0; i < s->config->nproviders; i++)
        if (s->providers[i] && provider_has_corpus(s->providers[i]))
            provider_corpus(s->providers[i], c);
}

/* Opens the providers that want a corpus, if a route uses them. */
static bool any_corpus(struct session *s)
{
    bool any = false;

    for (size_t i = 0; i < s->config->routes[TASK_COMPLETE].ntargets; i++) {
        const struct config_target *t = &s->config->targets[s->config->routes[TASK_COMPLETE].targets[i]];
        struct provider *p;

        if (t->tier != TIER_LOCAL)
            continue;
        p = session_provider(s, t->provider, NULL);
        any = any || (p && provider_has_corpus(p));
    }
    return any;
}

static struct document **find_open(const struct corpus *c, const struct document *d)
{
    for (size_t i = 0; i < c->nopen; i++)
        if (c->open[i] == d)
            return &c->open[i];
    return NULL;
}

static void remove_open(struct corpus *c, const struct document *d)
{
    struct document **at = find_open(c, d);

    if (at)
        *at = c->open[--c->nopen];
}

static void tell_whole(struct corpus *c, struct document *d)
{
    AUTO_BUF struct buf text;

    buf_init(&text, MAX_OPEN_BYTES + 1);
    rope_copy(d->rope, 0, rope_bytes(d->rope), &text);
    tell(c->s, &(struct corpus_change){.op = CORPUS_PUT, .path = session_path(c->s, d), .language = str_c(d->lang->id),
                                       .text = buf_str(&text), .flags = SY_CORPUS_OPEN});
}

void corpus_open(struct corpus *c, struct document *d)
{
    if (!any_corpus(c->s) || rope_bytes(d->rope) > MAX_OPEN_BYTES)
        return;
    MEM_GROW(c->open, c->nopen, c->capopen);
    c->open[c->nopen++] = d;
    tell_whole(c, d);
}

void corpus_edit(struct corpus *c, struct document *d, const struct doc_edit *edit, struct str text)
{
    struct note *n;

    if (!find_open(c, d))
        return;
    if (rope_bytes(d->rope) > MAX_OPEN_BYTES) { /* it has outgrown us: nothing of it is better than something wrong */
        corpus_flush(c);
        remove_open(c, d);
        tell(c->s, &(struct corpus_change){.op = CORPUS_DROP, .path = session_path(c->s, d)});
        return;
    }
    if (c->nnotes == MAX_NOTES)
        corpus_flush(c);
    n = &c->notes[c->nnotes];
    /* Typing on: the edit goes on where the last one ended. */
    if (c->nnotes > 0 && n[-1].doc == d && edit->start == edit->old_end && n[-1].start + n[-1].n == edit->start &&
        n[-1].n + text.n < 4096) {
        n--;
        n->text = mem_realloc(n->text, n->n + text.n + 1);
        memcpy(n->text + n->n, text.p, text.n);
        n->n += text.n;
        return;
    }
    *n = (struct note){document_ref(d), edit->start, edit->old_end, mem_strndup(text.p ? text.p : "", text.n), text.n};
    c->nnotes++;
}

void corpus_flush(struct corpus *c)
{
    for (size_t i = 0; i < c->nnotes; i++) {
        struct note *n = &c->notes[i];

        if (!n->doc->closed)
            tell(c->s, &(struct corpus_change){.op = CORPUS_EDIT, .path = session_path(c->s, n->doc), .start = n->start,
                                               .old_end = n->old_end, .text = {n->text, n->n}});
        document_unref(n->doc);
        free(n->text);
    }
    c->nnotes = 0;
}

void corpus_close(struct corpus *c, struct document *d)
{
    AUTO_BUF struct buf text;
    struct corpus_change ch = {.op = CORPUS_DROP, .path = session_path(c->s, d), .language = str_c(d->lang->id)};

    corpus_flush(c);
    remove_open(c, d);
    buf_init(&text, MAX_INDEX_FILE_BYTES);
    /* Back to what the disk has, if it is a file of the workspace. */
    if (c->s->workspace && d->path && ch.path.p != d->path && fs_read(d->path, &text, NULL) >= 0) {
        ch.op = CORPUS_PUT;
        ch.text = buf_str(&text);
    }
    tell(c->s, &ch);
}

/* ---- the workspace ---- */

struct walk_job {
    struct job job;
    struct corpus *c;
    char *root;
    char **paths;
    size_t n, cap, bytes;
};

static bool walk_found(void *ctx, const char *path, size_t bytes)
{
    struct walk_job *w = ctx;

    if (!lang_by_path(path))
        return true;
    w->bytes += bytes;
    MEM_GROW(w->paths, w->n, w->cap);
    w->paths[w->n++] = mem_strdup(path);
    return w->bytes < MAX_INDEX_BYTES && w->n < MAX_INDEX_FILES;
}

static void walk_run(struct job *j)
{
    struct walk_job *w = (struct walk_job *)j;
    struct walk_options o = {.max_files = 50000, .max_file_bytes = MAX_INDEX_FILE_BYTES, .max_depth = 32,
                             .cancelled = &j->cancelled};

    walk_files(w->root, &o, walk_found, w);
}

static void read_next(struct corpus *c);

static void forget_paths(struct corpus *c)
{
    for (size_t i = 0; i < c->npaths; i++)
        free(c->paths[i]);
    free(c->paths);
    c->paths = NULL;
    c->npaths = c->next = 0;
}

static void walk_done(struct job *j)
{
    struct walk_job *w = (struct walk_job *)j;
    struct corpus *c = w->c;

    c->walking = NULL;
    forget_paths(c);
    c->paths = w->paths;
    c->npaths = w->n;
    free(w->root);
    free(w);
    if (c->s->closing)
        return;
    if (c->stale) {
        corpus_workspace(c);
        return;
    }
    read_next(c);
}

void corpus_workspace(struct corpus *c)
{
    struct walk_job *w;

    c->stale = c->walking || c->reading;
    if (c->stale || !c->s->workspace || !any_corpus(c->s))
        return;
    c->told = 0;
    w = mem_zalloc(sizeof *w);
    w->c = c;
    w->root = mem_strdup(c->s->workspace);
    w->job.run = walk_run;
    w->job.done = walk_done;
    w->job.priority = 1;
    c->walking = &w->job;
    pool_submit(c->s->pool, &w->job);
}

struct read_job {
    struct job job;
    struct corpus *c;
    char *root;
    struct batch_file files[BATCH_FILES];
    size_t n;
};

static void read_run(struct job *j)
{
    struct read_job *r = (struct read_job *)j;
    size_t total = 0;

    for (size_t i = 0; i < r->n; i++) {
        AUTO_FREE char *full = fs_join(r->root, r->files[i].path);

        if (total > BATCH_BYTES || fs_read(full, &r->files[i].text, NULL) < 0)
            buf_reset(&r->files[i].text);
        total += r->files[i].text.n;
    }
}

static bool is_open(const struct corpus *c, const char *path)
{
    for (size_t i = 0; i < documents_count(c->s->docs); i++)
        if (str_eqc(session_path(c->s, documents_at(c->s->docs, i)), path))
            return true;
    return false;
}

static void read_done(struct job *j)
{
    struct read_job *r = (struct read_job *)j;
    struct corpus *c = r->c;
    bool go_on = !c->s->closing && !c->stale;

    c->reading = NULL;
    for (size_t i = 0; i < r->n; i++) {
        struct batch_file *f = &r->files[i];

        if (go_on && f->text.n > 0 && !is_open(c, f->path) && !memchr(f->text.p, '\0', f->text.n)) {
            tell(c->s, &(struct corpus_change){.op = CORPUS_PUT, .path = str_c(f->path), .priority = 1,
                                               .language = str_c(lang_by_path(f->path)->id), .text = buf_str(&f->text)});
            c->told++;
        }
        free(f->path);
        buf_fini(&f->text);
    }
    free(r->root);
    free(r);
    if (c->stale && !c->s->closing)
        corpus_workspace(c);
    else if (go_on)
        read_next(c);
}

static bool queue_full(const struct corpus *c)
{
    for (size_t i = 0; i < c->s->config->nproviders; i++)
        if (c->s->providers[i] && provider_has_corpus(c->s->providers[i]) && provider_busy(c->s->providers[i]) > MAX_QUEUED)
            return true;
    return false;
}

static void read_next(struct corpus *c)
{
    struct read_job *r;

    if (c->next >= c->npaths || c->reading)
        return;
    if (queue_full(c)) {
        loop_timer_start(c->again, 2);
        return;
    }
    r = mem_zalloc(sizeof *r);
    r->c = c;
    r->root = mem_strdup(c->s->workspace);
    while (r->n < BATCH_FILES && c->next < c->npaths) {
        struct batch_file *f = &r->files[r->n++];

        f->path = mem_strdup(c->paths[c->next++]);
        buf_init(&f->text, MAX_INDEX_FILE_BYTES);
    }
    r->job.run = read_run;
    r->job.done = read_done;
    r->job.priority = 1;
    c->reading = &r->job;
    pool_submit(c->s->pool, &r->job);
}

static void try_again(void *ctx)
{
    read_next(ctx);
}

bool corpus_busy(const struct corpus *c)
{
    if (c->walking || c->reading || c->next < c->npaths || c->nnotes)
        return true;
    for (size_t i = 0; i < c->s->config->nproviders; i++)
        if (c->s->providers[i] && provider_busy(c->s->providers[i]))
            return true;
    return false;
}

size_t corpus_files(const struct corpus *c)
{
    return c->told;
}

struct corpus *corpus_new(struct session *s)
{
    struct corpus *c = mem_zalloc(sizeof *c);

    c->s = s;
    c->again = loop_timer_new(s->loop, try_again, c);
    return c;
}

void corpus_free(struct corpus *c)
{
    if (!c)
        return;
    loop_timer_free(c->again);
    c->again = NULL;
    for (size_t i = 0; i < c->nnotes; i++) {
        document_unref(c->notes[i].doc);
        free(c->notes[i].text);
    }
    forget_paths(c);
    free(c->open);
    free(c);
}
