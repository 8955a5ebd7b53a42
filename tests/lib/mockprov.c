/* SPDX-License-Identifier: MIT */
/* A mock service with OpenAI's shape, fast enough to be no part of what a benchmark measures: one thread, one epoll.
 *
 *   mockprov [--port N] [--ttft-ms F] [--tps F] [--tokens N] [--text S] [--token-text S] [--status N]
 *            [--retry-after S] [--fail-every N] [--cut-after N] [--key S] [--log FILE] [--bodies DIR]
 *
 * Prints "PORT n" when it listens, on 127.0.0.1 (port 0, the default: any). It ends with its parent.
 *   POST .../completions, .../chat/completions   the answer, streamed if the body says so   GET .../models, /health
 *   GET /__set?ttft_ms=&tps=&tokens=&status=&fail_every=&cut_after=&retry_after=   changes a setting from now on
 *   GET /__stats                                  {"begun","requests","aborted","connections","live","now"}
 * --tps 0 (the default) sends all tokens at once; --fail-every N answers each Nth request with 503; --cut-after N drops
 * the connection after N tokens; --key wants that bearer key.
 * The log has a JSON line for each request to the first two, times in ns of CLOCK_MONOTONIC: conn, nth (on this
 * connection), path, t_first_byte, t_full (request complete), t_first (first byte of the body sent), t_done or t_abort
 * (the client closed before the end), aborted, head_bytes, body_bytes, stream, sent_tokens, and in f the length of
 * each string member of the request, the size of objects and arrays as NAME_json, and numbers as they are. */
#include "tests/lib/members.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_REQUEST ((size_t)64 << 20)
#define MAX_PIECES 4096

static struct {
    double ttft_ms, tps, retry_after;
    int tokens, status, fail_every, cut_after, port;
    const char *text, *token_text, *key, *log, *bodies;
} set = {.tokens = 16, .status = 200};

static struct {
    int begun, requests, aborted, connections, live;
} stats;

static int epoll_fd, log_fd = -1;
static volatile sig_atomic_t ended;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- buffers ---- */

struct buffer {
    char *p;
    size_t n, cap;
};

static void add(struct buffer *b, const void *p, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = (b->n + n + 1) * 2;
        b->p = realloc(b->p, b->cap);
        if (!b->p)
            abort();
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

static void add_text(struct buffer *b, const char *s)
{
    add(b, s, strlen(s));
}

__attribute__((format(printf, 2, 3))) static void addf(struct buffer *b, const char *fmt, ...)
{
    char room[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(room, sizeof room, fmt, ap);
    va_end(ap);
    add_text(b, room);
}

static void add_escaped(struct buffer *b, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '"' || p[i] == '\\')
            addf(b, "\\%c", p[i]);
        else if ((unsigned char)p[i] < ' ')
            addf(b, "\\u%04x", p[i]);
        else
            add(b, p + i, 1);
    }
}

/* ---- what is answered ---- */

/* The answer in pieces: --text cut before each word, one text N times, or words that read like code. */
static struct {
    const char *p;
    size_t n;
} pieces[MAX_PIECES];
static int npieces;

static void cut_text(const char *s)
{
    npieces = 0;
    while (*s && npieces < MAX_PIECES) {
        size_t n = strspn(s, " \n\t");

        n += strcspn(s + n, " \n\t");
        if (npieces == MAX_PIECES - 1)
            n = strlen(s);
        pieces[npieces].p = s;
        pieces[npieces++].n = n;
        s += n;
    }
}

static void make_pieces(void)
{
    static const char *const words[] = {"item", "->", "next", " = ", "list", "[", "pos", " + ", "1", "]", ";", " count",
                                        "++", ";", " if", " (", "len", " > ", "max", ")", " return", " fail", "(", "0", ")", ";"};

    if (set.text) {
        cut_text(set.text);
        return;
    }
    for (npieces = 0; npieces < set.tokens && npieces < MAX_PIECES; npieces++) {
        pieces[npieces].p = set.token_text ? set.token_text : words[(size_t)npieces % (sizeof words / sizeof words[0])];
        pieces[npieces].n = strlen(pieces[npieces].p);
    }
}

/* ---- connections ---- */

struct conn {
    struct conn *next, **link;
    int fd, id, nth;
    struct buffer in, out, body;
    size_t out_sent;
    char path[128];
    size_t head_bytes;
    int busy, chat, stream, want_usage, sent, head_sent, continued, dead;
    int64_t t_first_byte, t_full, t_first, due;
};
static struct conn *conns;

static void write_log(struct conn *c, int64_t when, int aborted)
{
    struct buffer line = {NULL, 0, 0};
    const char *at = c->body.p, *end = at + c->body.n;
    struct member m;
    const char *comma = "";

    addf(&line, "{\"conn\":%d,\"nth\":%d,\"path\":\"", c->id, c->nth);
    add_escaped(&line, c->path, strlen(c->path));
    addf(&line, "\",\"t_first_byte\":%lld,\"t_full\":%lld,\"t_first\":%lld,\"%s\":%lld,\"aborted\":%s", (long long)c->t_first_byte,
         (long long)c->t_full, (long long)c->t_first, aborted ? "t_abort" : "t_done", (long long)when, aborted ? "true" : "false");
    addf(&line, ",\"head_bytes\":%zu,\"body_bytes\":%zu,\"stream\":%d,\"sent_tokens\":%d,\"f\":{", c->head_bytes, c->body.n,
         c->stream, c->sent);
    while (at && member_next(&at, end, &m)) {
        addf(&line, "%s\"%.*s%s\":", comma, (int)(m.key_n > 64 ? 64 : m.key_n), m.key, *m.value == '{' || *m.value == '[' ? "_json" : "");
        if (*m.value == '"')
            addf(&line, "%ld", member_text_length(&m));
        else if (*m.value == '{' || *m.value == '[')
            addf(&line, "%zu", m.n);
        else
            add(&line, m.value, m.n);
        comma = ",";
    }
    add_text(&line, "}}\n");
    if (write(log_fd, line.p, line.n) < 0)
        perror(set.log);
    free(line.p);
}

static void keep_body(const struct conn *c)
{
    char path[512];
    int fd;

    snprintf(path, sizeof path, "%s/%06d.json", set.bodies, stats.requests);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, c->body.p, c->body.n) < 0)
        perror(path);
    if (fd >= 0)
        close(fd);
}

static void request_over(struct conn *c, int aborted)
{
    stats.requests++;
    stats.aborted += aborted;
    if (log_fd >= 0)
        write_log(c, now_ns(), aborted);
    if (set.bodies && c->body.p)
        keep_body(c);
    c->busy = 0;
}

static void conn_free(struct conn *c)
{
    if (c->busy)
        request_over(c, 1);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    close(c->fd);
    free(c->in.p);
    free(c->out.p);
    free(c->body.p);
    free(c);
    stats.live--;
}

static void flush(struct conn *c)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    int waited = c->out_sent > 0;

    while (c->out_sent < c->out.n) {
        ssize_t n = send(c->fd, c->out.p + c->out_sent, c->out.n - c->out_sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN) {
            ev.events |= EPOLLOUT;
            epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
            return;
        }
        if (n <= 0) {
            c->dead = 1;
            return;
        }
        c->out_sent += (size_t)n;
    }
    c->out.n = c->out_sent = 0;
    if (waited)
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void reply(struct conn *c, int status, const char *json, size_t n)
{
    addf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nx-request-id: mock-%d\r\n", status,
         status == 200 ? "OK" : "Error", n, stats.requests + 1);
    if (status != 200 && set.retry_after > 0)
        addf(&c->out, "Retry-After: %g\r\n", set.retry_after);
    add_text(&c->out, "\r\n");
    add(&c->out, json, n);
    flush(c);
}

static void reply_error(struct conn *c, int status, const char *type, const char *message)
{
    char json[256];
    int n = snprintf(json, sizeof json, "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":null}}", message, type);

    c->t_first = now_ns();
    reply(c, status, json, (size_t)n);
}

/* ---- answering ---- */

static void add_choice(struct buffer *b, const struct conn *c, const char *p, size_t n, const char *finish)
{
    if (!c->chat)
        add_text(b, "{\"text\":\"");
    else if (c->stream)
        add_text(b, n ? "{\"delta\":{\"content\":\"" : "{\"delta\":{");
    else
        add_text(b, "{\"message\":{\"role\":\"assistant\",\"content\":\"");
    add_escaped(b, p, n);
    add_text(b, c->chat ? (n || !c->stream ? "\"}" : "}") : "\"");
    add_text(b, ",\"index\":0,\"logprobs\":null,\"finish_reason\":");
    addf(b, finish ? "\"%s\"}" : "null}", finish);
}

static void add_usage(struct buffer *b, const struct conn *c)
{
    size_t prompt = c->body.n / 4;

    addf(b, "\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%d,\"total_tokens\":%zu}", prompt, npieces, prompt + (size_t)npieces);
}

static void add_object_head(struct buffer *b, const struct conn *c)
{
    addf(b, "{\"id\":\"mock-%d\",\"object\":\"%s%s\",\"created\":0,\"model\":\"mock\",", stats.requests + 1,
         c->chat ? "chat.completion" : "text_completion", c->chat && c->stream ? ".chunk" : "");
}

static void answer_whole(struct conn *c)
{
    struct buffer body = {NULL, 0, 0}, text = {NULL, 0, 0};

    add(&text, "", 0);
    for (int i = 0; i < npieces; i++)
        add(&text, pieces[i].p, pieces[i].n);
    add_object_head(&body, c);
    add_text(&body, "\"choices\":[");
    add_choice(&body, c, text.p, text.n, "stop");
    add_text(&body, "],");
    add_usage(&body, c);
    add_text(&body, "}");
    c->sent = npieces;
    reply(c, 200, body.p, body.n);
    free(body.p);
    free(text.p);
    request_over(c, 0);
}

static void add_event(struct buffer *b, const struct conn *c, const char *p, size_t n, const char *finish)
{
    add_text(b, "data: ");
    add_object_head(b, c);
    add_text(b, "\"choices\":[");
    add_choice(b, c, p, n, finish);
    add_text(b, c->want_usage ? "],\"usage\":null}\n\n" : "]}\n\n");
}

static void add_end(struct buffer *b, const struct conn *c)
{
    add_event(b, c, "", 0, "stop");
    if (c->want_usage) {
        add_text(b, "data: ");
        add_object_head(b, c);
        add_text(b, "\"choices\":[],");
        add_usage(b, c);
        add_text(b, "}\n\n");
    }
    add_text(b, "data: [DONE]\n\n");
}

/* Sends the tokens that are due, and the end after the last one. */
static void answer_stream(struct conn *c, int64_t now)
{
    struct buffer chunk = {NULL, 0, 0};
    int64_t gap = set.tps > 0 ? (int64_t)(1e9 / set.tps) : 0;

    if (!c->head_sent) {
        c->head_sent = 1;
        c->t_first = now;
        addf(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nx-request-id: mock-%d\r\n"
             "Transfer-Encoding: chunked\r\n\r\n", stats.requests + 1);
    }
    while (c->sent < npieces && c->due <= now && !(set.cut_after && c->sent >= set.cut_after)) {
        add_event(&chunk, c, pieces[c->sent].p, pieces[c->sent].n, NULL);
        c->sent++;
        c->due += gap;
    }
    if (c->sent == npieces && !set.cut_after)
        add_end(&chunk, c);
    if (chunk.n) {
        addf(&c->out, "%zx\r\n", chunk.n);
        add(&c->out, chunk.p, chunk.n);
        add_text(&c->out, "\r\n");
    }
    free(chunk.p);
    if (set.cut_after && c->sent >= (set.cut_after < npieces ? set.cut_after : npieces)) {
        flush(c);
        request_over(c, 0);
        c->dead = 1;
        return;
    }
    if (c->sent == npieces)
        add_text(&c->out, "0\r\n\r\n");
    flush(c);
    if (c->sent == npieces)
        request_over(c, 0);
}

static void answer(struct conn *c, int64_t now)
{
    if (c->stream) {
        answer_stream(c, now);
    } else {
        c->t_first = now;
        answer_whole(c);
    }
}

/* ---- requests ---- */

static void change_settings(char *query)
{
    for (char *rest = query, *part = strsep(&rest, "&"); part; part = strsep(&rest, "&")) {
        char *value = strchr(part, '=');

        if (!value)
            continue;
        *value++ = '\0';
        if (strcmp(part, "ttft_ms") == 0)
            set.ttft_ms = strtod(value, NULL);
        else if (strcmp(part, "tps") == 0)
            set.tps = strtod(value, NULL);
        else if (strcmp(part, "retry_after") == 0)
            set.retry_after = strtod(value, NULL);
        else if (strcmp(part, "tokens") == 0)
            set.tokens = (int)strtol(value, NULL, 10);
        else if (strcmp(part, "status") == 0)
            set.status = (int)strtol(value, NULL, 10);
        else if (strcmp(part, "fail_every") == 0)
            set.fail_every = (int)strtol(value, NULL, 10);
        else if (strcmp(part, "cut_after") == 0)
            set.cut_after = (int)strtol(value, NULL, 10);
    }
    make_pieces();
}

static int path_ends(const struct conn *c, const char *end)
{
    size_t n = strlen(c->path), m = strlen(end);

    return n >= m && strcmp(c->path + n - m, end) == 0;
}

static void reply_get(struct conn *c, char *query)
{
    static const char models[] = "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\",\"created\":0,\"owned_by\":\"mock\"}]}";
    char json[256];
    int n;

    if (strcmp(c->path, "/__set") == 0) {
        change_settings(query);
        reply(c, 200, "{}", 2);
    } else if (strcmp(c->path, "/__stats") == 0) {
        n = snprintf(json, sizeof json, "{\"begun\":%d,\"requests\":%d,\"aborted\":%d,\"connections\":%d,\"live\":%d,\"now\":%lld}", stats.begun,
                     stats.requests, stats.aborted, stats.connections, stats.live, (long long)now_ns());
        reply(c, 200, json, (size_t)n);
    } else if (path_ends(c, "/models")) {
        reply(c, 200, models, sizeof models - 1);
    } else if (path_ends(c, "/health")) {
        reply(c, 200, "{\"status\":\"ok\"}", 15);
    } else {
        reply_error(c, 404, "invalid_request_error", "unknown path");
    }
}

/* The value of a header in the head that ends at `end`, or NULL. */
static const char *header(const char *head, const char *end, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = memchr(head, '\n', (size_t)(end - head)); p && p + 1 + n < end; p = memchr(p + 1, '\n', (size_t)(end - p - 1)))
        if (strncasecmp(p + 1, name, n) == 0 && p[1 + n] == ':')
            return p + 2 + n + strspn(p + 2 + n, " ");
    return NULL;
}

static int key_fits(const char *head, const char *end)
{
    const char *given = header(head, end, "Authorization");
    size_t n;

    if (!set.key)
        return 1;
    n = strlen(set.key);
    return given && strncmp(given, "Bearer ", 7) == 0 && strncmp(given + 7, set.key, n) == 0 && given[7 + n] == '\r';
}

static void begin_completion(struct conn *c, int authorised)
{
    const char *at = c->body.p, *end = at + c->body.n;
    struct member m;

    c->chat = path_ends(c, "/chat/completions");
    c->stream = c->want_usage = c->sent = c->head_sent = 0;
    c->busy = 1;
    stats.begun++;
    while (at && member_next(&at, end, &m)) {
        if (member_is(&m, "stream"))
            c->stream = *m.value == 't';
        else if (member_is(&m, "stream_options"))
            c->want_usage = memmem(m.value, m.n, "true", 4) != NULL;
    }
    c->due = c->t_full + (int64_t)(1e6 * set.ttft_ms + (!c->stream && set.tps > 0 ? 1e9 * npieces / set.tps : 0));
    if (!authorised)
        reply_error(c, 401, "authentication_error", "wrong key");
    else if (!c->body.p || c->body.p[0] != '{')
        reply_error(c, 400, "invalid_request_error", "the body is no JSON object");
    else if (set.fail_every && (stats.requests + 1) % set.fail_every == 0)
        reply_error(c, 503, "overloaded_error", "overloaded, as asked for");
    else if (set.status != 200)
        reply_error(c, set.status, "mock_error", "failed, as asked for");
    else
        return;
    request_over(c, 0);
}

/* Takes one request off the input; 0 if it is not complete yet. */
static int take_request(struct conn *c)
{
    char *end = c->in.n ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL;
    const char *length, *expect;
    char method[8] = "", path[128] = "", *query;
    size_t head, body;
    int authorised;

    if (!end)
        return 0;
    head = (size_t)(end - c->in.p) + 4;
    length = header(c->in.p, end, "Content-Length");
    expect = header(c->in.p, end, "Expect");
    body = length ? strtoul(length, NULL, 10) : 0;
    if (body > MAX_REQUEST) {
        c->dead = 1;
        return 0;
    }
    if (expect && !c->continued && c->in.n == head) {
        c->continued = 1;
        add_text(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        flush(c);
    }
    if (c->in.n < head + body)
        return 0;
    c->t_full = now_ns();
    c->continued = 0;
    c->nth++;
    c->head_bytes = head;
    sscanf(c->in.p, "%7s %127s", method, path);
    query = path + strcspn(path, "?");
    if (*query)
        *query++ = '\0';
    memcpy(c->path, path, sizeof path);
    authorised = key_fits(c->in.p, end + 2);
    c->body.n = 0;
    add(&c->body, c->in.p + head, body);
    c->in.n -= head + body;
    memmove(c->in.p, c->in.p + head + body, c->in.n);
    if (strcmp(method, "POST") == 0 && path_ends(c, "/completions"))
        begin_completion(c, authorised);
    else
        reply_get(c, query);
    return 1;
}

static void serve(struct conn *c)
{
    while (!c->busy && !c->dead && take_request(c)) {
        int64_t now = now_ns();

        if (c->busy && c->due <= now)
            answer(c, now);
        if (!c->busy)
            c->t_first_byte = now;
    }
}

static void read_input(struct conn *c)
{
    char room[65536];
    ssize_t n = recv(c->fd, room, sizeof room, 0);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        c->dead = 1;
        return;
    }
    if (c->in.n == 0 && !c->busy)
        c->t_first_byte = now_ns();
    add(&c->in, room, (size_t)n);
    serve(c);
}

static void accept_all(int listener)
{
    int one = 1, fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = calloc(1, sizeof *c);
        struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};

        if (!c)
            abort();
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->fd = fd;
        c->id = ++stats.connections;
        stats.live++;
        c->next = conns;
        c->link = &conns;
        if (conns)
            conns->link = &c->next;
        conns = c;
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
    }
}

/* ---- loop ---- */

static int wait_events(struct epoll_event *ev, int max)
{
    int64_t due = INT64_MAX, left;
    struct timespec t = {0, 0};
    int n;

    for (const struct conn *c = conns; c; c = c->next)
        if (c->busy && c->due < due)
            due = c->due;
    left = due == INT64_MAX ? 0 : due - now_ns();
    if (left > 0)
        t = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    n = epoll_pwait2(epoll_fd, ev, max, due == INT64_MAX ? NULL : &t, NULL);
    if (n < 0 && errno == ENOSYS)
        n = epoll_wait(epoll_fd, ev, max, due == INT64_MAX ? -1 : (int)((left > 0 ? left : 0) + 999999) / 1000000);
    return n;
}

static void run(int listener)
{
    struct epoll_event ev[64];

    while (!ended) {
        int n = wait_events(ev, 64);
        int64_t now;

        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;

            if (!c) {
                accept_all(listener);
                continue;
            }
            if (ev[i].events & EPOLLIN)
                read_input(c);
            if (!c->dead && (ev[i].events & EPOLLOUT))
                flush(c);
            if (ev[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                c->dead = 1;
        }
        now = now_ns();
        for (struct conn *c = conns, *next; c; c = next) {
            next = c->next;
            if (!c->dead && c->busy && c->due <= now) {
                answer(c, now);
                serve(c);
            }
            if (c->dead)
                conn_free(c);
        }
    }
}

static int listen_on(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 512) < 0 || getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
        perror("mockprov");
        exit(1);
    }
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
    printf("PORT %d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static const struct {
    const char *name;
    double *real;
    int *integer;
    const char **text;
} options[] = {
    {"--port", NULL, &set.port, NULL},
    {"--ttft-ms", &set.ttft_ms, NULL, NULL},
    {"--tps", &set.tps, NULL, NULL},
    {"--tokens", NULL, &set.tokens, NULL},
    {"--text", NULL, NULL, &set.text},
    {"--token-text", NULL, NULL, &set.token_text},
    {"--status", NULL, &set.status, NULL},
    {"--retry-after", &set.retry_after, NULL, NULL},
    {"--fail-every", NULL, &set.fail_every, NULL},
    {"--cut-after", NULL, &set.cut_after, NULL},
    {"--key", NULL, NULL, &set.key},
    {"--log", NULL, NULL, &set.log},
    {"--bodies", NULL, NULL, &set.bodies},
};

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0, n = sizeof options / sizeof options[0];

        while (k < n && strcmp(argv[i], options[k].name) != 0)
            k++;
        if (k == n || i + 1 == argc) {
            fprintf(stderr, "mockprov: what is '%s'? the head of mockprov.c has the list\n", argv[i]);
            exit(2);
        }
        if (options[k].real)
            *options[k].real = strtod(argv[i + 1], NULL);
        else if (options[k].integer)
            *options[k].integer = (int)strtol(argv[i + 1], NULL, 10);
        else
            *options[k].text = argv[i + 1];
    }
}

static void on_signal(int sig)
{
    (void)sig;
    ended = 1;
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};

    read_arguments(argc, argv);
    make_pieces();
    if (set.log) {
        log_fd = open(set.log, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
        if (log_fd < 0) {
            perror(set.log);
            return 1;
        }
    }
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    run(listen_on(set.port));
    while (conns)
        conn_free(conns);
    return 0;
}
