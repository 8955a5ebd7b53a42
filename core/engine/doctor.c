/* SPDX-License-Identifier: MIT */
/* What `switchyard doctor` looks at. Nothing is changed and nothing is sent; keys are named by where they come from. */
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"
#include "core/doc/lang.h"
#include "core/engine/session_priv.h"
#include "core/io/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct doctor {
    struct session *s;
    check_fn fn;
    void *ctx;
    size_t plugins;
};

static void say(struct doctor *d, enum check_level level, const char *name, const char *mend, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void say(struct doctor *d, enum check_level level, const char *name, const char *mend, const char *fmt, ...)
{
    char detail[600];
    struct check c = {.level = level, .name = name, .detail = detail, .mend = mend};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    d->fn(d->ctx, &c);
}

static void check_program(struct doctor *d)
{
    AUTO_FREE char *lib = fs_lib_dir();
    struct err e = {0};

    say(d, CHECK_OK, "switchyard", "", "%s, plugin ABI %d.%d", SWITCHYARD_VERSION, SY_ABI_MAJOR, SY_ABI_MINOR);
    if (lib && fs_is_dir(lib))
        say(d, CHECK_OK, "library folder", "", "%s", lib);
    else
        say(d, CHECK_FAIL, "library folder", "install again: make install puts it beside bin/", "%s is not there", lib ? lib : "-");
    say(d, CHECK_OK, "jansson", "", "%s", jansson_version_str());
    if (http_prepare(d->s->http, &e) < 0)
        say(d, CHECK_FAIL, "libcurl", "install libcurl4; without it only the embedded model works", "%s", e.text);
    else
        say(d, CHECK_OK, "libcurl", "", "%s", http_version(d->s->http));
}

static void check_grammars(struct doctor *d)
{
    AUTO_BUF struct buf missing;
    size_t have = 0, all = 0;

    buf_init(&missing, 400);
    for (size_t i = 0; i < lang_count(); i++) {
        const struct lang *l = lang_at(i);
        struct err e = {0};

        if (!l->grammar)
            continue;
        all++;
        if (grammars_get(d->s->grammars, l->grammar, &e))
            have++;
        else if (e.code != ERR_NOT_FOUND)
            say(d, CHECK_FAIL, "grammar", "remove the file or build it again", "%s", e.text);
        else
            buf_addf(&missing, " %s", l->id);
    }
    if (have == all)
        say(d, CHECK_OK, "grammars", "", "%zu languages", have);
    else
        say(d, CHECK_NOTE, "grammars", "files of these languages complete without syntax; grammars/README.md says how to add one",
            "%zu of %zu languages; none for%s", have, all, missing.p ? missing.p : "");
}

static void check_plugin(void *ctx, const char *path, const struct plugin *p, const struct err *e)
{
    struct doctor *d = ctx;
    char name[64];

    (void)path;
    snprintf(name, sizeof name, "plugin %s", p ? p->api.name : "");
    if (p)
        say(d, CHECK_OK, name, "", "%s, %s", p->api.version, p->path);
    else
        say(d, CHECK_FAIL, "plugin", "remove the file or install the version for this program", "%s", e->text);
    d->plugins++;
}

static void check_provider(struct doctor *d, unsigned i)
{
    const struct config_provider *p = &d->s->config->providers[i];
    struct err e = {0};
    char name[96];
    struct buf key;
    bool found = false;

    snprintf(name, sizeof name, "provider %s", p->name);
    if (!session_provider(d->s, i, &e)) {
        say(d, CHECK_FAIL, name, "correct the configuration", "%s", e.text);
        return;
    }
    buf_init(&key, MAX_KEY_BYTES);
    (void)config_key(p, &key, &found, &e);
    if (key.p)
        mem_wipe(key.p, key.cap);
    buf_fini(&key);
    if (e.code)
        say(d, CHECK_FAIL, name, "give the file mode 0600 and put the key into it", "%s", e.text);
    else if (p->key_source == KEY_NONE)
        say(d, CHECK_OK, name, "", "plugin %s, no key configured", p->plugin);
    else if (found)
        say(d, CHECK_OK, name, "", "plugin %s, key from %s%s", p->plugin, p->key_source == KEY_ENV ? "$" : "", p->key_ref);
    else
        say(d, CHECK_FAIL, name, "set it where the editor starts", "plugin %s, no key: %s%s is empty or not set", p->plugin,
            p->key_source == KEY_ENV ? "$" : "", p->key_ref);
}

static void check_config(struct doctor *d)
{
    const struct config *c = d->s->config;

    if (session_problem(d->s))
        say(d, CHECK_FAIL, "configuration", "correct it; until then the built-in defaults hold", "%s", session_problem(d->s));
    else if (c->path)
        say(d, CHECK_OK, "configuration", "", "%s", c->path);
    else
        say(d, CHECK_OK, "configuration", "", "none: the embedded model serves completions");
    for (size_t i = 0; i < c->nproviders; i++)
        check_provider(d, (unsigned)i);
    for (int k = TASK_COMPLETE; k <= TASK_EDIT; k++) {
        const struct config_route *r = &c->routes[k];
        char name[40];
        AUTO_BUF struct buf names;

        buf_init(&names, 1000);
        snprintf(name, sizeof name, "route %s", task_name((enum task_kind)k));
        for (size_t i = 0; i < r->ntargets; i++)
            buf_addf(&names, "%s%s", i ? ", " : "", c->targets[r->targets[i]].name);
        if (r->ntargets)
            say(d, CHECK_OK, name, "", "%s", names.p);
        else
            say(d, CHECK_NOTE, name, "add a target of tier \"large\" to use it", "no target");
    }
}

static void check_folder(struct doctor *d, enum fs_dir which, const char *name)
{
    AUTO_FREE char *dir = fs_xdg(which);
    struct stat st;

    if (!dir)
        say(d, CHECK_NOTE, name, "set HOME", "neither HOME nor the XDG variable is set");
    else if (stat(dir, &st) != 0)
        say(d, CHECK_OK, name, "", "%s (not made yet)", dir);
    else if (access(dir, W_OK) != 0)
        say(d, CHECK_NOTE, name, "decisions are kept in memory only; make it writable to keep them", "%s is not writable", dir);
    else if (st.st_mode & 022)
        say(d, CHECK_FAIL, name, "chmod go-w it", "%s is writable by others", dir);
    else
        say(d, CHECK_OK, name, "", "%s", dir);
}

void session_doctor(struct session *s, check_fn fn, void *ctx)
{
    struct doctor d = {.s = s, .fn = fn, .ctx = ctx};

    check_program(&d);
    plugins_each(s->plugins, check_plugin, &d);
    if (d.plugins == 0)
        say(&d, CHECK_FAIL, "plugins", "install again: no plugin, no completion", "none found");
    check_grammars(&d);
    check_config(&d);
    check_folder(&d, FS_CONFIG, "config folder");
    check_folder(&d, FS_STATE, "state folder");
}
