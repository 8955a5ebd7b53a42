/* SPDX-License-Identifier: MIT */
/* The editor's end of the wire, blocking and simple: one request at a time. What the server asks in between is answered
 * at once, since a server may wait for it. */
#include "client.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/io/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_WAIT_MS 120000 /* a large model on a small machine */
#define EXIT_WAIT_MS 5000
#define MAX_BYTES ((size_t)64 << 20)

struct client {
    pid_t pid;
    int to, from;
    struct frame frame;
    long long last_id;
    json_t *answer; /* to last_id */
    json_t *edit;
    char message[512];
};

static void answer(struct client *c, const json_t *request, json_t *result_take);

/* A request of the server: what a plain editor would say. */
static void on_request(struct client *c, const json_t *request, const char *method)
{
    json_t *result = json_null();

    if (strcmp(method, "workspace/applyEdit") == 0) {
        json_decref(c->edit);
        c->edit = json_incref(json_get(request, "params.edit"));
        result = json_pack("{s:b}", "applied", 1);
    } else if (strcmp(method, "workspace/configuration") == 0) {
        size_t n = json_array_size(json_get(request, "params.items"));

        result = json_array();
        while (n--)
            json_array_append_new(result, json_null());
    }
    answer(c, request, result);
}

static void on_message(void *ctx, struct str body)
{
    struct client *c = ctx;
    struct err e = {0};
    AUTO_JSON json_t *m = json_parse(body, "message", &e);
    const char *method = json_get_cstr(m, "method", NULL);

    if (method && json_get(m, "id"))
        on_request(c, m, method);
    else if (method && strcmp(method, "window/showMessage") == 0)
        (void)snprintf(c->message, sizeof c->message, "%s", json_get_cstr(json_get(m, "params"), "message", ""));
    else if (!method && json_get_int(m, "id", -1) == c->last_id)
        c->answer = json_incref(m);
}

static void on_error(void *ctx, const struct err *e)
{
    (void)ctx;
    (void)e; /* the wait for the answer will say it */
}

static const struct frame_handler HANDLER = {on_message, on_error};

static int write_all(int fd, struct str s, struct err *e)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno != EINTR)
            return err_set_errno(e, errno, "cannot write to the server");
        if (n > 0)
            s = str_sub(s, (size_t)n, s.n);
    }
    return 0;
}

static int send_message(struct client *c, json_t *message_take, struct err *e)
{
    AUTO_JSON json_t *m = message_take;
    AUTO_BUF struct buf body = {0}, wire = {0};

    buf_init(&body, MAX_BYTES);
    buf_init(&wire, MAX_BYTES + 100);
    json_object_set_new(m, "jsonrpc", json_string("2.0"));
    if (!json_dump(m, &body) || !frame_write(&wire, buf_str(&body)))
        return err_set(e, ERR_TOO_BIG, "message too large");
    return write_all(c->to, buf_str(&wire), e);
}

static void answer(struct client *c, const json_t *request, json_t *result_take)
{
    struct err e = {0};

    (void)send_message(c, json_pack("{s:O, s:o}", "id", json_get(request, "id"), "result", result_take), &e);
}

/* Reads once, waiting at most `ms`. */
static int read_some(struct client *c, int ms, struct err *e)
{
    struct pollfd p = {.fd = c->from, .events = POLLIN};
    char piece[65536];
    ssize_t n;
    int r = poll(&p, 1, ms);

    if (r == 0)
        return err_set(e, ERR_TIMEOUT, "the server gave no answer within %d ms", ms);
    n = r < 0 ? -1 : read(c->from, piece, sizeof piece);
    if (n < 0)
        return errno == EINTR ? 0 : err_set_errno(e, errno, "cannot read from the server");
    if (n == 0)
        return err_set(e, ERR_IO, "the server closed the connection");
    frame_feed(&c->frame, (struct str) {piece, (size_t)n});
    return 0;
}

int client_notify(struct client *c, const char *method, json_t *params_take, struct err *e)
{
    json_t *m = json_pack("{s:s}", "method", method);

    if (params_take)
        json_object_set_new(m, "params", params_take);
    return send_message(c, m, e);
}

json_t *client_call(struct client *c, const char *method, json_t *params_take, struct err *e)
{
    json_t *m = json_pack("{s:I, s:s}", "id", (json_int_t)++c->last_id, "method", method), *error, *result;
    uint64_t end = clock_ms() + ANSWER_WAIT_MS, now;
    int r;

    if (params_take)
        json_object_set_new(m, "params", params_take);
    r = send_message(c, m, e);
    while (r == 0 && !c->answer) {
        now = clock_ms();
        r = read_some(c, now < end ? (int)(end - now) : 0, e);
    }
    if (r < 0)
        return NULL;
    m = c->answer;
    c->answer = NULL;
    error = json_get(m, "error");
    if (error)
        err_set(e, ERR_PROTO, "%s", json_get_cstr(error, "message", "no reason given"));
    result = error ? NULL : json_incref(json_get(m, "result"));
    json_decref(m);
    return result;
}

json_t *client_take_edit(struct client *c)
{
    json_t *edit = c->edit;

    c->edit = NULL;
    return edit;
}

const char *client_message(const struct client *c)
{
    return c->message;
}

pid_t client_pid(const struct client *c)
{
    return c->pid;
}

/* Starts argv with its standard output (and input, if to_child is not NULL) on pipes of ours. */
static pid_t start_child(const char *const argv[], int *to_child, int *from_child, struct err *e)
{
    int in[2] = {-1, -1}, out[2];
    pid_t pid;

    if ((to_child && pipe2(in, O_CLOEXEC) < 0) || pipe2(out, O_CLOEXEC) < 0)
        return err_set_errno(e, errno, "cannot make a pipe");
    pid = fork();
    if (pid < 0)
        return err_set_errno(e, errno, "cannot start a process");
    if (pid == 0) {
        int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (dup2(to_child ? in[0] : none, STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
            execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(out[1]);
    *from_child = out[0];
    if (to_child) {
        close(in[0]);
        *to_child = in[1];
    }
    return pid;
}

struct client *client_start(const char *const argv[], struct err *e)
{
    struct client *c = mem_zalloc(sizeof *c);

    signal(SIGPIPE, SIG_IGN);
    frame_init(&c->frame, MAX_BYTES, &HANDLER, c);
    c->pid = start_child(argv, &c->to, &c->from, e);
    if (c->pid > 0)
        return c;
    frame_fini(&c->frame);
    free(c);
    return NULL;
}

/* The exit status, or -1 if it was killed, by us in the end. */
static int reap(pid_t pid, int ms)
{
    int status = 0;
    pid_t r = 0;

    for (; ms > 0 && r == 0; ms -= 5) {
        r = waitpid(pid, &status, WNOHANG);
        if (r == 0)
            usleep(5000);
    }
    if (r == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void client_stop(struct client *c, bool *ret_clean)
{
    struct err e = {0};

    json_decref(client_call(c, "shutdown", NULL, &e));
    (void)client_notify(c, "exit", NULL, &e);
    close(c->to);
    *ret_clean = reap(c->pid, EXIT_WAIT_MS) == 0 && !e.code;
    close(c->from);
    json_decref(c->answer);
    json_decref(c->edit);
    frame_fini(&c->frame);
    free(c);
}

int run_program(const char *const argv[], struct buf *out, struct err *e)
{
    int from = -1;
    pid_t pid = start_child(argv, NULL, &from, e);
    char piece[4096];
    ssize_t n;

    if (pid < 0)
        return pid;
    while ((n = read(from, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            buf_add(out, piece, (size_t)n);
    close(from);
    return reap(pid, EXIT_WAIT_MS);
}
