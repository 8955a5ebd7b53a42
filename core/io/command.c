/* SPDX-License-Identifier: MIT */
/* posix_spawn, two pipes, one poll. The surprising thing: the end of output does not mean that the command has ended, nor
 * the other way round, since a child of its own may hold the pipe; the status is asked for after the pipes, and the same
 * time limit holds for both. */
#include "core/io/command.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

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

#define MAX_COMPLAINT 2000
#define STEP_MS 25

extern char **environ;

/* ---- words ---- */

/* Copies one word to `to` and returns the byte after it in the line, or NULL for an open quote. */
static const char *copy_word(const char *s, char **to)
{
    char quote = '\0';

    for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
        if (*s == quote) {
            quote = '\0';
        } else if (!quote && (*s == '\'' || *s == '"')) {
            quote = *s;
        } else {
            if (*s == '\\' && quote != '\'' && s[1] && (!quote || strchr("\\\"$`", s[1])))
                s++;
            *(*to)++ = *s;
        }
    }
    *(*to)++ = '\0';
    return quote ? NULL : s;
}

char **command_words(const char *line, struct err *e)
{
    size_t max = strlen(line) / 2 + 2, n = 0;
    char **words = mem_zalloc((max + 1) * sizeof *words + strlen(line) + 2);
    char *to = (char *)(words + max + 1);

    for (line += strspn(line, " \t\n"); *line; line += strspn(line, " \t\n")) {
        words[n++] = to;
        line = copy_word(line, &to);
        if (!line)
            break;
    }
    if (line && n > 0)
        return words;
    err_set(e, ERR_CONFIG, line ? "the command is empty" : "the command has an open quote");
    free(words);
    return NULL;
}

/* ---- the process ---- */

struct child {
    pid_t pid;
    int out, complaint;
};

static int spawn(struct child *c, char **words, int out, int complaint)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int r;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, complaint, 2);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    r = posix_spawnp(&c->pid, words[0], &files, &attr, words, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return r;
}

static int start(struct child *c, char **words, struct err *e)
{
    int out[2] = {-1, -1}, complaint[2] = {-1, -1};
    int r = 0;

    *c = (struct child){.out = -1, .complaint = -1};
    if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(complaint, O_CLOEXEC | O_NONBLOCK) < 0) {
        r = errno;
    } else {
        /* The command's ends block, as programs expect of what they print to. */
        (void)fcntl(out[1], F_SETFL, 0);
        (void)fcntl(complaint[1], F_SETFL, 0);
        r = spawn(c, words, out[1], complaint[1]);
    }
    c->out = out[0];
    c->complaint = complaint[0];
    mem_auto_close(&out[1]);
    mem_auto_close(&complaint[1]);
    if (r == 0)
        return 0;
    mem_auto_close(&c->out);
    mem_auto_close(&c->complaint);
    return err_set_errno(e, r, "cannot run '%.80s'", words[0]);
}

/* Reads what is there; what is too much is read and dropped, so that the command never waits for us. False at the end. */
static bool take(int fd, struct buf *b)
{
    char room[4096];
    ssize_t n = read(fd, room, sizeof room);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    buf_add(b, room, (size_t)n);
    mem_wipe(room, sizeof room);
    return true;
}

static int time_left(uint64_t until, const atomic_bool *stop, struct err *e)
{
    if (stop && atomic_load(stop))
        return err_set(e, ERR_CANCELLED, "the command was stopped");
    if (clock_ms() >= until)
        return err_set(e, ERR_TIMEOUT, "the command did not end in time");
    return 0;
}

static int collect(struct child *c, uint64_t until, const atomic_bool *stop, struct buf *out, struct buf *complaint,
                   struct err *e)
{
    struct pollfd fds[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->complaint, .events = POLLIN}};
    struct buf *to[2] = {out, complaint};
    int r = 0;

    while (r == 0 && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
        r = time_left(until, stop, e);
        if (r < 0 || poll(fds, 2, STEP_MS) <= 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (fds[i].fd >= 0 && fds[i].revents && !take(fds[i].fd, to[i]))
                fds[i].fd = -1;
        if (out->overflow)
            r = err_set(e, ERR_TOO_BIG, "the command prints more than %zu bytes", out->max);
    }
    return r;
}

static int await(struct child *c, uint64_t until, const atomic_bool *stop, int *status, struct err *e)
{
    struct timespec nap = {.tv_nsec = 2000000};
    int r = 0;

    while (r == 0) {
        pid_t got = waitpid(c->pid, status, WNOHANG);

        if (got == c->pid)
            return 0;
        if (got < 0 && errno != EINTR)
            return err_set_errno(e, errno, "cannot wait for the command");
        r = time_left(until, stop, e);
        nanosleep(&nap, NULL);
    }
    return r;
}

static int judge(const char *name, int status, const struct buf *complaint, struct err *e)
{
    AUTO_BUF struct buf clean = {0};
    struct str rest = buf_str(complaint), line = STR_NULL;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    while (rest.n > 0 && line.n == 0)
        line = str_trim(str_line(&rest));
    buf_init(&clean, 4 * MAX_COMPLAINT);
    utf8_neutralise(str_sub(line, 0, 120), &clean);
    return err_set(e, ERR_IO, "'%.40s' failed (%s %d)%s%s", name, WIFEXITED(status) ? "status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), clean.n ? ": " : "", clean.n ? clean.p : "");
}

int command_run(const char *line, int timeout_ms, const atomic_bool *stop, struct buf *out, struct err *e)
{
    uint64_t until = clock_ms() + (uint64_t)timeout_ms;
    AUTO_FREE char **words = command_words(line, e);
    AUTO_BUF struct buf complaint;
    struct child c;
    int status = 0, r;

    buf_init(&complaint, MAX_COMPLAINT);
    if (!words)
        return ERR_CONFIG;
    r = start(&c, words, e);
    if (r < 0)
        return r;
    r = collect(&c, until, stop, out, &complaint, e);
    if (r == 0)
        r = await(&c, until, stop, &status, e);
    if (r < 0) {
        kill(-c.pid, SIGKILL);
        while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
            ;
    } else {
        r = judge(words[0], status, &complaint, e);
    }
    mem_auto_close(&c.out);
    mem_auto_close(&c.complaint);
    return r;
}
