/* SPDX-License-Identifier: MIT */
/* Reads the configuration strictly: each key is looked up in a table of what its object may hold. */
#include "core/engine/config.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const TIER_NAMES[] = {"local", "small", "large"};
static const char *const TASK_NAMES[] = {"complete", "edit", "plan", "explain", "triage", "review", "message"};

const char *tier_name(enum tier t)
{
    return TIER_NAMES[t];
}

const char *task_name(enum task_kind k)
{
    return TASK_NAMES[k];
}

static int name_index(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (name && strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* ---- one key, checked ---- */

struct where { /* for sentences: "config.json: targets.fast" */
    const char *file, *section, *name; /* section NULL: the file as a whole */
};

/* How much of a name a sentence quotes. */
static int quoted(const char *name)
{
    return (int)utf8_floor(str_c(name), 64);
}

static int bad(struct err *e, const struct where *w, const char *key, const char *why)
{
    const char *part[] = {w->section, w->name, key};
    char place[210] = "";
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        if (part[i] && n < sizeof place)
            n += (size_t)snprintf(place + n, sizeof place - n, "%s%.*s", n ? "." : "", quoted(part[i]), part[i]);
    return err_set(e, ERR_CONFIG, "%s: %s%s%s", w->file, place, n ? ": " : "", why);
}

static int check_keys(const json_t *obj, const char *const *allowed, const struct where *w, struct err *e)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)obj, key, v) {
        size_t i = 0;

        while (allowed[i] && strcmp(allowed[i], key) != 0)
            i++;
        if (!allowed[i])
            return bad(e, w, key, "unknown key");
    }
    return 0;
}

static int want_str(const json_t *obj, const char *key, const char *dflt, const char **ret, const struct where *w,
                    struct err *e)
{
    const json_t *v = json_object_get(obj, key);

    *ret = dflt;
    if (!v)
        return 0;
    if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
        return bad(e, w, key, "must be a string");
    *ret = json_string_value(v);
    return 0;
}

static int want_num(const json_t *obj, const char *key, double lo, double hi, double dflt, double *ret,
                    const struct where *w, struct err *e)
{
    const json_t *v = json_object_get(obj, key);
    char why[80];

    *ret = dflt;
    if (!v)
        return 0;
    if (!json_is_number(v) || json_number_value(v) < lo || json_number_value(v) > hi) {
        snprintf(why, sizeof why, "must be a number from %g to %g", lo, hi);
        return bad(e, w, key, why);
    }
    *ret = json_number_value(v);
    return 0;
}

static int want_bool(const json_t *obj, const char *key, bool *io, const struct where *w, struct err *e)
{
    const json_t *v = json_object_get(obj, key);

    if (!v)
        return 0;
    if (!json_is_boolean(v))
        return bad(e, w, key, "must be true or false");
    *io = json_is_true(v);
    return 0;
}

static bool is_name(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || n > 64)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("_.-", s[i]))
            return false;
    return true;
}

static const char *own(struct config *c, char *s)
{
    MEM_GROW(c->owned, c->nowned, c->capowned);
    c->owned[c->nowned++] = s;
    return s;
}

/* ---- sections ---- */

static int read_key(struct config_provider *p, const json_t *key, const struct where *w, struct err *e)
{
    static const char *const allowed[] = {"env", "file", NULL};
    const char *env, *file;
    int r;

    if (!key)
        return 0;
    if (!json_is_object(key))
        return bad(e, w, "key", "must be {\"env\": NAME} or {\"file\": PATH}; a key itself does not belong here");
    if ((r = check_keys(key, allowed, w, e)) < 0 || (r = want_str(key, "env", NULL, &env, w, e)) < 0 ||
        (r = want_str(key, "file", NULL, &file, w, e)) < 0)
        return r;
    if (!env == !file)
        return bad(e, w, "key", "must have either env or file");
    if (file && file[0] != '/' && strncmp(file, "~/", 2) != 0)
        return bad(e, w, "key", "file must begin with / or ~/");
    p->key_source = env ? KEY_ENV : KEY_FILE;
    p->key_ref = env ? env : file;
    return 0;
}

static int read_providers(struct config *c, const json_t *obj, struct where *w, struct err *e)
{
    const char *name;
    json_t *v;
    int r;

    w->section = "providers";
    if (obj && !json_is_object(obj))
        return bad(e, w, NULL, "must be an object");
    json_object_foreach((json_t *)obj, name, v) {
        struct config_provider p = {.name = name, .options = v};

        w->name = name;
        if (!is_name(name))
            return bad(e, w, NULL, "a name has letters, digits, '_', '.', '-' only");
        if (!json_is_object(v))
            return bad(e, w, NULL, "must be an object");
        if ((r = want_str(v, "plugin", name, &p.plugin, w, e)) < 0 || (r = read_key(&p, json_object_get(v, "key"), w, e)) < 0)
            return r;
        c->providers[c->nproviders++] = p;
    }
    w->name = NULL;
    return 0;
}

static int find_provider(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->nproviders; i++)
        if (strcmp(c->providers[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int read_target_numbers(struct config_target *t, const json_t *v, const struct where *w, struct err *e)
{
    double ctx, max, timeout, temp;
    int r;

    if ((r = want_num(v, "context_tokens", 256, 10e6, 8192, &ctx, w, e)) < 0 ||
        (r = want_num(v, "max_tokens", 1, 1e6, 0, &max, w, e)) < 0 ||
        (r = want_num(v, "timeout_ms", 100, 3.6e6, 0, &timeout, w, e)) < 0 ||
        (r = want_num(v, "temperature", 0, 2, -1, &temp, w, e)) < 0 ||
        (r = want_num(v, "price_in", 0, 1e6, -1, &t->price_in, w, e)) < 0 ||
        (r = want_num(v, "price_out", 0, 1e6, -1, &t->price_out, w, e)) < 0)
        return r;
    t->context_tokens = (uint32_t)ctx;
    t->max_tokens = (uint32_t)max;
    t->timeout_ms = (uint32_t)timeout;
    t->temperature_milli = temp < 0 ? -1 : (int32_t)lround(temp * 1000);
    return 0;
}

static int read_target(struct config *c, const char *name, const json_t *v, const struct where *w, struct err *e)
{
    static const char *const allowed[] = {"provider", "model", "tier", "fim_format", "context_tokens", "max_tokens",
                                          "timeout_ms", "temperature", "price_in", "price_out", "params", NULL};
    struct config_target t = {.name = name, .params = ""};
    const char *provider, *tier;
    const json_t *params = json_object_get(v, "params");
    int i, r;

    if (!is_name(name))
        return bad(e, w, NULL, "a name has letters, digits, '_', '.', '-' only");
    if (!json_is_object(v))
        return bad(e, w, NULL, "must be an object");
    if ((r = check_keys(v, allowed, w, e)) < 0 || (r = want_str(v, "provider", NULL, &provider, w, e)) < 0 ||
        (r = want_str(v, "model", "", &t.model, w, e)) < 0 || (r = want_str(v, "tier", "small", &tier, w, e)) < 0 ||
        (r = want_str(v, "fim_format", "", &t.fim_format, w, e)) < 0 || (r = read_target_numbers(&t, v, w, e)) < 0)
        return r;
    if (!provider)
        return bad(e, w, "provider", "is missing");
    if ((i = find_provider(c, provider)) < 0)
        return bad(e, w, "provider", "names no entry of providers");
    t.provider = (unsigned)i;
    if ((i = name_index(TIER_NAMES, ARRAY_LEN(TIER_NAMES), tier)) < 0)
        return bad(e, w, "tier", "must be local, small or large");
    t.tier = (enum tier)i;
    if (params && !json_is_object(params))
        return bad(e, w, "params", "must be an object");
    if (params)
        t.params = own(c, json_dumps(params, JSON_COMPACT));
    c->targets[c->ntargets++] = t;
    return 0;
}

static int read_targets(struct config *c, const json_t *obj, struct where *w, struct err *e)
{
    const char *name;
    json_t *v;
    int r;

    w->section = "targets";
    if (obj && !json_is_object(obj))
        return bad(e, w, NULL, "must be an object");
    json_object_foreach((json_t *)obj, name, v) {
        w->name = name;
        if (c->ntargets >= MAX_TARGETS)
            return bad(e, w, NULL, "too many targets");
        if ((r = read_target(c, name, v, w, e)) < 0)
            return r;
    }
    w->name = NULL;
    return 0;
}

int config_target_index(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->ntargets; i++)
        if (strcmp(c->targets[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool has_target(const struct config_route *r, unsigned target)
{
    for (size_t i = 0; i < r->ntargets; i++)
        if (r->targets[i] == target)
            return true;
    return false;
}

static int read_route(struct config *c, struct config_route *route, const char *task, const json_t *v, struct where *w,
                      struct err *e)
{
    json_t *item;
    size_t i;

    if (!json_is_array(v))
        return bad(e, w, task, "must be a list of target names");
    if (json_array_size(v) > MAX_ROUTE_TARGETS)
        return bad(e, w, task, "has too many targets");
    json_array_foreach((json_t *)v, i, item) {
        const char *name = json_is_string(item) ? json_string_value(item) : "";
        int t = config_target_index(c, name);

        if (t < 0)
            return err_set(e, ERR_CONFIG, "%s: routes.%s: '%.*s' names no entry of targets", w->file, task,
                           quoted(name), name);
        if (has_target(route, (unsigned)t))
            return err_set(e, ERR_CONFIG, "%s: routes.%s: '%s' is listed twice", w->file, task, name);
        route->targets[route->ntargets++] = (unsigned)t;
    }
    return 0;
}

static void default_route(struct config *c, enum task_kind k)
{
    struct config_route *r = &c->routes[k];

    for (size_t i = 0; i < c->ntargets && r->ntargets < MAX_ROUTE_TARGETS; i++) {
        bool cheap = c->targets[i].tier != TIER_LARGE;

        if (k == TASK_COMPLETE ? cheap : !cheap)
            r->targets[r->ntargets++] = (unsigned)i;
    }
}

static int read_routes(struct config *c, const json_t *obj, struct where *w, struct err *e)
{
    const char *task;
    json_t *v;
    int r;

    w->section = "routes";
    if (obj && !json_is_object(obj))
        return bad(e, w, NULL, "must be an object");
    json_object_foreach((json_t *)obj, task, v) {
        int k = name_index(TASK_NAMES, ARRAY_LEN(TASK_NAMES), task);

        if (k < 0)
            return bad(e, w, task, "is no task: complete, edit, plan, explain, triage, review, message");
        if ((r = read_route(c, &c->routes[k], task, v, w, e)) < 0)
            return r;
    }
    for (int k = 0; k < TASK_KINDS; k++)
        if (!json_object_get(obj, TASK_NAMES[k]))
            default_route(c, (enum task_kind)k);
    return 0;
}

/* A number or the word "auto", which gives -1. */
static int want_auto(const json_t *obj, const char *key, double hi, int *io, const struct where *w, struct err *e)
{
    const json_t *v = json_object_get(obj, key);
    double num;
    int r;

    if (!v)
        return 0;
    if (json_is_string(v) && strcmp(json_string_value(v), "auto") == 0) {
        *io = -1;
        return 0;
    }
    if ((r = want_num(obj, key, 0, hi, 0, &num, w, e)) < 0)
        return r;
    *io = (int)num;
    return 0;
}

/* true, false or "auto". */
static int want_choice(const json_t *obj, const char *key, int *io, const struct where *w, struct err *e)
{
    const json_t *v = json_object_get(obj, key);

    if (json_is_boolean(v))
        *io = json_is_true(v);
    else if (json_is_string(v) && strcmp(json_string_value(v), "auto") == 0)
        *io = -1;
    else if (v)
        return bad(e, w, key, "must be true, false or \"auto\"");
    return 0;
}

static int read_settings(struct settings *s, const json_t *obj, const struct where *w, struct err *e)
{
    static const char *const allowed[] = {"enabled", "debounce_ms", "threshold", "multi_line", "deadline_ms",
                                          "in_comments", "in_strings", NULL};
    struct settings t = *s;
    double deadline;
    int r;

    if (!json_is_object(obj))
        return bad(e, w, NULL, "must be an object");
    if ((r = check_keys(obj, allowed, w, e)) < 0 || (r = want_bool(obj, "enabled", &t.enabled, w, e)) < 0 ||
        (r = want_auto(obj, "debounce_ms", 10000, &t.debounce_ms, w, e)) < 0 ||
        (r = want_num(obj, "threshold", 0, 1, t.threshold, &t.threshold, w, e)) < 0 ||
        (r = want_choice(obj, "multi_line", &t.multi_line, w, e)) < 0 ||
        (r = want_num(obj, "deadline_ms", 10, 60000, t.deadline_ms, &deadline, w, e)) < 0 ||
        (r = want_bool(obj, "in_comments", &t.in_comments, w, e)) < 0 ||
        (r = want_bool(obj, "in_strings", &t.in_strings, w, e)) < 0)
        return r;
    t.deadline_ms = (uint32_t)deadline;
    *s = t;
    return 0;
}

int settings_apply(struct settings *s, const json_t *obj, const char *where, struct err *e)
{
    struct where w = {.file = where};

    return read_settings(s, obj, &w, e);
}

/* ---- the whole ---- */

/* The embedded model is there without being configured, as the first target, unless the name is taken. */
static void add_builtin_local(struct config *c)
{
    int p = find_provider(c, "local");

    if (json_object_get(json_object_get(c->json, "targets"), "local"))
        return;

    if (p < 0) {
        p = (int)c->nproviders;
        c->providers[c->nproviders++] = (struct config_provider){.name = "local", .plugin = "local"};
    }
    if (strcmp(c->providers[p].plugin, "local") == 0)
        c->targets[c->ntargets++] = (struct config_target){.name = "local", .provider = (unsigned)p, .model = "local",
            .fim_format = "", .tier = TIER_LOCAL, .params = "", .context_tokens = 8192, .temperature_milli = -1,
            .price_in = 0, .price_out = 0};
}

static int read_all(struct config *c, struct err *e)
{
    static const char *const allowed[] = {"$schema", "providers", "targets", "routes", "complete", NULL};
    const char *slash = c->path ? strrchr(c->path, '/') : NULL;
    struct where w = {.file = slash ? slash + 1 : c->path ? c->path : "defaults"};
    const json_t *complete = json_object_get(c->json, "complete");
    size_t np = json_object_size(json_object_get(c->json, "providers"));
    size_t nt = json_object_size(json_object_get(c->json, "targets"));
    int r;

    if (!json_is_object(c->json))
        return bad(e, &w, NULL, "must be a JSON object");
    if ((r = check_keys(c->json, allowed, &w, e)) < 0)
        return r;
    c->providers = mem_array(NULL, np + 1, sizeof *c->providers);
    c->targets = mem_array(NULL, MIN(nt, MAX_TARGETS) + 1, sizeof *c->targets);
    if ((r = read_providers(c, json_object_get(c->json, "providers"), &w, e)) < 0)
        return r;
    add_builtin_local(c);
    if ((r = read_targets(c, json_object_get(c->json, "targets"), &w, e)) < 0 ||
        (r = read_routes(c, json_object_get(c->json, "routes"), &w, e)) < 0)
        return r;
    w.section = "complete";
    return complete ? read_settings(&c->settings, complete, &w, e) : 0;
}

struct config *config_load(const char *path, struct err *e)
{
    struct config *c = mem_zalloc(sizeof *c);
    AUTO_BUF struct buf text;

    buf_init(&text, MAX_CONFIG_BYTES);
    c->settings = (struct settings){.enabled = true, .debounce_ms = -1, .threshold = 0.6, .multi_line = -1,
                                    .deadline_ms = 3000, .in_comments = true};
    if (!path) {
        buf_adds(&text, "{}");
    } else {
        c->path = mem_strdup(path);
        if (fs_read(path, &text, e) < 0 || fs_check_private(path, e) < 0)
            goto fail;
    }
    c->json = json_parse(buf_str(&text), path ? path : "defaults", e);
    if (!c->json) {
        if (e)
            e->code = ERR_CONFIG;
        goto fail;
    }
    if (read_all(c, e) < 0)
        goto fail;
    return c;
fail:
    config_free(c);
    return NULL;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->nowned; i++)
        free(c->owned[i]);
    free(c->owned);
    free(c->providers);
    free(c->targets);
    free(c->path);
    json_decref(c->json);
    free(c);
}

/* ---- keys ---- */

/* Whoever may read the file has the key: it must be ours alone. */
static int check_key_file(const struct config_provider *p, const char *path, struct err *e)
{
    struct stat st;
    int r = fs_check_private(path, e);

    if (r < 0)
        return r;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
        return err_set(e, ERR_AUTH, "'%s': key file '%s' can be read by others: chmod 600 it", p->name, path);
    return 0;
}

static int key_from_file(const struct config_provider *p, struct buf *out, struct err *e)
{
    const char *home = getenv("HOME");
    AUTO_FREE char *path = p->key_ref[0] == '~' && home ? fs_join(home, p->key_ref + 1) : mem_strdup(p->key_ref);
    int r = check_key_file(p, path, e);

    return r < 0 ? r : fs_read(path, out, e);
}

static int key_from_env(const struct config_provider *p, struct buf *out, struct err *e)
{
    const char *value = getenv(p->key_ref);

    if (value && !buf_adds(out, value))
        return err_set(e, ERR_AUTH, "'%s': the key in %s is longer than %zu bytes", p->name, p->key_ref, out->max);
    return 0;
}

int config_key(const struct config_provider *p, struct buf *out, bool *ret_found, struct err *e)
{
    int r = 0;

    *ret_found = false;
    if (p->key_source == KEY_ENV)
        r = key_from_env(p, out, e);
    else if (p->key_source == KEY_FILE)
        r = key_from_file(p, out, e);
    if (r < 0)
        return r;
    while (out->n > 0 && strchr(" \t\r\n", out->p[out->n - 1]))
        out->p[--out->n] = '\0';
    for (size_t i = 0; i < out->n; i++)
        if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
            return err_set(e, ERR_AUTH, "'%s': the key from %s holds a control character", p->name, p->key_ref);
    *ret_found = out->n > 0;
    return 0;
}
