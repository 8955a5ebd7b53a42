/* SPDX-License-Identifier: MIT */
/* The floor: the least a completion server can do, relay PORT. Takes LSP messages from standard input, sends 500 bytes to
 * the service for each completion and relays that something came back. Keeps no text, reads no JSON: it looks for method
 * names and the id where the benchmark's client puts them. A new request or a cancel ends the running one. */
#include "core/io/frame.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POST_BYTES = 500 };

static int epoll_fd, fd = -1;
static unsigned short port;
static long asked; /* the id that waits for the service; 0: none */
static char answer[64 << 10];
static size_t got;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void send_text(long id, const char *member, const char *json)
{
    char body[512], framed[600];
    int n = snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"%s\":%s}", id, member, json);

    n = snprintf(framed, sizeof framed, "Content-Length: %d\r\n\r\n%s", n, body);
    if (write(1, framed, (size_t)n) != n)
        fail("write");
}

static void open_service(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event ev = {.events = EPOLLIN};
    int one = 1;

    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ev.data.fd = fd;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static void drop(const char *member, const char *json)
{
    if (!asked)
        return;
    close(fd);
    fd = -1;
    send_text(asked, member, json);
    asked = 0;
}

static void ask(long id)
{
    char post[POST_BYTES + 200], body[POST_BYTES];
    int n;

    drop("result", "{\"items\":[]}");
    if (fd < 0)
        open_service();
    memset(body, ' ', sizeof body);
    memcpy(body, "{\"prompt\":\"x\"", 13);
    body[sizeof body - 1] = '}';
    n = snprintf(post, sizeof post, "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                    "Content-Length: %d\r\n\r\n%.*s", POST_BYTES, POST_BYTES, body);
    if (write(fd, post, (size_t)n) != n)
        fail("write");
    asked = id;
    got = 0;
}

/* The answer has a length; when that much is there it is whole. */
static void take_answer(void)
{
    ssize_t n = read(fd, answer + got, sizeof answer - 1 - got);
    const char *head_end, *length;

    if (n <= 0)
        fail("read");
    got += (size_t)n;
    answer[got] = '\0';
    head_end = strstr(answer, "\r\n\r\n");
    length = strstr(answer, "Content-Length: ");
    if (!asked || !head_end || !length || got < (size_t)(head_end + 4 - answer) + (size_t)strtol(length + 16, NULL, 10))
        return;
    send_text(asked, "result", "{\"items\":[{\"insertText\":\"x\"}]}");
    asked = 0;
}

static long id_of(struct str body)
{
    const char *id = memmem(body.p, body.n < 64 ? body.n : 64, "\"id\":", 5);

    return id ? strtol(id + 5, NULL, 10) : 0;
}

static bool has(struct str body, const char *method)
{
    return memmem(body.p, body.n < 128 ? body.n : 128, method, strlen(method)) != NULL;
}

static void on_message(void *ctx, struct str body)
{
    (void)ctx;
    if (has(body, "inlineCompletion"))
        ask(id_of(body));
    else if (has(body, "cancelRequest"))
        drop("error", "{\"code\":-32800,\"message\":\"cancelled\"}");
    else if (has(body, "\"exit\""))
        exit(0);
    else if (id_of(body))
        send_text(id_of(body), has(body, "bench/ping") ? "error" : "result", "{}");
}

static void on_error(void *ctx, const struct err *e)
{
    (void)ctx;
    fprintf(stderr, "relay: %s\n", e->text);
    exit(1);
}

int main(int argc, char **argv)
{
    static const struct frame_handler handler = {on_message, on_error};
    static char input[256 << 10];
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = 0};
    struct frame frame;

    port = (unsigned short)strtol(argc > 1 ? argv[1] : "0", NULL, 10);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &ev);
    frame_init(&frame, 64u << 20, &handler, NULL);
    while (epoll_wait(epoll_fd, &ev, 1, -1) >= 0) {
        ssize_t n;

        if (ev.data.fd != 0) {
            take_answer();
            continue;
        }
        n = read(0, input, sizeof input);
        if (n <= 0)
            return 0;
        frame_feed(&frame, (struct str){input, (size_t)n});
    }
    return 1;
}
