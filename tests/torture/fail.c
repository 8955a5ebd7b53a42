/* SPDX-License-Identifier: MIT */
/* Preloaded into the program: lets the nth call of one function fail, or every transfer be one byte long.
 *
 * FAIL=NAME:N:ERRNO fails call N (from 1) of NAME; FAIL=short shortens; FAIL=count writes "NAME CALLS" lines to
 * FAIL_OUT at exit. It knows libc alone. Allocation goes to glibc's inner names, because dlsym allocates itself. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clang-format off */
#define NAMES \
    X(read) X(write) X(send) X(recv) X(poll) X(epoll_wait) X(open) X(fstat) X(stat) X(access) X(mkdir) X(mkostemp) \
    X(rename) X(fsync) X(fchmod) X(readlink) X(realpath) X(scandir) X(eventfd) X(signalfd) X(epoll_create1) \
    X(epoll_ctl) X(dlopen) X(pthread_create) X(socket) X(malloc) X(calloc) X(realloc)
/* clang-format on */

enum name {
#define X(n) FN_##n,
    NAMES
#undef X
    FN_COUNT
};
static const char *const name_of[] = {
#define X(n) #n,
    NAMES
#undef X
};

static atomic_long calls[FN_COUNT];
static int failing = -1, failing_errno, is_short;
static long failing_call;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

__attribute__((constructor)) static void setup(void)
{
    const char *spec = getenv("FAIL");
    size_t n;

    if (!spec)
        return;
    is_short = strcmp(spec, "short") == 0;
    n = strcspn(spec, ":");
    if (spec[n] != ':')
        return;
    for (int i = 0; i < FN_COUNT; i++)
        if (strlen(name_of[i]) == n && strncmp(spec, name_of[i], n) == 0)
            failing = i;
    failing_call = strtol(spec + n + 1, NULL, 10);
    failing_errno = (int)strtol(strchr(spec + n + 1, ':') + 1, NULL, 10);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAIL_OUT");
    FILE *f = path ? fopen(path, "w") : NULL;

    if (!f)
        return;
    for (int i = 0; i < FN_COUNT; i++)
        fprintf(f, "%s %ld\n", name_of[i], atomic_load(&calls[i]));
    fclose(f);
}

static int must_fail(enum name name)
{
    long call = atomic_fetch_add(&calls[name], 1) + 1;

    if ((int)name != failing || call != failing_call)
        return 0;
    errno = failing_errno;
    return 1;
}

static void *real(enum name name)
{
    return dlsym(RTLD_NEXT, name_of[name]);
}

#define WRAP(result, failure, name, parameters, arguments)                                                        \
    __attribute__((visibility("default"))) result name parameters;                                                \
    result name parameters                                                                                        \
    {                                                                                                             \
        result(*inner) parameters;                                                                                \
        if (must_fail(FN_##name))                                                                                 \
            return failure;                                                                                       \
        *(void **)&inner = real(FN_##name);                                                                       \
        return inner arguments;                                                                                   \
    }

/* An eventfd or a signalfd, which have no file type, never transfer a part of what was asked for. */
static size_t shortened(int fd, size_t n)
{
    struct stat st;

    return is_short && n > 1 && syscall(SYS_fstat, fd, &st) == 0 && (st.st_mode & S_IFMT) != 0 ? 1 : n;
}

WRAP(ssize_t, -1, read, (int fd, void *p, size_t n), (fd, p, shortened(fd, n)))
WRAP(ssize_t, -1, write, (int fd, const void *p, size_t n), (fd, p, shortened(fd, n)))
WRAP(ssize_t, -1, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRAP(ssize_t, -1, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
WRAP(int, -1, poll, (struct pollfd * fds, nfds_t n, int timeout_ms), (fds, n, timeout_ms))
WRAP(int, -1, epoll_wait, (int fd, struct epoll_event *events, int n, int timeout_ms), (fd, events, n, timeout_ms))
WRAP(int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, stat, (const char *path, struct stat *st), (path, st))
WRAP(int, -1, access, (const char *path, int mode), (path, mode))
WRAP(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, -1, mkostemp, (char *path, int flags), (path, flags))
WRAP(int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(int, -1, fsync, (int fd), (fd))
WRAP(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(ssize_t, -1, readlink, (const char *path, char *p, size_t n), (path, p, n))
WRAP(char *, NULL, realpath, (const char *path, char *p), (path, p))
WRAP(int, -1, scandir,
    (const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
        int (*compare)(const struct dirent **, const struct dirent **)),
    (path, list, filter, compare))
WRAP(int, -1, eventfd, (unsigned int first, int flags), (first, flags))
WRAP(int, -1, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags))
WRAP(int, -1, epoll_create1, (int flags), (flags))
WRAP(int, -1, epoll_ctl, (int fd, int what, int other, struct epoll_event *event), (fd, what, other, event))
WRAP(void *, NULL, dlopen, (const char *path, int flags), (path, flags))
WRAP(int, failing_errno, pthread_create,
    (pthread_t * thread, const pthread_attr_t *attr, void *(*start)(void *), void *argument),
    (thread, attr, start, argument))
WRAP(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))

__attribute__((visibility("default"))) int open(const char *path, int flags, ...)
{
    int (*inner)(const char *, int, ...);
    mode_t mode = 0;
    va_list list;

    va_start(list, flags);
    if (flags & (O_CREAT | O_TMPFILE))
        mode = va_arg(list, mode_t);
    va_end(list);
    if (must_fail(FN_open))
        return -1;
    *(void **)&inner = real(FN_open);
    return inner(path, flags, mode);
}

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    return must_fail(FN_malloc) ? NULL : __libc_malloc(n);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    return must_fail(FN_calloc) ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
    return must_fail(FN_realloc) ? NULL : __libc_realloc(p, n);
}
