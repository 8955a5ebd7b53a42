/* SPDX-License-Identifier: MIT */
/* The way out: whole answers to standard output, one sentence to standard error, colours only where they are wanted.
 * Knows no command. Surprising: a descriptor 0, 1 or 2 that was closed at the start is filled with one that fails, so
 * that the next file to be opened cannot take its place and be written over. */
#include "core/cli/cli.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void output_init(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    signal(SIGPIPE, SIG_IGN);
}

static bool is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void output_add(struct buf *out, struct str text)
{
    if (is_terminal())
        utf8_neutralise(text, out);
    else
        buf_addstr(out, text);
}

int output_write(struct str text, struct err *e)
{
    while (text.n) {
        ssize_t n = write(STDOUT_FILENO, text.p, text.n);

        if (n >= 0) {
            text = str_sub(text, (size_t)n, text.n);
        } else if (errno == EAGAIN) {
            struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

            (void)poll(&p, 1, -1); /* someone made our pipe non-blocking */
        } else if (errno == EPIPE) {
            return 0;
        } else if (errno != EINTR) {
            err_set_errno(e, errno, "cannot write to standard output");
            return e->code;
        }
    }
    return 0;
}

void output_error(const char *sentence)
{
    AUTO_BUF struct buf line = {0};

    buf_init(&line, 4096);
    buf_addf(&line, "switchyard: %s\n", sentence);
    output_note(buf_str(&line));
}

void output_note(struct str text)
{
    AUTO_BUF struct buf safe = {0};
    struct str rest;

    buf_init(&safe, 16384);
    utf8_neutralise(text, &safe);
    rest = buf_str(&safe);
    while (rest.n) {
        ssize_t n = write(STDERR_FILENO, rest.p, rest.n);

        if (n < 0 && errno != EINTR)
            return; /* nowhere left to complain */
        if (n > 0)
            rest = str_sub(rest, (size_t)n, rest.n);
    }
}

static bool is_coloured(void)
{
    static int known = -1; /* asked once: the answer cannot change */
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (known < 0)
        known = is_terminal() && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
    return known;
}

const char *style(enum style s)
{
    static const char *const CODES[] = {
        [STYLE_NONE] = "\033[0m",
        [STYLE_BOLD] = "\033[1m",
        [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m",
        [STYLE_NOTE] = "\033[33m",
        [STYLE_BAD] = "\033[31m",
    };

    return is_coloured() ? CODES[s] : "";
}

void json_add_string(struct buf *out, struct str value)
{
    AUTO_BUF struct buf valid = {0};

    buf_init(&valid, value.n * 3 + 1); /* a bad byte becomes three */
    utf8_repair(value, &valid);
    buf_addc(out, '"');
    for (size_t i = 0; i < valid.n; i++) {
        unsigned char c = (unsigned char)valid.p[i];

        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\u%04x", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

void json_add(struct buf *out, const char *key, struct str value)
{
    json_add_string(out, str_c(key));
    buf_addc(out, ':');
    json_add_string(out, value);
}
