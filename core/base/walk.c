/* SPDX-License-Identifier: MIT */
/* Rules of gitignore(5): last match wins; a pattern with a slash before its end is anchored to its folder; "dir/" is for
 * folders; "**" crosses folders. What is below an ignored folder is never looked at. */
#include "core/base/walk.h"
#include "core/base/err.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_IGNORE_BYTES (256u << 10)
#define MAX_DEPTH 64
#define MAX_STEPS 20000 /* of one pattern against one path */

struct rule {
    char *pattern;
    bool negate, dir_only, anchored;
};

struct ignore {
    struct rule *rules;
    size_t n, cap;
};

/* Blanks at the end do not count, unless a backslash says so. */
static struct str trim_blanks(struct str line)
{
    size_t keep = 0;

    for (size_t i = 0; i < line.n; i++) {
        bool escape = line.p[i] == '\\' && i + 1 < line.n;

        i += escape;
        if (escape || line.p[i] != ' ')
            keep = i + 1;
    }
    return str_sub(line, 0, keep);
}

static void add_rule(struct ignore *ig, struct str line)
{
    struct rule r = {0};

    line = trim_blanks(line);
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

    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_sub(text, 3, text.n);
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

/* ---- patterns ---- */

/* Matching is recursive at stars; `steps` bounds it, and a pattern that uses them up matches nothing. */
struct glob {
    const char *start; /* of the pattern's first wildcard */
    int steps;
};

static bool class_holds(struct str name, unsigned char c)
{
    static const struct {
        const char *name;
        int (*is)(int c);
    } classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl}, {"digit", isdigit},
                   {"graph", isgraph}, {"lower", islower}, {"print", isprint}, {"punct", ispunct}, {"space", isspace},
                   {"upper", isupper}, {"xdigit", isxdigit}};

    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (str_eqc(name, classes[i].name))
            return classes[i].is(c);
    return false;
}

/* One member of a bracket at *p: a class, a range or a character. Advances *p behind it. */
static bool bracket_member(const char **p, unsigned char c)
{
    const char *at = *p, *end = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;
    unsigned char lo, hi;

    if (end) {
        *p = end + 2;
        return class_holds((struct str){at + 2, (size_t)(end - at) - 2}, c);
    }
    at += at[0] == '\\' && at[1];
    lo = hi = (unsigned char)*at++;
    if (at[0] == '-' && at[1] && at[1] != ']') {
        at += at[1] == '\\' && at[2] ? 2 : 1;
        hi = (unsigned char)*at++;
    }
    *p = at;
    return c == lo || (c > lo && c <= hi);
}

/* The bracket whose inside begins at p. *ret_next is behind it, or NULL if it is never closed: such a pattern matches
 * nothing. */
static bool bracket(const char *p, unsigned char c, const char **ret_next)
{
    bool negate = *p == '!' || *p == '^', hit = false;

    p += negate;
    do {
        if (!*p) {
            *ret_next = NULL;
            return false;
        }
        if (bracket_member(&p, c))
            hit = true;
    } while (*p != ']');
    *ret_next = p + 1;
    return c != '/' && hit != negate;
}

/* One character of the path against what is no star; advances *p behind it. */
static bool match_one(const char **p, char c)
{
    const char *next;
    bool hit;

    if (**p == '[') {
        hit = bracket(*p + 1, (unsigned char)c, &next);
        *p = next ? next : *p + strlen(*p);
        return hit && next;
    }
    if (**p == '?') {
        ++*p;
        return c != '/';
    }
    if (**p == '\\' && (*p)[1])
        ++*p;
    return *(*p)++ == c;
}

static bool glob_match(struct glob *g, const char *p, const char *s);

/* A run of stars at p. Two that stand alone between slashes cross folders. */
static bool match_stars(struct glob *g, const char *p, const char *s)
{
    const char *end = p + strspn(p, "*");
    bool deep = end - p > 1 && (p == g->start || p[-1] == '/') && (*end == '\0' || *end == '/');

    if (deep && *end == '/' && glob_match(g, end + 1, s))
        return true;
    for (;; s++) {
        if (glob_match(g, end, s))
            return true;
        if (!*s || (*s == '/' && !deep) || g->steps <= 0)
            return false;
    }
}

static bool glob_match(struct glob *g, const char *p, const char *s)
{
    while (*p) {
        if (--g->steps <= 0)
            return false;
        if (*p == '*')
            return match_stars(g, p, s);
        if (!*s || !match_one(&p, *s++))
            return false;
    }
    return !*s;
}

int ignore_match(const struct ignore *ig, const char *path, bool is_dir)
{
    const char *base = strrchr(path, '/');

    base = base ? base + 1 : path;
    for (size_t i = ig->n; i-- > 0;) {
        const struct rule *r = &ig->rules[i];
        struct glob g = {r->pattern + strcspn(r->pattern, "*?[\\"), MAX_STEPS};

        if ((!r->dir_only || is_dir) && glob_match(&g, r->pattern, r->anchored ? path : base))
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

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
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
    n = scandir(full, &list, visible, by_name);
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
