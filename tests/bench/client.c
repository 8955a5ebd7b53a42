/* SPDX-License-Identifier: MIT */
/* Pipes, framing, /proc. */
#include "tests/bench/client.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_US 10e6

extern char **environ;

double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void pause_us(double us)
{
    struct timespec t = {(time_t)(us / 1e6), (long)(us - (double)(time_t)(us / 1e6) * 1e6) * 1000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

/* ---- input ---- */

static void on_message(void *ctx, struct str body)
{
    static const struct str head = {"{\"jsonrpc\":\"2.0\",\"id\":", 22};
    struct client *c = ctx;
    struct answer *a;
    char *end;
    long id;

    if (!str_starts(body, head))
        return; /* a notification */
    id = strtol(body.p + head.n, &end, 10);
    if (id < 0 || id >= MAX_ANSWERS)
        die("an answer to nothing that was asked");
    a = &c->answers[id];
    a->at_us = c->read_us;
    a->error = strncmp(end, ",\"error\"", 8) == 0;
    a->has_items = !a->error && str_find(body, STR("\"insertText\"")) >= 0;
}

static void on_error(void *ctx, const struct err *e)
{
    (void)ctx;
    die("the server's framing: %s", e->text);
}

static const struct frame_handler handler = {on_message, on_error};

/* Reads what there is, after waiting at most so long for it. */
static bool read_some(struct client *c, double wait_us)
{
    static char bytes[256 << 10];
    struct pollfd p = {.fd = c->out, .events = POLLIN};
    struct timespec t = {(time_t)(wait_us / 1e6), (long)(wait_us - (double)(time_t)(wait_us / 1e6) * 1e6) * 1000};
    ssize_t n;

    if (ppoll(&p, 1, &t, NULL) <= 0)
        return false;
    n = read(c->out, bytes, sizeof bytes);
    c->read_us = now_us();
    if (n <= 0)
        die("the server ended");
    frame_feed(&c->frame, (struct str){bytes, (size_t)n});
    return true;
}

void client_pump(struct client *c, double for_us)
{
    double end = now_us() + for_us, left = for_us;

    do
        (void)read_some(c, left > 0 ? left : 0);
    while ((left = end - now_us()) > 0);
}

const struct answer *client_wait(struct client *c, int id)
{
    double end = now_us() + WAIT_US;

    while (c->answers[id].at_us <= 0) {
        double left = end - now_us();

        if (left <= 0)
            die("no answer to request %d within %g s", id, WAIT_US / 1e6);
        (void)read_some(c, left);
    }
    return &c->answers[id];
}

/* ---- output ---- */

static void client_send(struct client *c)
{
    AUTO_BUF struct buf framed;
    size_t done = 0;

    buf_init(&framed, 64u << 20);
    if (c->text.overflow || !frame_write(&framed, buf_str(&c->text)))
        die("a message is too long");
    c->written_us = now_us();
    while (done < framed.n) {
        ssize_t n = write(c->in, framed.p + done, framed.n - done);

        if (n < 0)
            die("cannot write to the server: %s", strerror(errno));
        done += (size_t)n;
    }
    buf_reset(&c->text);
}

void client_notify(struct client *c, const char *method, struct str params_json)
{
    buf_addf(&c->text, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
    buf_addstr(&c->text, params_json);
    buf_addc(&c->text, '}');
    client_send(c);
}

int client_request(struct client *c, const char *method, struct str params_json)
{
    int id = ++c->next_id;

    if (id >= MAX_ANSWERS)
        die("too many requests");
    buf_addf(&c->text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":", id, method);
    buf_addstr(&c->text, params_json);
    buf_addc(&c->text, '}');
    client_send(c);
    return id;
}

double client_ping(struct client *c)
{
    return client_wait(c, client_request(c, "bench/ping", STR("{}")))->at_us;
}

/* ---- life ---- */

static void spawn(struct client *c, char *const argv[])
{
    int to[2], from[2], r;
    posix_spawn_file_actions_t actions;

    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        die("cannot make pipes");
    (void)fcntl(to[1], F_SETPIPE_SZ, 1 << 20);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    c->spawned_us = now_us();
    r = posix_spawn(&c->pid, argv[0], &actions, NULL, argv, environ);
    if (r != 0)
        die("cannot start %s: %s", argv[0], strerror(r));
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    c->in = to[1];
    c->out = from[0];
}

struct client *client_start(char *const argv[])
{
    struct client *c = mem_zalloc(sizeof *c);

    signal(SIGPIPE, SIG_IGN);
    frame_init(&c->frame, 64u << 20, &handler, c);
    buf_init(&c->text, 64u << 20);
    spawn(c, argv);
    return c;
}

double client_initialize(struct client *c)
{
    AUTO_BUF struct buf b;
    double at;

    buf_init(&b, 1024);
    buf_addf(&b, "{\"processId\":%d,\"rootUri\":null,\"capabilities\":{\"general\":{\"positionEncodings\":[\"utf-16\"]},"
                 "\"textDocument\":{\"inlineCompletion\":{}}}}", (int)getpid());
    at = client_wait(c, client_request(c, "initialize", buf_str(&b)))->at_us;
    client_notify(c, "initialized", STR("{}"));
    return at - c->spawned_us;
}

void client_stop(struct client *c)
{
    double end = now_us() + WAIT_US;
    int status;

    (void)client_wait(c, client_request(c, "shutdown", STR("null")));
    client_notify(c, "exit", STR("null"));
    close(c->in);
    while (waitpid(c->pid, &status, WNOHANG) == 0) {
        if (now_us() > end) {
            kill(c->pid, SIGKILL);
            die("the server did not end after 'exit'");
        }
        pause_us(500);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die("the server ended with status %d", status);
    close(c->out);
    frame_fini(&c->frame);
    buf_fini(&c->text);
    free(c);
}

/* ---- usage ---- */

double client_cpu_us(const struct client *c)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(c->pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        die("cannot read the server's CPU time");
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The sum of the kB or counts behind `key` in a file of "key: number" lines. */
static double proc_sum(const char *path, const char *key)
{
    FILE *f = fopen(path, "re");
    char line[256];
    double sum = 0;

    while (f && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, key);

        if (at)
            sum += strtod(at + strlen(key), NULL);
    }
    if (f)
        fclose(f);
    return sum;
}

static void read_threads(const struct client *c, struct usage *u)
{
    char path[300];
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/task", (int)c->pid);
    dir = opendir(path);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        if (d->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)c->pid, d->d_name);
        u->switches += proc_sum(path, "ctxt_switches:");
        u->threads++;
    }
    if (dir)
        closedir(dir);
}

struct usage client_usage(const struct client *c)
{
    struct usage u = {.cpu_us = client_cpu_us(c)};
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)c->pid);
    u.rss_mb = proc_sum(path, "Rss:") / 1024;
    u.pss_mb = proc_sum(path, "Pss:") / 1024;
    u.uss_mb = (proc_sum(path, "Private_Clean:") + proc_sum(path, "Private_Dirty:")) / 1024;
    read_threads(c, &u);
    return u;
}
