/* SPDX-License-Identifier: MIT */
/* What the commands that need a session do alike: log, loop, session, one open file, waiting with an end.
 * Knows no output format. The log goes to standard error unless told otherwise, so it never mixes with an answer. */
#include "core/cli/front.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_WAIT_MS 5000 /* a workspace that takes longer is used as far as it was read */

static int set_log(const struct options *o, struct err *e)
{
    if (o->log && !log_set_level_name(o->log))
        return err_set(e, ERR_INVALID, "unknown log level '%s', use error, warn, info or debug", o->log);
    if (o->log_file && !log_set_file(o->log_file))
        return err_set_errno(e, errno, "cannot open log file '%s'", o->log_file);
    return 0;
}

int front_init(struct front *f, const struct options *o, struct err *e)
{
    struct session_options so = {.config_path = o->config, .no_config = o->no_config};
    int r;

    *f = (struct front) {0};
    if (o->config && o->no_config)
        return err_set(e, ERR_INVALID, "'--config' and '--no-config' exclude each other");
    r = set_log(o, e);
    if (r < 0)
        return r;
    f->loop = loop_new(e);
    if (!f->loop)
        return e->code;
    f->session = session_new(f->loop, &so, e);
    return f->session ? 0 : e->code;
}

void front_fini(struct front *f)
{
    session_free(f->session);
    if (f->loop)
        loop_free(f->loop);
}

void front_warn(const struct front *f)
{
    const char *problem = session_problem(f->session);

    if (problem)
        output_error(problem);
}

int front_wait(struct front *f, const bool *done, unsigned ms, const char *what, struct err *e)
{
    uint64_t end = clock_ms() + ms, now;

    while (!*done) {
        int r;

        now = clock_ms();
        if (now >= end)
            return err_set(e, ERR_TIMEOUT, "%s took longer than %u ms", what, ms);
        r = loop_step(f->loop, (int)(end - now), e);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The nearest folder above `path` (absolute) with .git in it. NULL if there is none. */
static char *find_repository(const char *path)
{
    char *dir = mem_strdup(path);

    for (;;) {
        char *slash = strrchr(dir, '/');
        AUTO_FREE char *git = NULL;

        if (!slash || slash == dir)
            break;
        *slash = '\0';
        git = fs_join(dir, ".git");
        if (access(git, F_OK) == 0)
            return dir;
    }
    free(dir);
    return NULL;
}

/* Without a repository: the working directory if the file is inside, else the file's own folder. */
static char *find_workspace(const char *path)
{
    char *found = find_repository(path), *slash;
    AUTO_FREE char *here = NULL;
    size_t n;

    if (found)
        return found;
    here = getcwd(NULL, 0);
    n = here ? strlen(here) : 0;
    if (n > 1 && strncmp(path, here, n) == 0 && path[n] == '/')
        return mem_strdup(here);
    found = mem_strdup(path);
    slash = strrchr(found, '/');
    slash[slash == found] = '\0';
    return found;
}

static int resolve_folder(const char *folder, char **ret, struct err *e)
{
    *ret = realpath(folder, NULL);
    if (!*ret)
        return err_set_errno(e, errno, "cannot use workspace '%s'", folder);
    if (!fs_is_dir(*ret))
        return err_set(e, ERR_INVALID, "workspace '%s' is not a folder", folder);
    return 0;
}

/* The file itself need not exist (--as NAME), its folder neither. */
static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);
    AUTO_FREE char *here = NULL;

    if (real)
        return real;
    here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    return here ? fs_join(here, path) : mem_printf("%s%s", path[0] == '/' ? "" : "/", path);
}

static void wait_for_index(struct front *f)
{
    uint64_t end = clock_ms() + INDEX_WAIT_MS;

    while (session_is_indexing(f->session) && clock_ms() < end)
        if (loop_step(f->loop, 20, NULL) < 0)
            return;
}

int front_open(struct front *f, const char *path, const char *folder, struct str text, char **ret_uri, struct err *e)
{
    AUTO_FREE char *full = absolute(path);
    AUTO_FREE char *root = NULL;
    AUTO_FREE char *uri = fs_path_to_uri(full);
    int r = 0;

    if (folder)
        r = resolve_folder(folder, &root, e);
    else
        root = find_workspace(full);
    if (r < 0)
        return r;
    session_set_workspace(f->session, root);
    r = session_open(f->session, uri, "", 1, text, e);
    if (r < 0)
        return r;
    session_focus(f->session, uri);
    wait_for_index(f);
    *ret_uri = uri;
    uri = NULL;
    return 0;
}

int front_read_stdin(struct buf *text, struct err *e)
{
    for (;;) {
        char piece[65536];
        ssize_t n = read(STDIN_FILENO, piece, sizeof piece);

        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(e, errno, "cannot read standard input");
        if (!buf_add(text, piece, (size_t)n))
            return err_set(e, ERR_TOO_BIG, "standard input is larger than %zu bytes", text->max);
    }
}

int front_read(const char *path, struct buf *text, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int r = is_stdin ? front_read_stdin(text, e) : fs_read(path, text, e);

    if (r < 0)
        return r;
    if (text->n && memchr(text->p, '\0', text->n))
        return err_set(e, ERR_PARSE, "%s%s%s is not a text file", is_stdin ? "" : "'", is_stdin ? "standard input" : path,
            is_stdin ? "" : "'");
    return 0;
}
