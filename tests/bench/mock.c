/* SPDX-License-Identifier: MIT */
/* One GET by hand, and a log that is read line by line. */
#include "tests/bench/mock.h"
#include "core/base/mem.h"
#include "tests/bench/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void mock_start(struct mock *m, const char *program, const char *log)
{
    char line[64] = "", *argv[] = {mem_strdup(program), mem_strdup("--log"), mem_strdup(log), NULL};
    posix_spawn_file_actions_t actions;
    int out[2];

    memset(m, 0, sizeof *m);
    snprintf(m->log, sizeof m->log, "%s", log);
    if (pipe2(out, O_CLOEXEC) < 0)
        die("cannot make a pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (posix_spawn(&m->pid, program, &actions, NULL, argv, environ) != 0)
        die("cannot start %s", program);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    if (read(out[0], line, sizeof line - 1) <= 0 || sscanf(line, "PORT %d", &m->port) != 1)
        die("the mock service said no port");
    close(out[0]);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
}

void mock_stop(struct mock *m)
{
    kill(m->pid, SIGTERM);
    (void)waitpid(m->pid, NULL, 0);
}

void mock_delay(struct mock *m, int ms)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)m->port)};
    struct timeval limit = {.tv_sec = 5};
    AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[512];
    int n = snprintf(text, sizeof text, "GET /__set?ttft_ms=%d HTTP/1.1\r\nHost: x\r\n\r\n", ms);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 || write(fd, text, (size_t)n) != n || read(fd, text, sizeof text) <= 0)
        die("cannot change the mock service");
}

static double number(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    return at ? strtod(at + strlen(key), NULL) : 0;
}

size_t mock_new(struct mock *m, struct mock_request **ret)
{
    FILE *f = fopen(m->log, "re");
    size_t n = 0, cap = 0;
    char line[4096];

    *ret = NULL;
    if (!f || fseek(f, m->read, SEEK_SET) < 0)
        die("cannot read %s", m->log);
    while (fgets(line, sizeof line, f)) {
        struct mock_request r = {.first_us = number(line, "\"t_first_byte\":") / 1e3, .conn = (int)number(line, "\"conn\":")};

        r.aborted = strstr(line, "\"aborted\":true") != NULL;
        r.done_us = number(line, r.aborted ? "\"t_abort\":" : "\"t_done\":") / 1e3;
        MEM_GROW(*ret, n, cap);
        (*ret)[n++] = r;
    }
    m->read = ftell(f);
    fclose(f);
    return n;
}
