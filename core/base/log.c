/* SPDX-License-Identifier: MIT */
/* The log's one sink and one level. A line is put together on the stack and leaves in one write(2), so that lines of
 * several threads and processes do not mix. Knows no format but its own and never allocates.
 * Surprising: failure to write is ignored; there is nowhere left to tell. */
#include "core/base/log.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const struct {
    const char *name, *colour;
} levels[] = {
    [LOG_ERROR] = { "error", "\033[31m" },
    [LOG_WARN] = { "warn", "\033[33m" },
    [LOG_INFO] = { "info", "\033[36m" },
    [LOG_DEBUG] = { "debug", "\033[2m" },
};

static int log_level = LOG_WARN;
static int log_fd = STDERR_FILENO;

void log_set_level(enum log_level level)
{
    __atomic_store_n(&log_level, (int)level, __ATOMIC_RELAXED);
}

bool log_set_level_name(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(levels); i++) {
        if (strcmp(levels[i].name, name) == 0) {
            log_set_level((enum log_level)i);
            return true;
        }
    }
    return false;
}

bool log_set_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    int old;

    if (fd < 0)
        return false;
    old = __atomic_exchange_n(&log_fd, fd, __ATOMIC_ACQ_REL);
    if (old != STDERR_FILENO)
        close(old);
    return true;
}

bool log_on(enum log_level level)
{
    return (int)level <= __atomic_load_n(&log_level, __ATOMIC_RELAXED);
}

/* One line whatever came in: line breaks and tabs become blanks; other controls, bad bytes and bidirectional overrides
 * become '?'. Returns the new length, never more than n. */
static size_t flatten(char *p, size_t n)
{
    size_t from, to = 0, len;
    uint32_t cp;

    for (from = 0; from < n; from += len) {
        len = utf8_decode(p + from, n - from, &cp);
        if (cp == '\n' || cp == '\r' || cp == '\t') {
            p[to++] = ' ';
        } else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e)
            || (cp >= 0x2066 && cp <= 0x2069) || (cp == 0xfffd && len == 1)) {
            p[to++] = '?';
        } else {
            memmove(p + to, p + from, len);
            to += len;
        }
    }
    return to;
}

/* What stands before the text: the time in a file, the program's name on stderr (which the editor shares with others). */
static size_t write_head(char *p, size_t n, int fd, enum log_level level, const char *module)
{
    bool colour = isatty(fd) && !getenv("NO_COLOR");
    char who[32] = "switchyard:";
    int len;

    if (fd != STDERR_FILENO)
        clock_iso(clock_wall_ms(), who);
    len = snprintf(p, n, "%s %s%s%s %.32s: ", who, colour ? levels[level].colour : "", levels[level].name,
        colour ? "\033[0m" : "", module);
    return len < 0 ? 0 : MIN((size_t)len, n - 1);
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    int fd = __atomic_load_n(&log_fd, __ATOMIC_ACQUIRE), len;
    size_t head, n;
    va_list ap;

    if (!log_on(level))
        return;
    head = write_head(line, sizeof line, fd, level, module);
    va_start(ap, fmt);
    len = vsnprintf(line + head, sizeof line - head, fmt, ap);
    va_end(ap);
    if (len < 0)
        return;
    n = head + (size_t)len;
    if (n > sizeof line - 1)
        n = utf8_whole((struct str) { line, sizeof line - 1 });
    n = head + flatten(line + head, n - head);
    line[n++] = '\n';
    if (write(fd, line, n) < 0)
        return;
}

bool log_bug(bool *told, const char *file, int line, const char *what)
{
    if (!__atomic_exchange_n(told, true, __ATOMIC_RELAXED))
        log_line(LOG_ERROR, "bug", "%s:%d: %s; please report this", file, line, what);
    return true;
}
