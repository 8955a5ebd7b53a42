/* SPDX-License-Identifier: MIT */
#include "tests/lib/stage.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static char *home_path(const struct stage *st, const char *name)
{
    return fs_join(st->home, name);
}

static void put(const struct stage *st, const char *name, const char *text)
{
    AUTO_FREE char *path = home_path(st, name);
    AUTO_FREE char *folder = mem_strdup(path);
    struct err e = {0};

    *strrchr(folder, '/') = '\0';
    assert_int_equal(fs_mkdirs(folder, &e), 0);
    assert_int_equal(fs_write_atomic(path, str_c(text), &e), 0);
}

static pid_t run(const char *const argv[], int out)
{
    posix_spawn_file_actions_t fa;
    pid_t pid = -1;

    posix_spawn_file_actions_init(&fa);
    if (out >= 0)
        posix_spawn_file_actions_adddup2(&fa, out, 1);
    assert_int_equal(posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, environ), 0);
    posix_spawn_file_actions_destroy(&fa);
    return pid;
}

void stage_init(struct stage *st)
{
    static const char *const xdg[][2] = {{"XDG_CONFIG_HOME", "config"}, {"XDG_STATE_HOME", "state"},
                                         {"XDG_CACHE_HOME", "cache"}, {"XDG_DATA_HOME", "data"}};
    AUTO_FREE char *lib = fs_lib_dir();
    struct err e = {0};

    memset(st, 0, sizeof *st);
    st->home = mem_printf("%s/stage.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(st->home));
    st->bin = mem_printf("%s/../../tests", lib);
    setenv("HOME", st->home, 1);
    for (size_t i = 0; i < ARRAY_LEN(xdg); i++) {
        AUTO_FREE char *dir = home_path(st, xdg[i][1]);

        setenv(xdg[i][0], dir, 1);
    }
    AUTO_FREE char *plugins = home_path(st, "data/switchyard/plugins");
    AUTO_FREE char *link = fs_join(plugins, "slow.so");
    AUTO_FREE char *slow = fs_join(st->bin, "plugins/slow.so");

    assert_int_equal(fs_mkdirs(plugins, &e), 0);
    assert_int_equal(symlink(slow, link), 0);
    st->loop = loop_new(&e);
    assert_non_null(st->loop);
    st->mock_out = -1;
}

void stage_close_session(struct stage *st)
{
    session_free(st->session);
    st->session = NULL;
}

void stage_stop_mock(struct stage *st)
{
    if (st->mock <= 0)
        return;
    assert_int_equal(kill(st->mock, SIGTERM), 0);
    assert_int_equal(waitpid(st->mock, NULL, 0), st->mock);
    close(st->mock_out);
    st->mock = 0;
}

void stage_fini(struct stage *st)
{
    const char *const rm[] = {"rm", "-rf", st->home, NULL};

    stage_close_session(st);
    stage_stop_mock(st);
    loop_free(st->loop);
    assert_int_equal(waitpid(run(rm, -1), NULL, 0) > 0, 1);
    free(st->home);
    free(st->bin);
}

void stage_start_mock(struct stage *st)
{
    AUTO_FREE char *program = fs_join(st->bin, "mockprov");
    const char *const argv[] = {program, NULL};
    char line[64] = "";
    size_t n = 0;
    int fd[2];

    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    st->mock = run(argv, fd[1]);
    close(fd[1]);
    st->mock_out = fd[0];
    while (n < sizeof line - 1 && !memchr(line, '\n', n)) {
        ssize_t got = read(fd[0], line + n, sizeof line - 1 - n);

        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_int_equal(sscanf(line, "PORT %u", &st->port), 1);
}

void stage_tell_mock(const struct stage *st, const char *path, struct buf *body)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)st->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AUTO_FREE char *request = mem_printf("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    AUTO_BUF struct buf all;
    ssize_t got;
    char *p;

    buf_init(&all, 1 << 16);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    while ((p = buf_reserve(&all, 1000)) && (got = read(fd, p, 1000)) > 0) {
        buf_commit(&all, (size_t)got);
        if (memmem(all.p, all.n, "\r\n\r\n", 4) && all.p[all.n - 1] == '}')
            break;
    }
    close(fd);
    if (body && all.p && strstr(all.p, "\r\n\r\n"))
        buf_adds(body, strstr(all.p, "\r\n\r\n") + 4);
}

struct session *stage_open(struct stage *st, const char *config)
{
    struct session_options o = {.no_config = !config};
    AUTO_BUF struct buf text;
    struct err e = {0};

    buf_init(&text, 1 << 20);
    for (const char *p = config, *q; p && *p; p = q) {
        q = strstr(p, "%PORT%");
        buf_add(&text, p, q ? (size_t)(q - p) : strlen(p));
        if (q)
            buf_addf(&text, "%u", st->port);
        q = q ? q + 6 : NULL;
    }
    if (config)
        put(st, "config/switchyard/config.json", text.p);
    st->session = session_new(st->loop, &o, &e);
    if (!st->session)
        fail_msg("%s", e.text);
    return st->session;
}

void stage_step(struct stage *st, int ms)
{
    struct err e = {0};

    assert_int_equal(loop_step(st->loop, ms, &e), 0);
}

void stage_until(struct stage *st, const int *flag)
{
    uint64_t end = clock_ms() + 10000;

    while (!*flag) {
        if (clock_ms() > end)
            fail_msg("waited for 10 s");
        stage_step(st, 20);
    }
}
