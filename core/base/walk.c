/* SPDX-License-Identifier: MIT */
/* Rules of gitignore(5): last match wins; a pattern with a slash before its end is anchored to its folder; "dir/" is for
 * folders; "**" crosses folders. What is below an ignored folder is never looked at. */
#include "core/base/walk.h"
#include "core/base/err.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_IGNORE_BYTES (256u << 10)
#define MAX_DEPTH 64

struct rule {
    char *pattern;
    bool negate, dir_only, anchored;
};

struct ignore {
    struct rule *rules;
    size_t n, cap;
};

static void add_rule(struct ignore *ig, struct str line)
{
    struct rule r = {0};

    while (line.n && line.p[line.n - 1] == ' ' && !(line.n > 1 && line.p[line.n - 2] == '\\'))
        line.n--;
    if (line.n == 0 || line.p[0] == '#')
        return;
    if (line.p[0] == '!') {
        r.negate = true;
        line = str_sub(line, 1, line.n);
    }
    if (line.n && line.p[line.n - 1] == '/') {
        r.dir_only = true;
        line.n--;
    }
    if (line.n == 0)
        return;
    r.anchored = memchr(line.p, '/', line.n) != NULL;
    if (line.p[0] == '/')
        line = str_sub(line, 1, line.n);
    r.pattern = mem_strndup(line.p, line.n);
    MEM_GROW(ig->rules, ig->n, ig->cap);
    ig->rules[ig->n++] = r;
}

struct ignore *ignore_new(struct str text)
{
    struct ignore *ig = mem_zalloc(sizeof *ig);

    while (text.n > 0)
        add_rule(ig, str_line(&text));
    return ig;
}

void ignore_free(struct ignore *ig)
{
    if (!ig)
        return;
    for (size_t i = 0; i < ig->n; i++)
        free(ig->rules[i].pattern);
    free(ig->rules);
    free(ig);
}

/* [abc], [!a-z]; *ret_next is behind the bracket. */
static bool bracket(const char *p, char c, const char **ret_next)
{
    bool negate = *p == '!' || *p == '^', hit = false;

    p += negate;
    do {
        char lo = *p++, hi = lo;

        if (p[0] == '-' && p[1] && p[1] != ']') {
            hi = p[1];
            p += 2;
        }
        hit = hit || (c >= lo && c <= hi);
    } while (*p && *p != ']');
    *ret_next = *p ? p + 1 : p;
    return hit != negate;
}

/* Backtracks to the last star only, and to the last double star: linear in practice, bounded by `steps`. */
static bool glob(const char *p, const char *s, int *steps)
{
    const char *star_p = NULL, *star_s = NULL, *deep_p = NULL, *deep_s = NULL;

    while (--*steps > 0) {
        const char *next;

        if (p[0] == '*' && p[1] == '*') {
            p += 2;
            p += *p == '/';
            deep_p = p;
            deep_s = s;
            star_p = NULL;
            continue;
        }
        if (*p == '*') {
            star_p = ++p;
            star_s = s;
            continue;
        }
        if (!*p && !*s)
            return true;
        if (*s && ((*p == '?' && *s != '/') || (*p == '[' && *s != '/' && bracket(p + 1, *s, &next)))) {
            p = *p == '?' ? p + 1 : next;
            s++;
            continue;
        }
        if (*p == '\\' && p[1])
            p++;
        if (*s && *p == *s) {
            p++;
            s++;
            continue;
        }
        if (star_p && *star_s && *star_s != '/') {
            p = star_p;
            s = ++star_s;
        } else if (deep_p && *deep_s) {
            p = deep_p;
            star_p = NULL;
            while (*deep_s && *deep_s != '/')
                deep_s++;
            deep_s += *deep_s == '/';
            s = deep_s;
            if (!*deep_s && *p)
                return false;
        } else {
            return false;
        }
    }
    return false;
}

int ignore_match(const struct ignore *ig, const char *path, bool is_dir)
{
    const char *base = strrchr(path, '/');

    base = base ? base + 1 : path;
    for (size_t i = ig->n; i-- > 0;) {
        const struct rule *r = &ig->rules[i];
        int steps = 10000;

        if ((!r->dir_only || is_dir) && glob(r->pattern, r->anchored ? path : base, &steps))
            return !r->negate;
    }
    return -1;
}

/* ---- walking ---- */

struct level {
    const struct level *up;
    struct ignore *ignore;
    size_t prefix; /* length of this folder's path with its slash, 0 for the root */
    unsigned depth;
};

struct walk {
    const char *root;
    const struct walk_options *o;
    bool (*fn)(void *ctx, const char *path, size_t bytes);
    void *ctx;
    size_t told;
    bool stopped;
};

/* Folders that hold what was built or fetched, whether or not a .gitignore says so. */
static bool usual_build_folder(const char *name)
{
    static const char *const names[] = {"node_modules", "__pycache__", "build", "dist", "target", "out", "vendor",
                                        "venv", "bower_components", "coverage", "obj"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_ignored(const struct level *l, const char *path, bool is_dir)
{
    for (; l; l = l->up) {
        int m = l->ignore ? ignore_match(l->ignore, path + l->prefix, is_dir) : -1;

        if (m >= 0)
            return m == 1;
    }
    return false;
}

static struct ignore *load_ignore(const char *root, const char *dir)
{
    AUTO_FREE char *path = mem_printf("%s/%s%s.gitignore", root, dir, *dir ? "/" : "");
    AUTO_BUF struct buf text;

    buf_init(&text, MAX_IGNORE_BYTES);
    return fs_read(path, &text, NULL) < 0 ? NULL : ignore_new(buf_str(&text));
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void walk_dir(struct walk *w, const char *dir, const struct level *up);

static void walk_file(struct walk *w, const char *rel, const struct stat *st, const struct level *l)
{
    if (w->stopped || (size_t)st->st_size > w->o->max_file_bytes || is_ignored(l, rel, false))
        return;
    if (w->told >= w->o->max_files) {
        w->stopped = true;
        return;
    }
    w->told++;
    w->stopped = !w->fn(w->ctx, rel, (size_t)st->st_size);
}

static void walk_entries(struct walk *w, const char *dir, struct dirent **list, int n, bool dirs, const struct level *l)
{
    for (int i = 0; i < n && !w->stopped; i++) {
        AUTO_FREE char *rel = mem_printf("%s%s%s", dir, *dir ? "/" : "", list[i]->d_name);
        AUTO_FREE char *full = mem_printf("%s/%s", w->root, rel);
        struct stat st;

        if (w->o->cancelled && atomic_load(w->o->cancelled))
            w->stopped = true;
        else if (lstat(full, &st) != 0)
            continue;
        else if (!dirs && S_ISREG(st.st_mode))
            walk_file(w, rel, &st, l);
        else if (dirs && S_ISDIR(st.st_mode) && !usual_build_folder(list[i]->d_name) && !is_ignored(l, rel, true))
            walk_dir(w, rel, l);
    }
}

static void walk_dir(struct walk *w, const char *dir, const struct level *up)
{
    AUTO_FREE char *full = mem_printf("%s%s%s", w->root, *dir ? "/" : "", dir);
    struct level here = {.up = up, .prefix = *dir ? strlen(dir) + 1 : 0, .depth = up ? up->depth + 1 : 0};
    struct dirent **list = NULL;
    int n;

    if (here.depth > MIN(w->o->max_depth, MAX_DEPTH))
        return;
    n = scandir(full, &list, visible, alphasort);
    if (n < 0)
        return;
    here.ignore = load_ignore(w->root, dir);
    walk_entries(w, dir, list, n, false, &here);
    walk_entries(w, dir, list, n, true, &here);
    ignore_free(here.ignore);
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

size_t walk_files(const char *root, const struct walk_options *o, bool (*fn)(void *ctx, const char *path, size_t bytes),
                  void *ctx)
{
    struct walk w = {.root = root, .o = o, .fn = fn, .ctx = ctx};

    walk_dir(&w, "", NULL);
    return w.told;
}
