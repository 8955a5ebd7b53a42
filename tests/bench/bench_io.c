/* SPDX-License-Identifier: MIT */
/* What the I/O layer costs: an exchange over HTTP beside the same bytes on a raw socket, cancelling until the peer sees the
 * end, a job's way to a worker and back, framing. The server is a thread of this program on loopback, so times hold two
 * wake-ups each way; floor and client take turns in batches, and the ratio is what to compare between machines (on a busy
 * one, that of the minima).
 * Only times, no judgement: the limits are the runner's business. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/io/frame.h"
#include "core/io/http.h"
#include "core/io/pool.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCHES = 20, BATCH = 100, WARM_UP = 50, CANCELS = 200, JOBS = 2000 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n"
                             "{\"choices\":[{\"text\":\"01234567890123456789012345678901234\"}]}";

/* ---- samples ---- */

struct samples {
    size_t n;
    double us[BATCHES * BATCH + JOBS];
    double cpu_us; /* total */
};

static void add(struct samples *s, double us)
{
    if (s->n < ARRAY_LEN(s->us))
        s->us[s->n++] = us;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double at(struct samples *s, double part)
{
    qsort(s->us, s->n, sizeof s->us[0], by_value);
    return s->n ? s->us[(size_t)((double)(s->n - 1) * part)] : 0;
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- the server: answers a POST at once, leaves a GET waiting, notes when the client has gone ---- */

static int listener, port;
static _Atomic double closed_us;
static atomic_int waiting;

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg, one = 1;
    struct buf in;
    ssize_t n;

    buf_init(&in, 1 << 20);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while ((n = recv(fd, buf_reserve(&in, 16384), 16384, 0)) > 0) {
        ptrdiff_t end;
        const char *length;

        in.n += (size_t)n;
        in.p[in.n] = '\0';
        end = str_find(buf_str(&in), STR("\r\n\r\n"));
        if (end < 0)
            continue;
        if (in.p[0] == 'G') {
            atomic_fetch_add(&waiting, 1);
            buf_reset(&in);
            continue;
        }
        length = strstr(in.p, "Content-Length: ");
        if (!length || in.n < (size_t)end + 4 + strtoul(length + 16, NULL, 10))
            continue;
        buf_reset(&in);
        if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            break;
    }
    closed_us = now_us();
    close(fd);
    buf_fini(&in);
    return NULL;
}

static void *accept_all(void *arg)
{
    pthread_t t;
    int fd;

    (void)arg;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(t);
    return NULL;
}

static void start_server(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof addr;
    pthread_t t;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 64) < 0 ||
        getsockname(listener, (struct sockaddr *)&addr, &n) < 0 || pthread_create(&t, NULL, accept_all, NULL) != 0)
        abort();
    pthread_detach(t);
    port = ntohs(addr.sin_port);
}

/* ---- exchanges ---- */

static int raw_connect(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    addr.sin_port = htons((uint16_t)port);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
        abort();
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void raw_exchange(int fd, struct str request, struct samples *s)
{
    double start_us = now_us(), start_cpu_us = cpu_us();
    char reply[1024];
    size_t got = 0;

    if (send(fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
        abort();
    while (got < sizeof answer - 1) {
        ssize_t n = recv(fd, reply, sizeof reply, 0);

        if (n <= 0)
            abort();
        got += (size_t)n;
    }
    add(s, now_us() - start_us);
    s->cpu_us += cpu_us() - start_cpu_us;
}

static bool finished;

static void on_head(void *ctx, struct http_req *r, int status)
{
    (void)ctx;
    (void)r;
    if (status != 200)
        abort();
}

static bool on_body(void *ctx, struct http_req *r, struct str bytes)
{
    (void)ctx;
    (void)r;
    (void)bytes;
    return true;
}

static void on_done(void *ctx, struct http_req *r, const struct err *e, const struct http_timing *t)
{
    (void)ctx;
    (void)r;
    (void)t;
    if (e->code) {
        fprintf(stderr, "%s\n", e->text);
        abort();
    }
    finished = true;
}

static const struct http_handler handler = { on_head, on_body, on_done };

static void http_exchange(struct loop *l, struct http *h, const struct http_spec *spec, struct samples *s)
{
    double start_us = now_us(), start_cpu_us = cpu_us();

    finished = false;
    if (!http_start(h, spec, &handler, NULL, NULL))
        abort();
    while (!finished)
        (void)loop_step(l, -1, NULL);
    add(s, now_us() - start_us);
    s->cpu_us += cpu_us() - start_cpu_us;
}

static void bench_post(struct loop *l, struct http *h, size_t body_bytes)
{
    static const struct http_header headers[] = { { { "Content-Type", 12 }, { "application/json", 16 } },
                                                  { { "Authorization", 13 }, { "Bearer 0123456789abcdef", 23 } } };
    static struct samples raw, http;
    AUTO_FREE char *body = mem_alloc(body_bytes);
    AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d/v1/completions", port);
    struct http_spec spec = { .method = STR("POST"), .url = str_c(url), .headers = headers, .nheaders = 2 };
    AUTO_BUF struct buf request;
    int fd = raw_connect(), i, k;
    double raw_us, http_us, raw_min_us, http_min_us;

    raw = http = (struct samples) { 0 };
    memset(body, 'x', body_bytes);
    spec.body = (struct str) { body, body_bytes };
    buf_init(&request, 1 << 20);
    (void)buf_addf(&request, "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                             "Authorization: Bearer 0123456789abcdef\r\nContent-Length: %zu\r\n\r\n", port, body_bytes);
    (void)buf_addstr(&request, spec.body);
    for (i = 0; i < WARM_UP; i++) {
        raw_exchange(fd, buf_str(&request), &raw);
        http_exchange(l, h, &spec, &http);
    }
    raw = http = (struct samples) { 0 };
    for (i = 0; i < BATCHES; i++) {
        for (k = 0; k < BATCH; k++)
            raw_exchange(fd, buf_str(&request), &raw);
        for (k = 0; k < BATCH; k++)
            http_exchange(l, h, &spec, &http);
    }
    close(fd);
    raw_us = at(&raw, 0.5);
    http_us = at(&http, 0.5);
    raw_min_us = at(&raw, 0);
    http_min_us = at(&http, 0);
    printf("post %-5zu raw   min %6.1f  p50 %6.1f  p99 %7.1f us  cpu %5.1f us\n", body_bytes, raw_min_us, raw_us,
           at(&raw, 0.99), raw.cpu_us / (double)raw.n);
    printf("post %-5zu http  min %6.1f  p50 %6.1f  p99 %7.1f us  cpu %5.1f us  ratio %.2f of min, %.2f of p50\n", body_bytes,
           http_min_us, http_us, at(&http, 0.99), http.cpu_us / (double)http.n, http_min_us / raw_min_us, http_us / raw_us);
}

/* The floor is a connection that is closed by hand. */
static void bench_cancel(struct loop *l, struct http *h)
{
    static struct samples floor_s, cancel_s;
    AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d/", port);
    struct http_spec spec = { .method = STR("GET"), .url = str_c(url) };
    int i, fd, seen;
    double start_us;
    struct http_req *r;

    for (i = 0; i < CANCELS; i++) {
        seen = atomic_load(&waiting);
        fd = raw_connect();
        if (send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) != 18)
            abort();
        while (atomic_load(&waiting) == seen)
            usleep(20);
        usleep(200);
        closed_us = 0;
        start_us = now_us();
        close(fd);
        while (closed_us == 0)
            usleep(20);
        add(&floor_s, closed_us - start_us);

        seen = atomic_load(&waiting);
        r = http_start(h, &spec, &handler, NULL, NULL);
        while (atomic_load(&waiting) == seen)
            (void)loop_step(l, 1, NULL);
        usleep(200);
        closed_us = 0;
        start_us = now_us();
        http_cancel(r);
        while (closed_us == 0)
            usleep(20);
        add(&cancel_s, closed_us - start_us);
    }
    printf("close seen  raw   p50 %7.1f us  p99 %7.1f us\n", at(&floor_s, 0.5), at(&floor_s, 0.99));
    printf("cancel seen http  p50 %7.1f us  p99 %7.1f us\n", at(&cancel_s, 0.5), at(&cancel_s, 0.99));
}

/* ---- the pool ---- */

static void run_job(struct job *j)
{
    (void)j;
}

static void done_job(struct job *j)
{
    (void)j;
    finished = true;
}

static void bench_pool(struct loop *l)
{
    static struct samples one;
    struct pool *p = pool_new(l, 2, NULL);
    struct job *jobs = mem_zalloc(JOBS * sizeof *jobs);
    double start_us;
    int i;

    for (i = 0; i < JOBS; i++) {
        jobs[i].run = run_job;
        jobs[i].done = done_job;
        start_us = now_us();
        finished = false;
        pool_submit(p, &jobs[i]);
        while (!finished)
            (void)loop_step(l, -1, NULL);
        if (i >= WARM_UP)
            add(&one, now_us() - start_us);
    }
    printf("job round trip    p50 %7.1f us  p99 %7.1f us\n", at(&one, 0.5), at(&one, 0.99));
    memset(jobs, 0, JOBS * sizeof *jobs);
    start_us = now_us();
    for (i = 0; i < JOBS; i++) {
        jobs[i].run = run_job;
        jobs[i].done = done_job;
        pool_submit(p, &jobs[i]);
    }
    while (pool_pending(p))
        (void)loop_step(l, -1, NULL);
    printf("job in a flood    %.2f us\n", (now_us() - start_us) / JOBS);
    pool_free(p);
    free(jobs);
}

/* ---- framing and the loop ---- */

static size_t framed;

static void on_message(void *ctx, struct str body)
{
    (void)ctx;
    framed += body.n;
}

static void on_error(void *ctx, const struct err *e)
{
    (void)ctx;
    (void)e;
    abort();
}

static void bench_frame(void)
{
    static const struct frame_handler h = { on_message, on_error };
    AUTO_BUF struct buf in;
    AUTO_FREE char *body = mem_zalloc(300);
    struct frame f;
    double start_us;
    size_t i, n = 200000;

    buf_init(&in, 128 << 20);
    for (i = 0; i < n; i++)
        (void)frame_write(&in, (struct str) { body, 300 });
    frame_init(&f, 1 << 20, &h, NULL);
    start_us = now_us();
    for (i = 0; i < in.n; i += 65536)
        frame_feed(&f, str_sub(buf_str(&in), i, i + 65536));
    printf("frame 300 bytes   %.0f ns a message, %.0f MB/s\n", (now_us() - start_us) * 1000 / (double)n,
           (double)in.n / (now_us() - start_us));
    frame_fini(&f);
}

static void on_nothing(void *ctx)
{
    (void)ctx;
}

static void bench_timers(struct loop *l)
{
    enum { TIMERS = 100, STARTS = 1000000 };
    struct loop_timer *t[TIMERS];
    double start_us;
    int i;

    for (i = 0; i < TIMERS; i++)
        t[i] = loop_timer_new(l, on_nothing, NULL);
    start_us = now_us();
    for (i = 0; i < STARTS; i++)
        loop_timer_start(t[i * 7 % TIMERS], (uint64_t)(1000 + i % 997));
    printf("timer start       %.0f ns, %d of them running\n", (now_us() - start_us) * 1000 / STARTS, TIMERS);
    for (i = 0; i < TIMERS; i++)
        loop_timer_free(t[i]);
}

int main(void)
{
    struct loop *l = loop_new(NULL);
    struct http *h = http_new(l);
    struct err e = { 0 };
    double start_us = now_us();

    if (http_prepare(h, &e) < 0) {
        fprintf(stderr, "bench_io: %s\n", e.text);
        return err_exit_status(e.code);
    }
    printf("http_prepare      %.1f ms (%s)\n", (now_us() - start_us) / 1000, http_version(h));
    start_server();
    bench_post(l, h, 500);
    bench_post(l, h, 8000);
    bench_cancel(l, h);
    bench_pool(l);
    bench_frame();
    bench_timers(l);
    http_free(h);
    loop_free(l);
    return 0;
}
