/* SPDX-License-Identifier: MIT */
/* The session's life, its documents, its settings, and the tasks' common part. Construction and destruction mirror each
 * other. */
#include "core/engine/session.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"
#include "core/doc/syntax.h"
#include "core/engine/health.h"
#include "core/engine/items.h"
#include "core/engine/session_priv.h"
#include "core/io/http.h"
#include "core/io/pool.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define SESSION_MAGIC 0x53455353u
#define IDLE_MS 150     /* after the last change: longer than between two keys of somebody who types on */
#define MAX_BUSY_MS 2000 /* but what waits is not put off for longer */
#define MAX_WORKERS 2
#define MUCH_BYTES (256u << 10) /* a text whose memory is given back to the system */

/* ---- life ---- */

/* Loads the transport before the first request needs it, where a route may lead to a service. */
static void prepare_transport(struct session *s)
{
    const struct config_route *r = &s->config->routes[TASK_COMPLETE];

    for (size_t i = 0; i < r->ntargets && !s->prepared && documents_count(s->docs) > 0; i++)
        if (s->config->targets[r->targets[i]].tier != TIER_LOCAL) {
            s->prepared = true;
            (void)http_prepare(s->http, NULL); /* a request will say what is wrong */
        }
}

static void idle_over(void *ctx)
{
    struct session *s = ctx;
    uint64_t now = clock_ms(), quiet = now - s->touched_ms;

    if (quiet < IDLE_MS && now - s->waiting_ms < MAX_BUSY_MS) {
        loop_timer_start(s->idle, IDLE_MS - quiet);
        return;
    }
    for (size_t i = 0; i < documents_count(s->docs); i++) {
        struct document *d = documents_at(s->docs, i);

        if (d->syntax && !syntax_is_fresh(d->syntax, d->last_edit))
            session_parse_soon(s, d);
    }
    corpus_flush(s->corpus);
    decisions_flush(s->decisions);
    prepare_transport(s);
    if (s->freed_much)
        (void)malloc_trim(0);
    s->freed_much = false;
}

void session_touch(struct session *s)
{
    s->touched_ms = clock_ms();
    if (loop_timer_active(s->idle))
        return;
    s->waiting_ms = s->touched_ms;
    loop_timer_start(s->idle, IDLE_MS);
}

static char *config_file(const struct session_options *o)
{
    AUTO_FREE char *dir = fs_xdg(FS_CONFIG);
    char *path;

    if (o->no_config)
        return NULL;
    if (o->config_path)
        return mem_strdup(o->config_path);
    path = dir ? fs_join(dir, "config.json") : NULL;
    if (path && !fs_is_file(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

static void load_config(struct session *s, const struct session_options *o)
{
    AUTO_FREE char *path = config_file(o);
    struct err e = {0};

    s->config = config_load(path, &e);
    if (!s->config) {
        snprintf(s->problem, sizeof s->problem, "%s", e.text);
        s->config = config_load(NULL, NULL);
    }
    s->settings = s->config->settings;
    s->providers = mem_zalloc(s->config->nproviders * sizeof *s->providers + 1);
    s->provider_errors = mem_zalloc(s->config->nproviders * sizeof *s->provider_errors + 1);
    s->health = mem_zalloc(s->config->ntargets * sizeof *s->health + 1);
}

struct session *session_new(struct loop *l, const struct session_options *o, struct err *e)
{
    struct session *s = mem_zalloc(sizeof *s);
    AUTO_FREE char *lib = fs_lib_dir();

    s->magic = SESSION_MAGIC;
    s->loop = l;
    s->state_dir = o->no_state ? NULL : fs_xdg(FS_STATE);
    load_config(s, o);
    s->pool = pool_new(l, MAX_WORKERS, e);
    if (!s->pool) {
        session_free(s);
        return NULL;
    }
    s->http = http_new(l);
    s->grammars = grammars_new(lib ? lib : "");
    s->plugins = plugins_new();
    s->docs = documents_new();
    s->decisions = decisions_new(s->state_dir);
    s->reuse = reuse_new();
    s->items = items_new();
    s->corpus = corpus_new(s);
    s->idle = loop_timer_new(l, idle_over, s);
    if (o->workspace)
        session_set_workspace(s, o->workspace);
    return s;
}

static void end_tasks(struct session *s)
{
    struct err e = {0};

    err_set(&e, ERR_CANCELLED, "the program is ending");
    tasks_fail(s, NULL, NULL, &e, NULL);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    s->closing = true;
    end_tasks(s);
    questions_end(s);
    loop_timer_free(s->idle);
    pool_free(s->pool); /* every job's done() has been called after this */
    corpus_free(s->corpus);
    items_free(s->items);
    reuse_free(s->reuse);
    decisions_free(s->decisions);
    documents_free(s->docs);
    for (size_t i = 0; i < s->config->nproviders; i++)
        provider_close(s->providers[i]);
    plugins_free(s->plugins);
    grammars_free(s->grammars);
    http_free(s->http);
    free(s->health);
    free(s->provider_errors);
    free(s->providers);
    config_free(s->config);
    free(s->focus);
    free(s->workspace);
    free(s->state_dir);
    s->magic = 0;
    free(s);
}

const char *session_problem(const struct session *s)
{
    return s->problem[0] ? s->problem : NULL;
}

void session_set_workspace(struct session *s, const char *root)
{
    if (s->workspace && strcmp(s->workspace, root) == 0)
        return;
    free(s->workspace);
    s->workspace = mem_strdup(root);
    for (size_t n = strlen(s->workspace); n > 1 && s->workspace[n - 1] == '/'; n--)
        s->workspace[n - 1] = '\0';
    corpus_workspace(s->corpus);
}

int session_configure(struct session *s, struct str settings_json, struct err *e)
{
    AUTO_JSON json_t *v = json_parse(settings_json, "settings", e);
    int r = v ? settings_apply(&s->settings, v, "settings", e) : ERR_PARSE;

    if (r >= 0)
        reuse_forget(s->reuse, NULL); /* made under other settings */
    return r;
}

/* ---- documents ---- */

struct str session_path(const struct session *s, const struct document *d)
{
    size_t n = s->workspace ? strlen(s->workspace) : 0;

    if (!d->path)
        return str_c(d->uri);
    if (n > 0 && strncmp(d->path, s->workspace, n) == 0 && d->path[n] == '/')
        return str_c(d->path + n + 1);
    return str_c(d->path);
}

int session_open(struct session *s, const char *uri, const char *language_id, int version, struct str text, struct err *e)
{
    AUTO_FREE char *path = fs_uri_to_path(str_c(uri));
    const struct lang *lang = lang_of(str_c(language_id), path, text);
    const struct grammar *g;
    struct document *d;
    int r;

    if (text.n > MAX_DOCUMENT_BYTES)
        return err_set(e, ERR_TOO_BIG, "%s has %zu bytes, more than the %u that are handled", uri, text.n, MAX_DOCUMENT_BYTES);
    if (documents_get(s->docs, uri))
        (void)session_close(s, uri, NULL); /* opened twice: the newer text counts */
    d = document_new(uri, lang, version, text);
    r = documents_put(s->docs, d, e);
    if (r < 0) {
        document_unref(d);
        return r;
    }
    g = lang->grammar ? grammars_get(s->grammars, lang->grammar, NULL) : NULL;
    if (g)
        d->syntax = syntax_new(lang, g, d->rope);
    corpus_open(s->corpus, d);
    session_touch(s);
    return 0;
}

static void change_applied(void *ctx, struct document *d, const struct doc_edit *edit, struct str text)
{
    struct session *s = ctx;

    if (d->syntax)
        syntax_edit(d->syntax, d->rope, edit->start, edit->old_end, edit->new_end);
    corpus_edit(s->corpus, d, edit, text);
}

int session_change(struct session *s, const char *uri, enum pos_encoding enc, int version, const struct doc_change *c,
                   size_t n, struct err *e)
{
    struct document *d = documents_get(s->docs, uri);

    if (!d)
        return err_set(e, ERR_INVALID, "%s was changed but is not open", uri);
    session_touch(s);
    return document_change(d, enc, version, c, n, change_applied, s, e);
}

static bool is_of_document(const struct task *t, const void *ctx)
{
    return t->doc == ctx;
}

int session_close(struct session *s, const char *uri, struct err *e)
{
    struct document *d = documents_get(s->docs, uri);

    if (!d)
        return err_set(e, ERR_INVALID, "%s was closed but is not open", uri);
    (void)document_ref(d);
    documents_remove(s->docs, uri); /* first: a callback finds it closed */
    tasks_fail(s, is_of_document, d, NULL, "the document was closed");
    s->freed_much = s->freed_much || rope_bytes(d->rope) >= MUCH_BYTES;
    session_touch(s);
    corpus_close(s->corpus, d);
    reuse_forget(s->reuse, d);
    document_unref(d);
    return 0;
}

void session_focus(struct session *s, const char *uri)
{
    free(s->focus);
    s->focus = uri ? mem_strdup(uri) : NULL;
}

const struct document *session_document(const struct session *s, const char *uri)
{
    return documents_get(s->docs, uri);
}

/* ---- tasks ---- */

struct task *task_new(struct session *s, enum task_kind kind, struct document *doc)
{
    struct task *t = mem_zalloc(sizeof *t);
    struct str path = session_path(s, doc);

    t->magic = TASK_MAGIC;
    t->kind = kind;
    t->handle = ++s->next_handle;
    t->started_us = clock_us();
    t->s = s;
    t->doc = document_ref(doc);
    t->decision = decisions_begin(s->decisions, kind);
    snprintf(t->decision->path, sizeof t->decision->path, STR_FMT, STR_ARG(path));
    t->decision->language = doc->lang->id;
    t->next = s->tasks;
    s->tasks = t;
    return t;
}

void task_set_state(struct task *t, enum task_state to)
{
    /* Back from asking to waiting is the cascade; answered is final. */
    if (BUG_ON(t->state == TASK_ANSWERED))
        return;
    t->state = to;
}

void task_fail(struct task *t, const struct err *e, const char *reason)
{
    if (t->state != TASK_ANSWERED)
        t->fail(t, e, reason);
}

void tasks_fail(struct session *s, bool (*which)(const struct task *t, const void *ctx), const void *ctx,
                const struct err *e, const char *reason)
{
    struct task *t = s->tasks;

    while (t) {
        if (t->state != TASK_ANSWERED && (!which || which(t, ctx))) {
            task_fail(t, e, reason);
            t = s->tasks; /* from the start: the list may be another one */
        } else {
            t = t->next;
        }
    }
}

void task_end(struct task *t)
{
    struct session *s = t->s;
    struct task **at = &s->tasks;

    (void)BUG_ON(t->state != TASK_ANSWERED);
    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
    t->release(t);
    decisions_end_take(s->decisions, t->decision);
    document_unref(t->doc);
    t->magic = 0;
    free(t);
    if (!s->closing)
        session_touch(s);
}

struct task *task_find(struct session *s, uint64_t handle)
{
    struct task *t = s->tasks;

    while (t && t->handle != handle)
        t = t->next;
    return t;
}

void session_cancel(struct session *s, uint64_t handle)
{
    struct task *t = task_find(s, handle);
    struct err e = {0};

    if (!t) {
        (void)question_cancel(s, handle);
        return;
    }
    err_set(&e, ERR_CANCELLED, "cancelled");
    task_fail(t, &e, NULL);
}
