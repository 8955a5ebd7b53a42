/* SPDX-License-Identifier: MIT */
/* A small HTTP/1.1 server on a port of 127.0.0.1 that the system chose: one thread a connection, behaviour by path. It can
 * do everything wrong that a provider could. It reports what it saw: connections, requests, and when a client's close
 * arrived. Included by http_client.c; no program of its own. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_CONNECTIONS = 256, SERVER_BIG = 10 << 20 };

struct server_conn {
    struct server *server;
    pthread_t thread;
    int fd;
};

struct server {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock; /* around what follows */
    struct server_conn conns[SERVER_CONNECTIONS];
    int connections, requests, closed;
    uint64_t closed_us; /* when the last close was seen */
    struct buf last;    /* the last request, head and body */
};

static void server_send_bytes(struct server_conn *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void server_send(struct server_conn *c, const char *text)
{
    server_send_bytes(c, text, strlen(text));
}

/* In pieces of so many bytes with a pause after each. */
static void server_pieces(struct server_conn *c, const char *text, size_t piece, unsigned pause_us)
{
    size_t left = strlen(text), n;

    for (; left; text += n, left -= n) {
        n = MIN(piece, left);
        server_send_bytes(c, text, n);
        usleep(pause_us);
    }
}

static void server_echo(struct server_conn *c, struct str request)
{
    ptrdiff_t end = str_find(request, STR("\r\n\r\n"));
    struct str body = str_sub(request, (size_t)end + 4, request.n);
    char head[128];

    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nX-Name: first\r\nx-name:  last \r\nContent-Length: %zu\r\n\r\n", body.n);
    server_send(c, head);
    server_send_bytes(c, body.p, body.n);
}

static void server_big(struct server_conn *c, bool chunked)
{
    AUTO_FREE char *block = mem_zalloc(65536 + 1);
    char line[128];
    size_t sent;

    memset(block, 'b', 65536);
    snprintf(line, sizeof line, chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        : "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SERVER_BIG);
    server_send(c, line);
    for (sent = 0; sent < SERVER_BIG; sent += 65536) {
        if (chunked)
            server_send(c, "10000\r\n");
        server_send(c, block);
        if (chunked)
            server_send(c, "\r\n");
    }
    if (chunked)
        server_send(c, "0\r\n\r\n");
}

static void server_many_headers(struct server_conn *c)
{
    int i;

    server_send(c, "HTTP/1.1 200 OK\r\n");
    for (i = 0; i < 1500; i++)
        server_send(c, "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n");
    server_send(c, "Content-Length: 0\r\n\r\n");
}

static void server_silence(struct server_conn *c)
{
    int i;

    server_send(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    for (i = 0; i < 6; i++) {
        server_send(c, "slow ");
        usleep(30000);
    }
}

/* False: close. What is not answered in full leaves the client waiting. */
static bool server_answer(struct server_conn *c, const char *path, struct str request)
{
    static const struct {
        const char *path, *answer;
        bool stays;
    } fixed[] = {
        { "/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true },
        { "/empty", "HTTP/1.1 204 No Content\r\n\r\n", true },
        { "/500", "HTTP/1.1 500 Oops\r\nContent-Length: 14\r\nRetry-After: 7\r\n\r\n{\"error\":true}", true },
        { "/redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", true },
        { "/interim", "HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true },
        { "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nX-T: 1\r\n\r\n", true },
        { "/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", true },
        { "/until-close", "HTTP/1.0 200 OK\r\n\r\nall there is", false },
        { "/truncated", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false },
        { "/truncated-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false },
        { "/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", false },
        { "/garbage", "220 mail.example ESMTP\r\n\r\n", false },
        { "/close", "", false },
        { "/hang", "", true },
        { "/hang-after-head", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", true },
        { "/hang-in-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true },
    };
    size_t i;

    for (i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(path, fixed[i].path) == 0) {
            server_send(c, fixed[i].answer);
            return fixed[i].stays;
        }
    if (strcmp(path, "/echo") == 0)
        server_echo(c, request);
    else if (strcmp(path, "/split") == 0)
        server_pieces(c, "HTTP/1.1 200 OK\r\nX-Name: split\r\nContent-Length: 12\r\n\r\nhello, world", 1, 500);
    else if (strcmp(path, "/delay") == 0)
        server_pieces(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 60, 150000);
    else if (strcmp(path, "/big") == 0 || strcmp(path, "/big-chunked") == 0)
        server_big(c, path[4] != '\0');
    else if (strcmp(path, "/many-headers") == 0)
        server_many_headers(c);
    else if (strcmp(path, "/silence") == 0)
        server_silence(c);
    else if (strcmp(path, "/reset") == 0) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger) { 1, 0 }, sizeof(struct linger));
        return false;
    } else
        server_send(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return true;
}

/* Length of the first whole request in b, or 0. */
static size_t server_whole(const struct buf *b)
{
    ptrdiff_t end = str_find(buf_str(b), STR("\r\n\r\n"));
    unsigned long long length = 0;
    const char *header;

    if (end < 0)
        return 0;
    header = strcasestr(b->p, "content-length:");
    if (header && header < b->p + end)
        length = strtoull(header + strlen("content-length:"), NULL, 10);
    return b->n >= (size_t)end + 4 + length ? (size_t)end + 4 + (size_t)length : 0;
}

static bool server_serve(struct server_conn *c, struct buf *in)
{
    struct server *s = c->server;
    char method[32], path[256] = "";
    size_t n;
    bool stays = true;

    while (stays && (n = server_whole(in)) > 0) {
        pthread_mutex_lock(&s->lock);
        s->requests++;
        buf_reset(&s->last);
        (void)buf_add(&s->last, in->p, n);
        pthread_mutex_unlock(&s->lock);
        if (sscanf(in->p, "%31s %255s", method, path) != 2)
            return false;
        stays = server_answer(c, path, str_sub(buf_str(in), 0, n));
        buf_consume(in, n);
    }
    return stays;
}

static void *server_connection(void *arg)
{
    struct server_conn *c = arg;
    struct server *s = c->server;
    struct buf in;
    ssize_t n;
    char *to;

    buf_init(&in, 32 << 20);
    for (;;) {
        to = buf_reserve(&in, 65536);
        n = recv(c->fd, to, 65536, 0);
        if (n <= 0) {
            pthread_mutex_lock(&s->lock);
            s->closed++;
            s->closed_us = clock_us();
            pthread_mutex_unlock(&s->lock);
            break;
        }
        in.n += (size_t)n;
        in.p[in.n] = '\0';
        if (!server_serve(c, &in))
            break;
    }
    buf_fini(&in);
    pthread_mutex_lock(&s->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *server_accept(void *arg)
{
    struct server *s = arg;
    struct server_conn *c;
    int fd, one = 1;

    while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_mutex_lock(&s->lock);
        if (s->connections >= SERVER_CONNECTIONS)
            abort();
        c = &s->conns[s->connections++];
        c->server = s;
        c->fd = fd;
        if (pthread_create(&c->thread, NULL, server_connection, c) != 0)
            abort();
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

static void server_listen(struct server *s, int backlog)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;

    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(s->fd, backlog) < 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &n) < 0)
        abort();
    s->port = ntohs(at.sin_port);
}

static void server_start(struct server *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    buf_init(&s->last, 32 << 20);
    server_listen(s, 64);
    if (pthread_create(&s->thread, NULL, server_accept, s) != 0)
        abort();
}

static void server_stop(struct server *s)
{
    int i;

    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    for (i = 0; i < s->connections; i++) {
        pthread_mutex_lock(&s->lock);
        if (s->conns[i].fd >= 0)
            shutdown(s->conns[i].fd, SHUT_RDWR);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->conns[i].thread, NULL);
    }
    buf_fini(&s->last);
    pthread_mutex_destroy(&s->lock);
}

__attribute__((unused)) static int server_count(struct server *s, const int *which)
{
    int n;

    pthread_mutex_lock(&s->lock);
    n = *which;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* Waits until `closed` has reached n; returns when the last was seen, 0 if it does not happen. */
__attribute__((unused)) static uint64_t server_wait_closed(struct server *s, int n)
{
    uint64_t end_us = clock_us() + 5000000, at_us = 0;

    while (!at_us && clock_us() < end_us) {
        pthread_mutex_lock(&s->lock);
        if (s->closed >= n)
            at_us = s->closed_us;
        pthread_mutex_unlock(&s->lock);
        if (!at_us)
            usleep(200);
    }
    return at_us;
}
