/* SPDX-License-Identifier: MIT */
/* dlopen, the version gate, and the copy of min(sizes) that lets old and new meet. */
#include "core/engine/plugin.h"
#include "core/base/fs.h"
#include "core/base/mem.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define SUFFIX ".so"

static int plugin_fail(struct err *e, const char *path, const char *why)
{
    return err_set(e, ERR_PLUGIN, "plugin %s: %s", path, why);
}

/* dlopen() of something that is no ELF file says so in the C library's words; of a directory or nothing, likewise. Cut
 * the path, which our sentence has already. */
static const char *dl_reason(const char *path)
{
    const char *msg = dlerror();
    size_t n = strlen(path);

    if (!msg)
        return "cannot be loaded";
    if (strncmp(msg, path, n) == 0 && strncmp(msg + n, ": ", 2) == 0)
        msg += n + 2;
    return msg;
}

typedef const struct sy_provider *(*entry_fn)(void);

static entry_fn find_entry(void *dl, const char *path, struct err *e)
{
    entry_fn fn;
    char name[32];

    *(void **)&fn = dlsym(dl, "sy_provider_v1");
    if (fn)
        return fn;
    for (int major = 2; major < 16; major++) {
        snprintf(name, sizeof name, "sy_provider_v%d", major);
        if (dlsym(dl, name)) {
            err_set(e, ERR_PLUGIN, "plugin %s: built for ABI %d, this program speaks %d; install the plugin's version for it",
                    path, major, SY_ABI_MAJOR);
            return NULL;
        }
    }
    plugin_fail(e, path, "is no switchyard plugin (it exports no sy_provider_v1)");
    return NULL;
}

static bool name_ok(const char *s)
{
    size_t n = s ? strlen(s) : 0;

    return n > 0 && n <= 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static int check_slots(struct plugin *p, struct err *e)
{
    const struct sy_provider *a = &p->api;

    if (!name_ok(a->name))
        return plugin_fail(e, p->path, "its name is not made of a-z, 0-9, '_' and '-'");
    if (!a->version || !a->summary)
        return plugin_fail(e, p->path, "version or summary is missing");
    if (!a->open || !a->close)
        return plugin_fail(e, p->path, "the mandatory functions open and close are missing");
    if (p->compute.size ? !p->compute.run : !a->begin || !a->feed || !a->end)
        return plugin_fail(e, p->path, "it has neither begin, feed and end nor the extension " SY_EXT_COMPUTE);
    return 0;
}

static void copy_extension(const struct sy_provider *a, const char *id, void *to, size_t size)
{
    const void *ext = a->extension ? a->extension(id) : NULL;
    uint32_t have = ext ? *(const uint32_t *)ext : 0;

    if (have < sizeof(uint32_t))
        return;
    memcpy(to, ext, MIN((size_t)have, size));
}

struct plugin *plugin_load(const char *path, struct err *e)
{
    struct plugin *p = mem_zalloc(sizeof *p);
    AUTO_FREE char *file = NULL;
    const struct sy_provider *given;
    entry_fn entry;

    p->path = mem_strdup(path);
    if (!fs_is_file(path)) {
        err_set(e, ERR_NOT_FOUND, "plugin %s: no such file", path);
        goto fail;
    }
    if (fs_check_private(path, e) < 0)
        goto fail;
    /* Without a slash dlopen() would search the system's folders and not this one. */
    file = mem_printf("%s%s", strchr(path, '/') ? "" : "./", path);
    p->dl = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!p->dl) {
        plugin_fail(e, path, dl_reason(file));
        goto fail;
    }
    entry = find_entry(p->dl, path, e);
    if (!entry)
        goto fail;
    given = entry();
    /* The smallest struct that 1.0 allows ends with its last field. */
    if (!given || given->size < offsetof(struct sy_provider, models) + sizeof given->models || given->size > 65536) {
        plugin_fail(e, path, "the size in its struct is wrong; initialise it with SY_PROVIDER_INIT");
        goto fail;
    }
    if (given->major != SY_ABI_MAJOR) {
        plugin_fail(e, path, "the major version in its struct is not the one of its symbol");
        goto fail;
    }
    memcpy(&p->api, given, MIN((size_t)given->size, sizeof p->api));
    copy_extension(&p->api, SY_EXT_COMPUTE, &p->compute, sizeof p->compute);
    copy_extension(&p->api, SY_EXT_CORPUS, &p->corpus, sizeof p->corpus);
    if (check_slots(p, e) < 0)
        goto fail;
    return p;
fail:
    plugin_free(p);
    return NULL;
}

void plugin_free(struct plugin *p)
{
    if (!p)
        return;
#ifndef SANITIZED /* reports would lose the names of unloaded code */
    if (p->dl)
        dlclose(p->dl);
#endif
    free(p->path);
    free(p);
}

/* ---- by name ---- */

struct plugins {
    struct plugin **p;
    size_t n, cap;
    char *dirs[2];
};

struct plugins *plugins_new(void)
{
    struct plugins *ps = mem_zalloc(sizeof *ps);
    AUTO_FREE char *lib = fs_lib_dir();
    AUTO_FREE char *user = fs_xdg(FS_DATA);

    ps->dirs[0] = lib ? fs_join(lib, "plugins") : NULL;
    ps->dirs[1] = user ? fs_join(user, "plugins") : NULL;
    return ps;
}

void plugins_free(struct plugins *ps)
{
    if (!ps)
        return;
    for (size_t i = 0; i < ps->n; i++)
        plugin_free(ps->p[i]);
    free(ps->p);
    free(ps->dirs[0]);
    free(ps->dirs[1]);
    free(ps);
}

static struct plugin *add_file(struct plugins *ps, const char *path, const char *name, struct err *e)
{
    struct plugin *p = plugin_load(path, e);

    if (p && strcmp(p->api.name, name) != 0) {
        err_set(e, ERR_PLUGIN, "plugin %s: it calls itself '%s'; name the file %s" SUFFIX, path, p->api.name, p->api.name);
        plugin_free(p);
        p = NULL;
    }
    if (!p)
        return NULL;
    MEM_GROW(ps->p, ps->n, ps->cap);
    ps->p[ps->n++] = p;
    return p;
}

struct plugin *plugins_get(struct plugins *ps, const char *name, struct err *e)
{
    if (!name_ok(name)) {
        err_set(e, ERR_CONFIG, "'%s' is no name of a plugin", name);
        return NULL;
    }
    for (size_t i = 0; i < ps->n; i++)
        if (strcmp(ps->p[i]->api.name, name) == 0)
            return ps->p[i];
    for (size_t i = 0; i < ARRAY_LEN(ps->dirs); i++) {
        AUTO_FREE char *path = ps->dirs[i] ? mem_printf("%s/%s" SUFFIX, ps->dirs[i], name) : NULL;

        if (path && fs_is_file(path))
            return add_file(ps, path, name, e);
    }
    err_set(e, ERR_NOT_FOUND, "no plugin '%s' in %s or %s", name, ps->dirs[0] ? ps->dirs[0] : "-",
            ps->dirs[1] ? ps->dirs[1] : "-");
    return NULL;
}

static int is_plugin_file(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n > strlen(SUFFIX) && d->d_name[0] != '.' && strcmp(d->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

void plugins_each(struct plugins *ps, void (*fn)(void *ctx, const char *path, const struct plugin *p, const struct err *e),
                  void *ctx)
{
    for (size_t i = 0; i < ARRAY_LEN(ps->dirs); i++) {
        struct dirent **list = NULL;
        int n = ps->dirs[i] ? scandir(ps->dirs[i], &list, is_plugin_file, alphasort) : 0;

        for (int k = 0; k < n; k++) {
            AUTO_FREE char *path = fs_join(ps->dirs[i], list[k]->d_name);
            AUTO_FREE char *name = mem_strndup(list[k]->d_name, strlen(list[k]->d_name) - strlen(SUFFIX));
            struct err e = {0};
            struct plugin *p = plugins_get(ps, name, &e);

            if (p && strcmp(p->path, path) != 0) {
                err_set(&e, ERR_PLUGIN, "plugin %s: hidden by %s of the same name", path, p->path);
                p = NULL;
            }
            fn(ctx, path, p, &e);
            free(list[k]);
        }
        free(list);
    }
}
