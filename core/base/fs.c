/* SPDX-License-Identifier: MIT */
/* Files as whole values, the XDG folders and file: URIs. Knows nothing of what is in the files and keeps no state.
 * Surprising: fs_check_private() looks at folders too, since whoever may write the folder may swap the file. */
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10)

static int too_big(const char *path, const struct buf *b, struct err *e)
{
    return err_set(e, ERR_TOO_BIG, "'%s' is larger than %zu bytes", path, b->max);
}

static int read_all(int fd, const char *path, size_t size, struct buf *b, struct err *e)
{
    size_t room;
    ssize_t got;
    char *to, probe;

    for (;;) {
        room = MIN(b->max - b->n, MAX(size, READ_STEP));
        to = room ? buf_reserve(b, room) : &probe;
        if (!to)
            return too_big(path, b, e);
        do
            got = read(fd, to, room ? room : 1);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return err_set_errno(e, errno, "cannot read '%s'", path);
        if (got == 0)
            return 0;
        if (!room)
            return too_big(path, b, e);
        buf_commit(b, (size_t)got);
        size -= MIN(size, (size_t)got);
    }
}

int fs_read(const char *path, struct buf *b, struct err *e)
{
    /* O_NONBLOCK: opening a FIFO by mistake must not hang; it has no effect on a regular file. */
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    size_t n = b->n;
    struct stat st;
    int r;

    if (fd < 0)
        return err_set_errno(e, errno, "cannot open '%s'", path);
    if (fstat(fd, &st) < 0)
        return err_set_errno(e, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_IO, "'%s' is not a regular file", path);
    if ((uintmax_t)st.st_size > b->max - n)
        return too_big(path, b, e);
    r = read_all(fd, path, (size_t)st.st_size, b, e);
    if (r < 0 && b->p) {
        b->n = n;
        b->p[n] = '\0';
    }
    return r;
}

static int write_all(int fd, struct str s)
{
    ssize_t n;

    while (s.n) {
        n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        s = str_sub(s, (size_t)n, s.n);
    }
    return 0;
}

/* A rename is on disk only when its folder is. Not every file system can do this, and the new content is visible either
 * way, so failure is ignored. */
static void sync_folder_of(const char *path)
{
    AUTO_FREE char *copy = mem_strdup(path);
    AUTO_FD int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        (void)fsync(fd);
}

int fs_write_atomic(const char *path, struct str content, struct err *e)
{
    AUTO_FREE char *tmp = mem_printf("%s.XXXXXX", path);
    int fd = mkostemp(tmp, O_CLOEXEC);
    int saved;

    if (fd < 0)
        return err_set_errno(e, errno, "cannot write '%s'", path);
    if (fchmod(fd, 0600) < 0 || write_all(fd, content) < 0 || fsync(fd) < 0) {
        saved = errno;
        close(fd);
    } else if (close(fd) < 0 || rename(tmp, path) < 0) {
        saved = errno;
    } else {
        sync_folder_of(path);
        return 0;
    }
    (void)unlink(tmp);
    return err_set_errno(e, saved, "cannot write '%s'", path);
}

int fs_mkdirs(const char *path, struct err *e)
{
    AUTO_FREE char *copy = mem_strdup(path);
    char *p = copy;
    char c;

    while (*p) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        c = *p;
        *p = '\0';
        if (*copy && !fs_is_dir(copy) && mkdir(copy, 0700) < 0 && errno != EEXIST)
            return err_set_errno(e, errno, "cannot make folder '%s'", copy);
        *p = c;
    }
    if (!fs_is_dir(path))
        return err_set(e, ERR_IO, "cannot make folder '%s': it is a file", path);
    return 0;
}

bool fs_is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_owner_and_mode(const char *path, bool folder, struct err *e)
{
    const char *kind = folder ? "folder" : "file";
    struct stat st;

    if (stat(path, &st) < 0)
        return err_set_errno(e, errno, "cannot look at '%s'", path);
    if (!folder && !S_ISREG(st.st_mode))
        return err_set(e, ERR_CONFIG, "'%s' is not a regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(e, ERR_CONFIG, "%s '%s' belongs to another user: chown it to yourself", kind, path);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(e, ERR_CONFIG, "%s '%s' can be written by others: chmod go-w it%s", kind, path,
            st.st_mode & S_ISVTX ? " or move the file elsewhere" : "");
    return 0;
}

static int check_file_and_folder(const char *path, struct err *e)
{
    AUTO_FREE char *copy = mem_strdup(path);
    int r = check_owner_and_mode(path, false, e);

    return r < 0 ? r : check_owner_and_mode(dirname(copy), true, e);
}

int fs_check_private(const char *path, struct err *e)
{
    AUTO_FREE char *real = realpath(path, NULL);
    int r;

    if (!real)
        return err_set_errno(e, errno, "cannot look at '%s'", path);
    r = check_file_and_folder(path, e);
    /* A link is as safe as both its own folder and its target's. */
    return r < 0 ? r : check_file_and_folder(real, e);
}

char *fs_xdg(enum fs_dir which)
{
    static const struct {
        const char *env, *below_home;
    } dirs[] = {
        [FS_CONFIG] = { "XDG_CONFIG_HOME", ".config" },
        [FS_STATE] = { "XDG_STATE_HOME", ".local/state" },
        [FS_CACHE] = { "XDG_CACHE_HOME", ".cache" },
        [FS_DATA] = { "XDG_DATA_HOME", ".local/share" },
    };
    const char *base = getenv(dirs[which].env), *home = getenv("HOME");

    /* The XDG specification: a relative path in the variable is to be ignored. */
    if (base && base[0] == '/')
        return fs_join(base, "switchyard");
    if (!home || home[0] != '/')
        return NULL;
    return mem_printf("%s%s%s/switchyard", home, str_ends(str_c(home), STR("/")) ? "" : "/", dirs[which].below_home);
}

char *fs_join(const char *a, const char *b)
{
    size_t n = strlen(a);

    while (n > 0 && a[n - 1] == '/')
        n--;
    return mem_printf("%.*s/%s", (int)n, a, b + strspn(b, "/"));
}

char *fs_lib_dir(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    int i;

    if (n < 0)
        return NULL;
    exe[n] = '\0';
    for (i = 0; i < 2; i++) {
        char *slash = strrchr(exe, '/');

        if (!slash)
            return NULL;
        *slash = '\0';
    }
    return mem_printf("%s/lib/switchyard", exe);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Percent escapes undone; a '%' that begins none stays. NULL if a NUL would come out. */
static char *percent_decode(struct str s)
{
    char *out = mem_alloc(s.n + 1);
    size_t i, n = 0;

    for (i = 0; i < s.n; i++) {
        int hi = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(s.p[i + 2]) : -1;
        char c = lo >= 0 ? (char)(hi << 4 | lo) : s.p[i];

        if (c == '\0') {
            free(out);
            return NULL;
        }
        i += lo >= 0 ? 2 : 0;
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

char *fs_uri_to_path(struct str uri)
{
    struct str rest;

    if (uri.n < 6 || strncasecmp(uri.p, "file:", 5) != 0)
        return NULL;
    rest = str_sub(uri, 5, uri.n);
    if (str_starts(rest, STR("//"))) {
        rest = str_sub(rest, 2, rest.n);
        if (rest.n > 9 && strncasecmp(rest.p, "localhost", 9) == 0)
            rest = str_sub(rest, 9, rest.n);
    }
    return str_starts(rest, STR("/")) ? percent_decode(rest) : NULL;
}

char *fs_path_to_uri(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    AUTO_FREE char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
    AUTO_FREE char *full = cwd ? fs_join(cwd, path) : mem_strdup(path);
    char *uri = mem_alloc(3 * strlen(full) + sizeof "file://");
    char *to = stpcpy(uri, "file://");
    const char *p;

    for (p = full; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || strchr("/-._~", c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    *to = '\0';
    return uri;
}
