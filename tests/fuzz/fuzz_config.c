/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for the configuration, as a file and as an editor's settings: either a whole configuration whose parts
 * lead somewhere, or a sentence and no change at all. The file is a real one, since reading checks its owner and mode. */
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *path;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void remove_file(void)
{
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
    free(path);
}

static void make_path(void)
{
    AUTO_FREE char *dir = mem_printf("%s/fuzz_config.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

    must(mkdtemp(dir) != NULL);
    path = fs_join(dir, "c.json");
    (void)atexit(remove_file);
}

static void check_error(const struct err *e)
{
    must(e->code < 0 && e->text[0] && utf8_valid(str_c(e->text)));
}

static void check_config(const struct config *c)
{
    for (size_t i = 0; i < c->nproviders; i++)
        must(c->providers[i].name[0] && c->providers[i].plugin && (c->providers[i].key_source == KEY_NONE) == !c->providers[i].key_ref);
    must(c->ntargets <= MAX_TARGETS);
    for (size_t i = 0; i < c->ntargets; i++) {
        const struct config_target *t = &c->targets[i];

        must(t->provider < c->nproviders && t->tier <= TIER_LARGE && t->model && t->fim_format && t->params);
        must(config_target_index(c, t->name) == (int)i);
    }
    for (int k = 0; k < TASK_KINDS; k++) {
        must(c->routes[k].ntargets <= MAX_ROUTE_TARGETS);
        for (size_t i = 0; i < c->routes[k].ntargets; i++)
            must(c->routes[k].targets[i] < c->ntargets);
    }
    must(c->settings.threshold >= 0 && c->settings.threshold <= 1 && c->settings.deadline_ms >= 10);
}

static void as_settings(struct str text)
{
    struct settings s = {.threshold = 0.5, .deadline_ms = 100};
    struct err e = {0};
    AUTO_JSON json_t *v = json_parse(text, "settings", NULL);

    if (!v)
        return;
    if (settings_apply(&s, v, "settings", &e) < 0) {
        check_error(&e);
        must(!s.enabled && s.threshold == 0.5 && s.deadline_ms == 100 && s.debounce_ms == 0 && s.multi_line == 0);
    }
    must(s.threshold >= 0 && s.threshold <= 1 && s.deadline_ms >= 10 && s.debounce_ms >= -1 && s.debounce_ms <= 10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct err e = {0};
    struct config *c;
    FILE *f;

    if (!path)
        make_path();
    f = fopen(path, "w");
    must(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    c = config_load(path, &e);
    if (c)
        check_config(c);
    else
        check_error(&e);
    config_free(c);
    as_settings(text);
    return 0;
}
