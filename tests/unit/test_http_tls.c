/* SPDX-License-Identifier: MIT */
/* The HTTP client and its surroundings: libcurl that may be absent, proxies of the environment, slow name servers, TLS and
 * HTTP/2. The secure server is Node's, with a certificate that the openssl program makes; without them that part is
 * skipped, and says so.
 * suite: time=120 */
#include "tests/unit/http_client.c"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void without_a_library(void **state)
{
    static const char *const none[] = { "libno-such-curl.so.4", NULL };
    static const char *const other[] = { "libno-such-curl.so.4", "libm.so.6", NULL };
    struct curl_api api = { 0 };
    struct err e = { 0 };

    (void)state;
    assert_int_equal(curl_load(&api, none, &e), ERR_UNSUPPORTED);
    assert_string_equal(e.text, "no libcurl found: install it (Debian: apt install libcurl4)");
    err_clear(&e);
    assert_int_equal(curl_load(&api, other, &e), ERR_UNSUPPORTED);
    assert_string_equal(e.text, "'libm.so.6' has no curl_global_init: install another libcurl");
}

static void the_version(void **state)
{
    int a, b, c;

    (void)state;
    assert_int_equal(sscanf(http_version(http), "%d.%d.%d ", &a, &b, &c), 3);
    assert_int_equal(http_prepare(http, NULL), 0);
    assert_int_equal(http_prepare(http, NULL), 0);
}

static void proxies_of_the_environment(void **state)
{
    AUTO_FREE char *proxy = mem_printf("http://user:secret@127.0.0.1:%d", server.port);
    struct exchange x;

    (void)state;
    setenv("http_proxy", proxy, 1);
    run(&x, "http://api.example:81/ok?key=1");
    assert_int_equal(x.status, 404); /* the server is no proxy, but it was asked */
    pthread_mutex_lock(&server.lock);
    assert_non_null(strstr(server.last.p, "GET http://api.example:81/ok?key=1 HTTP/1.1\r\n"));
    pthread_mutex_unlock(&server.lock);
    setenv("http_proxy", "http://user:secret@127.0.0.1:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_int_equal(x.err.code, ERR_IO);
    assert_string_equal(x.err.text, "cannot connect to api.example:81 through the environment's proxy: connection refused");
    setenv("http_proxy", "nonsense://user:secret@127.0.0.1:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_string_equal(x.err.text,
                        "cannot connect to api.example:81 through the environment's proxy: couldn't connect to server");
    setenv("http_proxy", "http://user:secret@no-such-proxy.invalid:1", 1);
    run(&x, "http://api.example:81/ok");
    assert_string_equal(x.err.text, "cannot reach api.example:81: the proxy of the environment has no address");
    setenv("no_proxy", "127.0.0.1", 1);
    run(&x, "/ok");
    assert_int_equal(x.status, 200);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    buf_fini(&x.body);
}

static bool spawn(pid_t *pid, const char *const argv[], int in, int out)
{
    posix_spawn_file_actions_t actions;
    int r;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    r = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return r == 0;
}

static bool make_certificate(const char *key, const char *cert)
{
    const char *const argv[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                 "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=test", "-addext",
                                 "subjectAltName=IP:127.0.0.1", NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = -1;
    pid_t pid;

    if (spawn(&pid, argv, null, null))
        waitpid(pid, &status, 0);
    close(null);
    return status == 0;
}

/* Stands before the C library's, also for libcurl: names below slow.test take their time. */
static atomic_int lookups, lookups_done;

__attribute__((visibility("default"))) int getaddrinfo(const char *restrict node, const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict res)
{
    __typeof__(getaddrinfo) *real;
    void *next = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&real, &next, sizeof real);
    if (!node || !strstr(node, ".slow.test"))
        return real(node, service, hints, res);
    atomic_fetch_add(&lookups, 1);
    sleep(2);
    atomic_fetch_add(&lookups_done, 1);
    return EAI_NONAME;
}

static void cancelling_during_a_name_lookup(void **state)
{
    uint64_t start_us, took_us, end_ms = clock_ms() + 10000;
    struct exchange x;

    (void)state;
    exchange_init(&x, NOTHING);
    start(&x, "http://name.slow.test/");
    while (!atomic_load(&lookups) && clock_ms() < end_ms)
        assert_int_equal(loop_step(loop, 5, NULL), 0);
    start_us = clock_us();
    http_cancel(x.req);
    took_us = clock_us() - start_us;
    assert_int_equal(atomic_load(&lookups), 1);
    assert_int_equal(atomic_load(&lookups_done), 0);
    assert_true(took_us < 1000000);

    start_us = clock_us();
    start_spec(&x, "http://name.slow.test/", (struct http_spec) { .timeout_ms = 100 });
    finish(&x);
    took_us = clock_us() - start_us;
    assert_string_equal(x.err.text, "no complete answer from name.slow.test:80 within 100 ms");
    assert_true(took_us < 1500000);
    while (atomic_load(&lookups_done) < 2 && clock_ms() < end_ms)
        usleep(10000); /* the resolver's threads end by themselves */
    usleep(50000);
}

struct node {
    pid_t pid;
    int in, out, port;
    struct buf seen;
};

/* Reads what the server said until `text` is in it; the loop goes on meanwhile. */
static bool node_says(struct node *n, const char *text)
{
    uint64_t end_ms = clock_ms() + 10000;
    ssize_t got;

    while (!strstr(buf_str(&n->seen).p, text) && clock_ms() < end_ms) {
        (void)loop_step(loop, 1, NULL);
        got = read(n->out, buf_reserve(&n->seen, 4096), 4096);
        if (got > 0) {
            n->seen.n += (size_t)got;
            n->seen.p[n->seen.n] = '\0';
        }
    }
    return strstr(buf_str(&n->seen).p, text) != NULL;
}

static bool node_start(struct node *n, const char *key, const char *cert)
{
    AUTO_FREE char *script = mem_printf("%s/tests/unit/h2_server.js", getenv("ROOT") ? getenv("ROOT") : ".");
    const char *const argv[] = { "node", script, key, cert, NULL };
    int to[2], from[2];

    buf_init(&n->seen, 1 << 20);
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0 || !spawn(&n->pid, argv, to[0], from[1]))
        return false;
    close(to[0]);
    close(from[1]);
    n->in = to[1];
    n->out = from[0];
    fcntl(n->out, F_SETFL, O_NONBLOCK);
    if (!node_says(n, "\n"))
        return false;
    n->port = (int)strtol(n->seen.p, NULL, 10);
    return true;
}

static void node_stop(struct node *n)
{
    close(n->in);
    close(n->out);
    waitpid(n->pid, NULL, 0);
    buf_fini(&n->seen);
}

static void http2_over_tls(struct node *n)
{
    AUTO_FREE char *ok = mem_printf("https://127.0.0.1:%d/ok", n->port);
    struct exchange x;
    int i;

    for (i = 0; i < 3; i++) {
        run(&x, ok);
        assert_string_equal(x.err.text, "");
        assert_int_equal(x.status, 200);
        assert_string_equal(x.body.p, "hello");
        assert_string_equal(x.name, "two");
        assert_int_equal(x.timing.reused_connection, i > 0);
        buf_fini(&x.body);
    }
}

static int sessions(const struct node *n)
{
    const char *at = n->seen.p;
    int count = 0;

    while ((at = strstr(at, "session\n"))) {
        at++;
        count++;
    }
    return count;
}

/* Starts and cancels in the middle of the body. */
static void cancel_on(const char *url)
{
    struct exchange x;

    exchange_init(&x, NOTHING);
    start(&x, url);
    while (!x.bodies)
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
    http_cancel(x.req);
    assert_int_equal(x.dones, 0);
    buf_fini(&x.body);
}

static void cancelling_http2_streams(struct node *n)
{
    AUTO_FREE char *ok = mem_printf("https://127.0.0.1:%d/ok", n->port);
    AUTO_FREE char *hang = mem_printf("https://127.0.0.1:%d/hang", n->port);
    AUTO_FREE char *hung = mem_printf("https://127.0.0.1:%d/hung", n->port);
    AUTO_FREE char *drip = mem_printf("https://127.0.0.1:%d/drip", n->port);
    struct curl_api api = { 0 };
    struct exchange x;

    assert_int_equal(curl_load(&api, curl_library_names, NULL), 0);
    /* The next request finds the connection, and the server hears of the cancelled stream. */
    cancel_on(hang);
    run(&x, ok);
    assert_true(x.timing.reused_connection);
    buf_fini(&x.body);
    assert_true(node_says(n, "closed /hang "));
    assert_int_equal(sessions(n), 1);
    /* Beside a stream that goes on. */
    exchange_init(&x, NOTHING);
    start(&x, drip);
    while (!x.bodies)
        assert_int_equal(loop_step(loop, 1000, NULL), 0);
    cancel_on(hung);
    assert_true(node_says(n, "closed /hung "));
    assert_int_equal(sessions(n), 1);
    assert_int_equal(x.dones, 0);
    http_cancel(x.req);
    buf_fini(&x.body);
    /* With nothing behind it, the server hears of it too, if need be by the connection's end. */
    assert_true(node_says(n, "closed /drip "));
    if (api.holds_resets)
        assert_true(node_says(n, "end\n"));
    run(&x, ok);
    assert_int_equal(x.timing.reused_connection, !api.holds_resets);
    buf_fini(&x.body);
    /* Cancelled by the handler, and by a refusal. */
    exchange_init(&x, CANCEL_IN_BODY);
    buf_reset(&n->seen);
    start(&x, hang);
    assert_true(node_says(n, "closed /hang "));
    assert_int_equal(x.bodies, 1);
    assert_int_equal(x.dones, 0);
    buf_fini(&x.body);
    exchange_init(&x, REFUSE_BODY);
    start(&x, hung);
    finish(&x);
    assert_true(node_says(n, "closed /hung "));
    buf_fini(&x.body);
    api.global_cleanup();
}

static void secure_connections(void **state)
{
    AUTO_FREE char *dir = mem_printf("%s/test_http_XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    AUTO_FREE char *key = NULL, *cert = NULL, *url = NULL, *want = NULL;
    struct node n = { 0 };
    struct exchange x;

    (void)state;
    assert_non_null(mkdtemp(dir));
    key = mem_printf("%s/key.pem", dir);
    cert = mem_printf("%s/cert.pem", dir);
    if (!make_certificate(key, cert) || !node_start(&n, key, cert)) {
        print_message("openssl or node is not installed: TLS not tested\n");
        skip();
    }
    url = mem_printf("https://127.0.0.1:%d/ok", n.port);
    want = mem_printf("no secure connection to 127.0.0.1:%d: SSL certificate problem: self-signed certificate", n.port);
    run(&x, url);
    assert_int_equal(x.err.code, ERR_IO);
    assert_string_equal(x.err.text, want);
    assert_int_equal(x.heads, 0);
    buf_fini(&x.body);
    http_free(http);
    setenv("SSL_CERT_FILE", cert, 1);
    http = http_new(loop);
    http2_over_tls(&n);
    cancelling_http2_streams(&n);
    unsetenv("SSL_CERT_FILE");
    node_stop(&n);
    unlink(key);
    unlink(cert);
    rmdir(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_a_library),
        T(the_version),
        T(proxies_of_the_environment),
        T(cancelling_during_a_name_lookup),
        T(secure_connections),
    };

    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return cmocka_run_group_tests_name("http_tls", tests, NULL, NULL);
}
