/* SPDX-License-Identifier: MIT */
/* Finding and loading grammars. Does not know documents or trees.
 *
 * Surprising: nothing is ever unloaded. Trees and parsers that a worker still holds point into the object, and a second
 * dlopen of the same file costs nothing. */
#include "core/doc/grammar.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/doc/query.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <tree_sitter/api.h>
#include <unistd.h>

#define MAX_QUERY_BYTES (64u << 10)
#define MAX_PLACES 40
#define MAX_CANDIDATES 64

/* One per name asked for, found or not. */
struct entry {
    struct grammar g; /* g.ts is NULL if it failed */
    struct err why;
    struct entry *next;
};

struct grammars {
    char *lib_dir;
    char *places[MAX_PLACES]; /* glob patterns with one %s for the name */
    size_t nplaces;
    struct entry *entries;
};

/* In the order of the search, after our own folder. "%s" is the name. */
static const struct {
    enum { IN_DATA, IN_CONFIG, IN_HOME, IN_ROOT } base;
    const char *pattern;
} known[] = {
    { IN_DATA, "switchyard/grammars/%s.so" },
    { IN_DATA, "nvim/site/parser/%s.so" },
    { IN_DATA, "nvim/site/pack/*/*/*/parser/%s.so" },
    { IN_DATA, "nvim/lazy/*/parser/%s.so" },
    { IN_CONFIG, "nvim/parser/%s.so" },
    { IN_ROOT, "/usr/local/lib/nvim/parser/%s.so" },
    { IN_ROOT, "/usr/lib/nvim/parser/%s.so" },
    { IN_ROOT, "/usr/lib/*/nvim/parser/%s.so" },
    { IN_ROOT, "/usr/share/nvim/runtime/parser/%s.so" },
    { IN_ROOT, "/usr/lib/tree_sitter/%s.so" },
    { IN_HOME, ".emacs.d/tree-sitter/libtree-sitter-%s.so" },
    { IN_CONFIG, "emacs/tree-sitter/libtree-sitter-%s.so" },
    { IN_CONFIG, "helix/runtime/grammars/%s.so" },
    { IN_ROOT, "/usr/lib/helix/runtime/grammars/%s.so" },
    { IN_ROOT, "/usr/share/helix/runtime/grammars/%s.so" },
    { IN_ROOT, "/usr/local/lib/libtree-sitter-%s.so*" },
    { IN_ROOT, "/usr/lib/libtree-sitter-%s.so*" },
    { IN_ROOT, "/usr/lib/*/libtree-sitter-%s.so*" },
};

static char *base_folder(const char *variable, const char *below_home)
{
    const char *home = getenv("HOME"), *xdg = variable ? getenv(variable) : NULL;

    if (xdg && xdg[0] == '/')
        return mem_strdup(xdg);
    if (!home || home[0] != '/')
        return NULL;
    return below_home ? fs_join(home, below_home) : mem_strdup(home);
}

/* A folder's own name may hold what would be a wildcard. */
static char *place_below(const char *folder, const char *pattern)
{
    char *place = mem_alloc(2 * strlen(folder) + strlen(pattern) + 2), *to = place;

    for (; *folder; folder++) {
        if (strchr("*?[\\", *folder))
            *to++ = '\\';
        *to++ = *folder;
    }
    *to++ = '/';
    memcpy(to, pattern, strlen(pattern) + 1);
    return place;
}

/* tree-sitter's memory comes from where ours does, so that it ends in the same sentence. */
static void *ts_zeroed(size_t count, size_t size)
{
    return mem_zalloc(count * size);
}

struct grammars *grammars_new(const char *lib_dir)
{
    struct grammars *gs = mem_zalloc(sizeof *gs);
    char *bases[4] = { 0 };
    size_t i;

    ts_set_allocator(mem_alloc, ts_zeroed, mem_realloc, free);
    bases[IN_DATA] = base_folder("XDG_DATA_HOME", ".local/share");
    bases[IN_CONFIG] = base_folder("XDG_CONFIG_HOME", ".config");
    bases[IN_HOME] = base_folder(NULL, NULL);
    gs->lib_dir = mem_strdup(lib_dir);
    gs->places[gs->nplaces++] = place_below(lib_dir, "grammars/%s.so");
    for (i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].base == IN_ROOT)
            gs->places[gs->nplaces++] = mem_strdup(known[i].pattern);
        else if (bases[known[i].base])
            gs->places[gs->nplaces++] = place_below(bases[known[i].base], known[i].pattern);
    }
    for (i = 0; i < ARRAY_LEN(bases); i++)
        free(bases[i]);
    return gs;
}

const char *grammars_place(const struct grammars *gs, size_t i)
{
    return i < gs->nplaces ? gs->places[i] : NULL;
}

static void entry_free(struct entry *en)
{
    query_free(en->g.scopes);
    query_free(en->g.blocks);
    query_free(en->g.symbols);
    free(en->g.name);
    free(en->g.path);
    free(en);
}

void grammars_free(struct grammars *gs)
{
    struct entry *en, *next;
    size_t i;

    if (!gs)
        return;
    for (en = gs->entries; en; en = next) {
        next = en->next;
        entry_free(en);
    }
    for (i = 0; i < gs->nplaces; i++)
        free(gs->places[i]);
    free(gs->lib_dir);
    free(gs);
}

/* dlopen's own words about a text file are "invalid ELF header"; say which file of which program instead. */
static int check_elf(const char *path, const char *name, struct err *e)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    unsigned char head[EI_NIDENT] = { 0 };

    if (fd < 0 || read(fd, head, sizeof head) != sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0)
        return err_set(e, ERR_PLUGIN, "grammar '%s' in %s: not a shared object", name, path);
    if (head[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
        return err_set(e, ERR_PLUGIN, "grammar '%s' in %s: built for another kind of processor", name, path);
    return 0;
}

static int check_private(const char *path, const char *name, struct err *e)
{
    struct err why = { 0 };

    if (fs_check_private(path, &why) == 0)
        return 0;
    return err_set(e, ERR_PLUGIN, "grammar '%s' was not loaded: %s", name, why.text);
}

const TSLanguage *grammar_load(const char *path, const char *name, unsigned *ret_abi, struct err *e)
{
    AUTO_FREE char *symbol = mem_printf("tree_sitter_%s", name);
    const TSLanguage *ts, *(*make)(void);
    unsigned abi;
    void *so;

    if (check_private(path, name, e) < 0 || check_elf(path, name, e) < 0)
        return NULL;
    so = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!so) {
        err_set(e, ERR_PLUGIN, "grammar '%s': %s", name, dlerror());
        return NULL;
    }
    *(void **)&make = dlsym(so, symbol);
    ts = make ? make() : NULL;
    if (!ts) {
        err_set(e, ERR_PLUGIN, "grammar '%s' in %s: no function %s in it", name, path, symbol);
        return NULL;
    }
    abi = ts_language_abi_version(ts);
    if (abi < TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION || abi > TREE_SITTER_LANGUAGE_VERSION) {
        err_set(e, ERR_PLUGIN, "grammar '%s' in %s: ABI %u, this program reads %d to %d", name, path, abi,
            TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION, TREE_SITTER_LANGUAGE_VERSION);
        return NULL;
    }
    *ret_abi = abi;
    return ts;
}

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n > 0 && n < 64 && name[n] == '\0';
}

/* Adds queries/NAME/KIND.scm to the text, after the file that its first line names: "; inherits: c". */
static void read_query(const struct grammars *gs, const char *name, const char *kind, struct buf *text, int depth)
{
    static const struct str mark = { "; inherits: ", 12 };
    AUTO_FREE char *path = mem_printf("%s/queries/%s/%s.scm", gs->lib_dir, name, kind);
    AUTO_FREE char *parent = NULL;
    AUTO_BUF struct buf own;
    struct str rest, line;

    buf_init(&own, MAX_QUERY_BYTES);
    if (fs_read(path, &own, NULL) < 0)
        return;
    rest = buf_str(&own);
    line = str_line(&rest);
    if (str_starts(line, mark) && depth < 3) {
        parent = mem_strndup(line.p + mark.n, line.n - mark.n);
        if (is_name(parent))
            read_query(gs, parent, kind, text, depth + 1);
    }
    (void)buf_addstr(text, buf_str(&own));
}

/* Our queries are text files of the installation. One that is missing or broken costs that answer, not the grammar. */
static struct query *load_query(const struct grammars *gs, const TSLanguage *ts, const char *name, const char *kind)
{
    AUTO_BUF struct buf text;
    struct query *q;

    buf_init(&text, 4 * MAX_QUERY_BYTES);
    read_query(gs, name, kind, &text, 0);
    q = query_new(ts, buf_str(&text), kind, NULL);
    return q ? q : query_new(ts, STR_NULL, kind, NULL);
}

static void load_file(struct grammars *gs, struct entry *en, const char *path)
{
    struct grammar *g = &en->g;

    g->ts = grammar_load(path, g->name, &g->abi, &en->why);
    if (!g->ts)
        return;
    g->path = mem_strdup(path);
    g->scopes = load_query(gs, g->ts, g->name, "scopes");
    g->blocks = load_query(gs, g->ts, g->name, "blocks");
    g->symbols = load_query(gs, g->ts, g->name, "symbols");
}

static void search_place(struct grammars *gs, struct entry *en, const char *place, const char *file_name)
{
    const char *hole = place + strlen(place);
    AUTO_FREE char *pattern = NULL;
    glob_t found;
    size_t i;

    while (strncmp(hole, "%s", 2) != 0) /* the last one: a folder's name may hold another */
        hole--;
    pattern = mem_printf("%.*s%s%s", (int)(hole - place), place, file_name, hole + 2);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (i = 0; i < found.gl_pathc && i < MAX_CANDIDATES && !en->g.ts; i++)
        load_file(gs, en, found.gl_pathv[i]);
    globfree(&found);
}

/* Ours and Neovim's files have '_' in them ("c_sharp"), those of Emacs and Helix '-'. */
static void search(struct grammars *gs, struct entry *en)
{
    AUTO_FREE char *dashed = mem_strdup(en->g.name);
    size_t i;
    char *p;

    for (p = dashed; (p = strchr(p, '_'));)
        *p = '-';
    for (i = 0; i < gs->nplaces && !en->g.ts; i++) {
        search_place(gs, en, gs->places[i], en->g.name);
        if (!en->g.ts && strcmp(dashed, en->g.name) != 0)
            search_place(gs, en, gs->places[i], dashed);
    }
}

const struct grammar *grammars_get(struct grammars *gs, const char *name, struct err *e)
{
    struct entry *en;

    for (en = gs->entries; en; en = en->next)
        if (strcmp(en->g.name, name) == 0)
            break;
    if (!en) {
        en = mem_zalloc(sizeof *en);
        en->g.name = mem_strdup(name);
        en->next = gs->entries;
        gs->entries = en;
        if (is_name(name))
            search(gs, en);
        if (!en->g.ts)
            err_set(&en->why, ERR_NOT_FOUND, "no grammar '%s' on this machine", name);
    }
    if (en->g.ts)
        return &en->g;
    err_set(e, en->why.code, "%s", en->why.text);
    return NULL;
}
