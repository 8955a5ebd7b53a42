/* SPDX-License-Identifier: MIT */
/* A compute plugin for tests of the session: it answers what its options say, as late as they say, and aborts the process
 * when the host breaks a rule: calls that overlap, a cancelled call that is not told, text that is not what was told.
 *
 * Options: text (candidates, separated by '|'), sure (0..1, of the first one; each further one has half), ms, fails,
 * no_stop. With mirror=1 it keeps a copy of the corpus and compares the request's prefix and suffix with it. */
#include "plugins/ext/compute.h"
#include "plugins/ext/corpus.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FILES 64

struct file {
    char *path, *text;
    size_t npath, n;
};

struct slow {
    const struct sy_host *host;
    atomic_int inside;
    long ms;
    double sure;
    int fails, no_stop, mirror;
    struct file files[MAX_FILES];
};

static void enter(struct slow *s)
{
    if (atomic_fetch_add(&s->inside, 1) != 0)
        abort();
}

static void leave(struct slow *s)
{
    atomic_fetch_sub(&s->inside, 1);
}

static double number(const struct sy_host *host, const char *key, double dflt)
{
    struct sy_str v = host->option(host->ctx, key);
    char text[32] = "";

    if (!v.p || v.n >= sizeof text)
        return dflt;
    memcpy(text, v.p, v.n);
    return strtod(text, NULL);
}

static int slow_open(const struct sy_host *host, void **self)
{
    struct slow *s = calloc(1, sizeof *s);

    if (!s)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    s->host = host;
    s->ms = (long)number(host, "ms", 0);
    s->sure = number(host, "sure", 0.9);
    s->fails = (int)number(host, "fails", 0);
    s->no_stop = (int)number(host, "no_stop", 0);
    s->mirror = (int)number(host, "mirror", 0);
    if (number(host, "no_open", 0) > 0) {
        free(s);
        return host->fail(host->ctx, SY_EREQUEST, "no_open must not be %d", 1);
    }
    *self = s;
    return SY_OK;
}

static void file_clear(struct file *f)
{
    free(f->path);
    free(f->text);
    memset(f, 0, sizeof *f);
}

static void slow_close(void *self)
{
    struct slow *s = self;

    enter(s);
    for (size_t i = 0; i < MAX_FILES; i++)
        file_clear(&s->files[i]);
    free(s);
}

static struct file *find(struct slow *s, struct sy_str path)
{
    for (size_t i = 0; i < MAX_FILES; i++)
        if (s->files[i].path && s->files[i].npath == path.n && memcmp(s->files[i].path, path.p, path.n) == 0)
            return &s->files[i];
    return NULL;
}

static char *copy(struct sy_str s)
{
    char *p = malloc(s.n + 1);

    if (!p)
        abort();
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

/* ---- sy.corpus/1 ---- */

static int slow_put(void *self, struct sy_str path, struct sy_str language, struct sy_str text, uint32_t flags)
{
    struct slow *s = self;
    struct file *f;

    (void)language;
    (void)flags;
    enter(s);
    f = find(s, path);
    for (size_t i = 0; !f && i < MAX_FILES; i++)
        f = s->files[i].path ? NULL : &s->files[i];
    if (f) {
        file_clear(f);
        *f = (struct file){copy(path), copy(text), path.n, text.n};
    }
    leave(s);
    return SY_OK;
}

static int slow_edit(void *self, struct sy_str path, uint64_t start, uint64_t old_end, struct sy_str text)
{
    struct slow *s = self;
    struct file *f;

    enter(s);
    f = find(s, path);
    if (f) {
        char *now;

        if (start > old_end || old_end > f->n)
            abort();
        now = malloc(f->n - (old_end - start) + text.n + 1);
        if (!now)
            abort();
        memcpy(now, f->text, start);
        if (text.n)
            memcpy(now + start, text.p, text.n);
        memcpy(now + start + text.n, f->text + old_end, f->n - old_end);
        f->n = f->n - (old_end - start) + text.n;
        free(f->text);
        f->text = now;
    }
    leave(s);
    return SY_OK;
}

static int slow_drop(void *self, struct sy_str path)
{
    struct slow *s = self;
    struct file *f;

    enter(s);
    f = find(s, path);
    if (f)
        file_clear(f);
    leave(s);
    return SY_OK;
}

/* ---- sy.compute/1 ---- */

/* What the host told of the document must be what it asks about. */
static void compare(struct slow *s, const struct sy_request *req)
{
    struct file *f = find(s, req->path);

    if (!f)
        return;
    if (req->caret > f->n || req->prefix.n > req->caret || req->suffix.n > f->n - req->caret ||
        memcmp(f->text + req->caret - req->prefix.n, req->prefix.p ? req->prefix.p : "", req->prefix.n) != 0 ||
        memcmp(f->text + req->caret, req->suffix.p ? req->suffix.p : "", req->suffix.n) != 0)
        abort();
}

static int emit_all(struct slow *s, const struct sy_sink *sink)
{
    struct sy_str text = s->host->option(s->host->ctx, "text");
    double sure = s->sure;

    while (text.n > 0) {
        const char *bar = memchr(text.p, '|', text.n);
        size_t n = bar ? (size_t)(bar - text.p) : text.n;
        struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_CANDIDATE, .text = {text.p, n}, .n = {(uint64_t)(sure * 1e6)}};

        if (sink->emit(sink->ctx, &ev) < 0)
            return -1;
        sure /= 2;
        n += bar != NULL;
        text.p += n;
        text.n -= n;
    }
    return 0;
}

static int slow_run(void *self, const struct sy_request *req, const struct sy_sink *sink, const struct sy_cancel *cancel)
{
    struct slow *s = self;
    struct sy_event stop = {.size = sizeof stop, .kind = SY_EV_STOP};

    enter(s);
    for (long i = 0; i < s->ms && !cancel->is_cancelled(cancel->ctx); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (s->mirror)
        compare(s, req);
    if (s->fails) {
        leave(s);
        return s->host->fail(s->host->ctx, SY_EINTERNAL, "told to fail");
    }
    if (emit_all(s, sink) == 0 && !s->no_stop)
        sink->emit(sink->ctx, &stop);
    leave(s);
    return SY_OK;
}

static const struct sy_compute compute = {.size = sizeof compute, .run = slow_run};
static const struct sy_corpus corpus = {.size = sizeof corpus, .put = slow_put, .edit = slow_edit, .drop = slow_drop};

static const void *slow_extension(const char *id)
{
    if (strcmp(id, SY_EXT_COMPUTE) == 0)
        return &compute;
    return strcmp(id, SY_EXT_CORPUS) == 0 ? &corpus : NULL;
}

static const struct sy_provider slow = {
    SY_PROVIDER_INIT,
    .name = "slow",
    .version = "1",
    .summary = "answers what and when it is told, for tests",
    .options = "text sure ms fails no_stop mirror no_open",
    .caps = SY_CAP_FIM | SY_CAP_LOCAL,
    .open = slow_open,
    .close = slow_close,
    .extension = slow_extension,
};

SY_PROVIDER_ENTRY(slow)
{
    return &slow;
}
