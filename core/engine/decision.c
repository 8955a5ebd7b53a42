/* SPDX-License-Identifier: MIT */
/* A ring in memory, a bounded file of JSON lines on disk, and the text that `switchyard explain` prints. */
#include "core/engine/decision.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NAME "decisions.jsonl"

struct decisions {
    struct decision ring[MAX_DECISIONS];
    uint64_t begun, ended;   /* records ever; the newest ended one is ring[(ended - 1) % MAX_DECISIONS] */
    char *dir, *path;
    struct buf waiting;      /* lines to write */
    char problem[256];
};

static void write_decision(const struct decision *d, struct buf *b);

struct decisions *decisions_new(const char *state_dir)
{
    struct decisions *ds = mem_zalloc(sizeof *ds);

    ds->dir = state_dir ? mem_strdup(state_dir) : NULL;
    ds->path = state_dir ? fs_join(state_dir, FILE_NAME) : NULL;
    buf_init(&ds->waiting, MAX_DECISION_FILE_BYTES / 2);
    return ds;
}

void decisions_free(struct decisions *ds)
{
    if (!ds)
        return;
    decisions_flush(ds);
    buf_fini(&ds->waiting);
    free(ds->dir);
    free(ds->path);
    free(ds);
}

struct decision *decisions_begin(struct decisions *ds, enum task_kind task)
{
    struct decision *d = mem_zalloc(sizeof *d);
    int64_t now = clock_wall_ms();

    /* Unique on a machine: time, process, counter. Short enough to type. */
    snprintf(d->id, sizeof d->id, "%06" PRIx64 "-%04x-%" PRIx64, (uint64_t)(now / 1000) & 0xffffff,
             (unsigned)getpid() & 0xffff, ds->begun & 0xffffff);
    ds->begun++;
    d->wall_ms = now;
    d->task = task;
    d->confidence = -1;
    return d;
}

bool decisions_pending(const struct decisions *ds)
{
    return ds->waiting.n > 0;
}

const char *decisions_problem(const struct decisions *ds)
{
    return ds->problem[0] ? ds->problem : NULL;
}

void decisions_end_take(struct decisions *ds, struct decision *d)
{
    ds->ring[ds->ended++ % MAX_DECISIONS] = *d;
    if (ds->path) {
        size_t n = ds->waiting.n;

        write_decision(d, &ds->waiting);
        if (!buf_addc(&ds->waiting, '\n')) { /* a record that does not fit is lost; the memory ring has it */
            ds->waiting.n = n;
            ds->waiting.overflow = false;
            if (ds->waiting.p)
                ds->waiting.p[n] = '\0';
        }
    }
    free(d);
}

/* ---- the file ---- */

/* The file's last bytes, at most b->max of them, from a line start. Whatever its size: others write it, too. */
static int read_newest(const char *path, struct buf *b, struct err *e)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    size_t room = b->max, skip;
    struct stat st;
    ssize_t got = 0;
    char *to, *nl;
    off_t at;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set_errno(e, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_IO, "'%s' is not a regular file", path);
    at = st.st_size > (off_t)room ? st.st_size - (off_t)room : 0;
    skip = at > 0;
    while (b->n < room && (to = buf_reserve(b, room - b->n)) && (got = pread(fd, to, room - b->n, at + (off_t)b->n)) > 0)
        buf_commit(b, (size_t)got);
    if (got < 0)
        return err_set_errno(e, errno, "cannot read '%s'", path);
    if (skip) {
        nl = memchr(b->p, '\n', b->n);
        buf_consume(b, nl ? (size_t)(nl - b->p) + 1 : b->n);
    }
    return 0;
}

/* Keeps the newest half of what the file may have. */
static void cut_file(struct decisions *ds, struct err *e)
{
    AUTO_BUF struct buf b;

    buf_init(&b, MAX_DECISION_FILE_BYTES / 2);
    if (read_newest(ds->path, &b, e) == 0)
        (void)fs_write_atomic(ds->path, buf_str(&b), e);
}

/* One write for all, so that lines of several processes do not mix. A line that somebody could not finish is ended. */
static int append(int fd, const struct decisions *ds, off_t size, struct err *e)
{
    char end = '\n', last = end;
    struct iovec v[2] = {{.iov_base = &end}, {ds->waiting.p, ds->waiting.n}};

    if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != end)
        v[0].iov_len = 1;
    errno = 0;
    if (writev(fd, v, 2) != (ssize_t)(v[0].iov_len + v[1].iov_len))
        return err_set_errno(e, errno ? errno : ENOSPC, "cannot write '%s'", ds->path);
    return 0;
}

void decisions_flush(struct decisions *ds)
{
    struct err e = {0};
    struct stat st;

    if (!ds->path || ds->waiting.n == 0)
        return;
    if (fs_mkdirs(ds->dir, &e) >= 0) {
        AUTO_FD int fd = open(ds->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

        if (fd < 0 || fstat(fd, &st) < 0)
            err_set_errno(&e, errno, "cannot write '%s'", ds->path);
        else if (append(fd, ds, st.st_size, &e) == 0 &&
                 st.st_size + (off_t)ds->waiting.n > (off_t)MAX_DECISION_FILE_BYTES)
            cut_file(ds, &e);
    }
    snprintf(ds->problem, sizeof ds->problem, "%s", e.text);
    buf_reset(&ds->waiting);
}

const struct decision *decisions_find(const struct decisions *ds, const char *id)
{
    if (!id)
        return ds->ended ? &ds->ring[(ds->ended - 1) % MAX_DECISIONS] : NULL;
    for (size_t i = 0; i < MAX_DECISIONS; i++)
        if (ds->ring[i].id[0] && strcmp(ds->ring[i].id, id) == 0)
            return &ds->ring[i];
    return NULL;
}

/* ---- JSON ---- */

static void write_text(struct buf *b, const char *key, const char *text)
{
    buf_addf(b, ",\"%s\":", key);
    json_quote(str_c(text), b);
}

static void write_real(struct buf *b, const char *key, double v)
{
    buf_addf(b, ",\"%s\":%.6g", key, isfinite(v) ? v : 0.0);
}

static void write_count(struct buf *b, const char *key, uint64_t n)
{
    buf_addf(b, ",\"%s\":%" PRIu64, key, n);
}

static void write_candidate(const struct decision *d, size_t i, struct buf *b)
{
    const struct route_candidate *c = &d->choice.c[i];

    buf_adds(b, i ? ",{\"target\":" : "{\"target\":");
    json_quote(str_c(d->names[i] ? d->names[i] : "?"), b);
    if (c->drop != ROUTE_KEPT) {
        buf_adds(b, ",\"kept\":false");
        write_text(b, "dropped", route_drop_text(c->drop));
    } else {
        buf_addf(b, ",\"kept\":true,\"score\":{\"cost\":%.6g", c->cost);
        write_real(b, "latency", c->latency);
        write_real(b, "total", c->score);
        buf_addc(b, '}');
    }
    buf_addc(b, '}');
}

static void write_attempt(const struct decision_attempt *a, bool first, struct buf *b)
{
    buf_adds(b, first ? "{\"target\":" : ",{\"target\":");
    json_quote(str_c(a->target), b);
    write_text(b, "result", a->err_code ? err_name(a->err_code) : "answered");
    write_count(b, "first_us", a->first_us);
    write_count(b, "total_us", a->total_us);
    write_count(b, "request_bytes", a->request_bytes);
    write_count(b, "answer_bytes", a->answer_bytes);
    if (a->words[0])
        write_text(b, "why", a->words);
    if (a->confidence >= 0)
        write_real(b, "confidence", a->confidence);
    if (a->tokens_in + a->tokens_out)
        buf_addf(b, ",\"tokens\":{\"in\":%" PRIu64 ",\"out\":%" PRIu64 "}", (uint64_t)a->tokens_in, (uint64_t)a->tokens_out);
    buf_addc(b, '}');
}

/* By hand, because there is one for every completion and building JSON values first costs three times as much. */
static void write_decision(const struct decision *d, struct buf *b)
{
    char iso[32];

    clock_iso(d->wall_ms, iso);
    buf_addf(b, "{\"id\":\"%s\",\"time\":\"%s\"", d->id, iso);
    write_text(b, "task", task_name(d->task));
    write_text(b, "path", d->path);
    write_text(b, "language", d->language ? d->language : "");
    write_count(b, "line", (uint64_t)d->line + 1);
    write_count(b, "column", (uint64_t)d->col8 + 1);
    write_text(b, "trigger", d->invoked ? "invoked" : "automatic");
    buf_adds(b, ",\"candidates\":[");
    for (size_t i = 0; i < d->choice.n; i++)
        write_candidate(d, i, b);
    buf_adds(b, "],\"attempts\":[");
    for (size_t i = 0; i < d->nattempts; i++)
        write_attempt(&d->attempts[i], i == 0, b);
    buf_addc(b, ']');
    write_count(b, "total_us", d->total_us);
    if (d->task == TASK_COMPLETE)
        write_real(b, "threshold", d->threshold);
    if (d->served_by)
        write_text(b, "served_by", d->served_by);
    if (d->confidence >= 0)
        write_real(b, "confidence", d->confidence);
    if (d->reason[0])
        write_text(b, "reason", d->reason);
    buf_addf(b, ",\"request\":{\"prompt_tokens\":%u,\"answer_tokens\":%u,\"seed\":\"%016" PRIx64 "\"}}", d->request.prompt_tokens,
             d->request.answer_tokens, d->request.seed);
}

json_t *decision_json(const struct decision *d)
{
    AUTO_BUF struct buf b;

    buf_init(&b, MAX_DECISION_FILE_BYTES);
    write_decision(d, &b);
    return json_parse(buf_str(&b), "decision", NULL);
}

/* ---- for people ---- */

static void explain_candidates(const json_t *d, struct buf *out)
{
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(d, "candidates"), i, c) {
        const char *dropped = json_get_cstr(c, "dropped", NULL);

        buf_addf(out, "  %zu. %-20s ", i + 1, json_get_cstr(c, "target", "?"));
        if (dropped)
            buf_addf(out, "dropped: %s\n", dropped);
        else
            buf_addf(out, "kept, score %.2f (cost %.2f + latency %.2f; lower is better within a tier)\n",
                     json_get_num(json_object_get(c, "score"), "total", 0), json_get_num(json_object_get(c, "score"), "cost", 0),
                     json_get_num(json_object_get(c, "score"), "latency", 0));
    }
    if (i == 0)
        buf_adds(out, "  none\n");
}

static void explain_attempts(const json_t *d, struct buf *out)
{
    json_t *a;
    size_t i;

    json_array_foreach(json_object_get(d, "attempts"), i, a) {
        double conf = json_get_num(a, "confidence", -1);

        buf_addf(out, "  %s: %s after %.1f ms", json_get_cstr(a, "target", "?"), json_get_cstr(a, "result", "?"),
                 json_get_num(a, "total_us", 0) / 1000);
        if (conf >= 0)
            buf_addf(out, ", sure to %.0f %% (served without asking further from %.0f %%)", conf * 100,
                     json_get_num(d, "threshold", 0) * 100);
        if (json_get_cstr(a, "why", NULL))
            buf_addf(out, ": %s", json_get_cstr(a, "why", ""));
        buf_addc(out, '\n');
    }
    if (i == 0)
        buf_adds(out, "  no target was asked\n");
}

static void explain(const json_t *d, struct buf *out)
{
    const char *served = json_get_cstr(d, "served_by", NULL), *reason = json_get_cstr(d, "reason", "");

    buf_addf(out, "%s  %s  %s %s:%lld:%lld (%s)\n", json_get_cstr(d, "id", "?"), json_get_cstr(d, "time", "?"),
             json_get_cstr(d, "task", "?"), json_get_cstr(d, "path", "?"), json_get_int(d, "line", 0),
             json_get_int(d, "column", 0), json_get_cstr(d, "trigger", "?"));
    buf_addf(out, "candidates, in the order of trying (about %lld tokens of prompt):\n",
             json_get_int(json_object_get(d, "request"), "prompt_tokens", 0));
    explain_candidates(d, out);
    buf_adds(out, "asked:\n");
    explain_attempts(d, out);
    if (served)
        buf_addf(out, "served by %s in %.1f ms\n", served, json_get_num(d, "total_us", 0) / 1000);
    else
        buf_addf(out, "nothing was shown: %s\n", *reason ? reason : "no reason recorded");
}

/* A path, or a service's words, may hold what a terminal obeys. */
void decision_explain(const json_t *d, struct buf *out)
{
    AUTO_BUF struct buf raw;

    buf_init(&raw, out->max);
    explain(d, &raw);
    utf8_neutralise(buf_str(&raw), out);
}

json_t *decision_stored(const char *state_dir, const char *id, struct err *e)
{
    AUTO_FREE char *path = fs_join(state_dir, FILE_NAME);
    AUTO_BUF struct buf b;
    struct str rest, line;
    json_t *found = NULL;

    buf_init(&b, 4 * MAX_DECISION_FILE_BYTES);
    if (read_newest(path, &b, e) < 0) {
        if (e && e->code == ERR_NOT_FOUND) {
            err_clear(e);
            err_set(e, ERR_NOT_FOUND, "no decision has been recorded yet (%s is not there)", path);
        }
        return NULL;
    }
    for (rest = buf_str(&b); rest.n > 0;) {
        json_t *v;

        line = str_line(&rest);
        if (line.n == 0 || (id && str_find(line, str_c(id)) < 0))
            continue;
        v = json_parse(line, FILE_NAME, NULL); /* a torn line is skipped */
        if (json_is_object(v) && (!id || str_eqc(json_get_str(v, "id"), id))) {
            json_decref(found);
            found = v;
        } else {
            json_decref(v);
        }
    }
    if (!found)
        err_set(e, ERR_NOT_FOUND, "no decision '%s' in %s", id ? id : "", path);
    return found;
}
