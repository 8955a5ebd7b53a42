/* SPDX-License-Identifier: MIT */
/* Credentials for plugins. One provider keeps the output of the few commands that it named; a second exchange that needs
 * a command which is running waits for the same run. A failure is remembered for a moment only: long enough for the
 * exchange that waited to hear of it, short enough that a user who logged in again is not told the old story. */
#include "core/engine/host_auth.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/io/command.h"
#include "plugins/ext/credentials.h"
#include "plugins/ext/sign.h"

#include <stdio.h>
#include <string.h>

#define MAX_SECRET_BYTES (64u << 10)
#define MAX_COMMANDS 4
#define MAX_LENT 16
#define COMMAND_MS 60000
#define FAILURE_MS 3000

struct command {
    struct job job;
    struct provider *p;
    char *line;
    struct buf out;
    struct err error;
    uint64_t at_ms; /* when it ended; 0: not yet */
    bool running;
};

struct host_auth {
    struct command *commands[MAX_COMMANDS];
    size_t ncommands;
    struct buf lent[MAX_LENT];
    size_t nlent;
    bool open, later; /* in a call that may ask; which asked for a command that is running */
    struct exchange *waiting;
};

static void wipe(struct buf *b)
{
    if (b->p)
        mem_wipe(b->p, b->cap);
    buf_fini(b);
}

static int refuse(struct provider *p, int code, const char *what)
{
    return p->host.fail(p, code, "%s", what);
}

static int not_now(struct provider *p)
{
    return refuse(p, SY_EINTERNAL, "the plugin asked for credentials outside of begin(), models() and sign()");
}

/* ---- variables and files ---- */

static struct sy_str credentials_env(void *ctx, const char *name)
{
    const char *v = getenv(name);

    (void)ctx;
    return v && *v ? (struct sy_str){v, strlen(v)} : (struct sy_str){NULL, 0};
}

static struct buf *lend(struct provider *p)
{
    struct buf *b;

    if (!p->auth || !p->auth->open || p->auth->nlent == MAX_LENT)
        return NULL;
    b = &p->auth->lent[p->auth->nlent++];
    buf_init(b, MAX_SECRET_BYTES);
    return b;
}

/* Absolute, or below the home; heap, NULL otherwise. */
static char *resolve(const char *path)
{
    const char *home = getenv("HOME");

    if (path[0] == '/')
        return mem_strdup(path);
    return strncmp(path, "~/", 2) == 0 && home && home[0] == '/' ? fs_join(home, path + 2) : NULL;
}

static int credentials_file(void *ctx, const char *path, struct sy_str *ret)
{
    struct provider *p = ctx;
    AUTO_FREE char *file = resolve(path);
    struct err e = {0};
    struct buf *b;

    *ret = (struct sy_str){NULL, 0};
    if (!file)
        return p->host.fail(p, SY_EAUTH, "the path '%.100s' is neither absolute nor below the home folder", path);
    if (!fs_is_file(file))
        return SY_OK;
    b = lend(p);
    if (!b)
        return not_now(p);
    buf_reserve(b, MAX_SECRET_BYTES); /* never moves, so that no copy is left behind */
    if (fs_check_private(file, &e) < 0 || fs_read(file, b, &e) < 0)
        return refuse(p, SY_EAUTH, e.text);
    *ret = (struct sy_str){b->p ? b->p : "", b->n};
    return SY_OK;
}

/* ---- commands ---- */

static struct command *find_command(struct provider *p, const char *line)
{
    struct host_auth *a = p->auth;
    struct command *c;

    for (size_t i = 0; i < a->ncommands; i++)
        if (strcmp(a->commands[i]->line, line) == 0)
            return a->commands[i];
    if (a->ncommands == MAX_COMMANDS)
        return NULL;
    c = mem_zalloc(sizeof *c);
    c->p = p;
    c->line = mem_strdup(line);
    buf_init(&c->out, MAX_SECRET_BYTES);
    a->commands[a->ncommands++] = c;
    return c;
}

static void command_work(struct job *j)
{
    struct command *c = CONTAINER_OF(j, struct command, job);

    command_run(c->line, COMMAND_MS, &j->cancelled, &c->out, &c->error);
}

static bool is_running(const struct host_auth *a)
{
    bool running = false;

    for (size_t i = 0; i < a->ncommands; i++)
        running = running || a->commands[i]->running;
    return running;
}

static void command_done(struct job *j)
{
    struct command *c = CONTAINER_OF(j, struct command, job);
    struct host_auth *a = c->p->auth;

    if (!j->ran)
        err_set(&c->error, ERR_CANCELLED, "the credential command did not run");
    c->running = false;
    c->at_ms = clock_ms();
    c->p->busy--;
    /* Each may cancel others of the list, or start new ones that wait in it for another command. */
    while (a->waiting && !is_running(a)) {
        struct exchange *x = a->waiting;

        a->waiting = x->next_waiting;
        x->next_waiting = NULL;
        exchange_http_resume(x);
    }
}

static void command_start(struct command *c)
{
    wipe(&c->out);
    buf_init(&c->out, MAX_SECRET_BYTES);
    buf_reserve(&c->out, MAX_SECRET_BYTES);
    err_clear(&c->error);
    c->running = true;
    c->at_ms = 0;
    c->job = (struct job){.run = command_work, .done = command_done};
    c->p->busy++;
    pool_submit(c->p->pool, &c->job);
}

/* A failure is tried again after a while, an answer when it is too old; max_age_ms 0: never. */
static bool command_is_due(const struct command *c, uint64_t max_age_ms)
{
    uint64_t limit = c->error.code ? FAILURE_MS : max_age_ms ? max_age_ms : UINT64_MAX;

    return !c->running && (!c->at_ms || clock_ms() - c->at_ms > limit);
}

static int credentials_command(void *ctx, const char *line, uint64_t max_age_ms, struct sy_str *ret)
{
    struct provider *p = ctx;
    struct command *c = p->auth && p->auth->open ? find_command(p, line) : NULL;

    *ret = (struct sy_str){NULL, 0};
    if (!c)
        return p->auth && p->auth->open ? refuse(p, SY_EAUTH, "too many credential commands") : not_now(p);
    if (command_is_due(c, max_age_ms))
        command_start(c);
    if (c->running) {
        p->auth->later = true;
        return p->host.fail(p, SY_EAGAIN, "the credential command has not ended yet");
    }
    if (c->error.code)
        return p->host.fail(p, SY_EAUTH, "no credentials: %s", c->error.text);
    *ret = (struct sy_str){c->out.p ? c->out.p : "", c->out.n};
    return SY_OK;
}

const void *host_credentials(void)
{
    static const struct sy_credentials table = {.size = sizeof table, .env = credentials_env, .file = credentials_file,
                                                .command = credentials_command};

    return &table;
}

/* ---- calls ---- */

void host_auth_begin(struct provider *p)
{
    if (!p->auth)
        p->auth = mem_zalloc(sizeof *p->auth);
    p->auth->open = true;
    p->auth->later = false;
}

bool host_auth_end(struct provider *p)
{
    for (size_t i = 0; i < p->auth->nlent; i++)
        wipe(&p->auth->lent[i]);
    p->auth->nlent = 0;
    p->auth->open = false;
    return p->auth->later;
}

void host_auth_close(struct provider *p)
{
    if (!p->auth)
        return;
    for (size_t i = 0; i < p->auth->ncommands; i++) {
        wipe(&p->auth->commands[i]->out);
        free(p->auth->commands[i]->line);
        free(p->auth->commands[i]);
    }
    free(p->auth);
    p->auth = NULL;
}

void host_auth_wait(struct exchange *x)
{
    struct exchange **at = &x->p->auth->waiting;

    while (*at)
        at = &(*at)->next_waiting;
    *at = x;
}

void host_auth_forget(struct exchange *x)
{
    struct exchange **at = x->p->auth ? &x->p->auth->waiting : NULL;

    while (at && *at && *at != x)
        at = &(*at)->next_waiting;
    if (at && *at)
        *at = x->next_waiting;
}

/* ---- signing ---- */

int host_sign(struct request *r, const struct sy_http *http)
{
    const struct sy_provider *api = &r->p->plugin->api;
    const struct sy_sign *ext = api->extension ? api->extension(SY_EXT_SIGN) : NULL;
    struct sy_header headers[MAX_REQUEST_HEADERS];
    struct sy_unsigned what = {.size = sizeof what, .method = r->method, .url = {r->url.p, r->url.n}, .header = headers,
                               .header_stride = sizeof headers[0], .body = {r->body.p, r->body.n},
                               .has_key = r->has_key,
                               .now_ms = r->p->bench_now_ms ? r->p->bench_now_ms : clock_wall_ms()};

    if (!ext || !SY_HAS(ext, sign) || !ext->sign)
        return SY_OK;
    for (size_t i = 0; i < r->nheaders; i++)
        if (!r->secret[i])
            headers[what.nheader++] = (struct sy_header){{r->headers[i].name.p, r->headers[i].name.n},
                                                         {r->headers[i].value.p, r->headers[i].value.n}};
    return ext->sign(r->p->self, r->x, &what, http);
}
