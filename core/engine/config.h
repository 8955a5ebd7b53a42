/* SPDX-License-Identifier: MIT */
/* The user's configuration as plain structs: providers, targets, routes, completion settings.
 *
 * One JSON file (core/engine/README in core/README.md shows it). Reading is strict: an unknown key, a wrong type or a
 * name that leads nowhere is a mistake, and the sentence names file and key. Without a file the built-in defaults hold:
 * provider, target and route "local". A config owns all its strings; it never changes after config_load(). */
#ifndef CORE_ENGINE_CONFIG_H
#define CORE_ENGINE_CONFIG_H

#include "core/base/json.h"
#include <stdint.h>

enum tier { TIER_LOCAL, TIER_SMALL, TIER_LARGE };
enum task_kind { TASK_COMPLETE, TASK_EDIT, TASK_PLAN, TASK_EXPLAIN, TASK_TRIAGE, TASK_REVIEW, TASK_MESSAGE, TASK_KINDS };
enum key_source { KEY_NONE, KEY_ENV, KEY_FILE };

struct config_provider {
    const char *name, *plugin;
    enum key_source key_source;
    const char *key_ref; /* variable name or path */
    json_t *options;     /* the provider's own keys, e.g. base_url; borrowed from the config's JSON */
};

struct config_target {
    const char *name;
    unsigned provider; /* index */
    const char *model, *fim_format;
    enum tier tier;
    const char *params;          /* JSON object or "" */
    uint32_t context_tokens, max_tokens, timeout_ms;
    int32_t temperature_milli;   /* -1: not sent */
    double price_in, price_out;  /* per million tokens, < 0 = unknown; unknown is never free */
};

struct config_route {
    unsigned targets[16]; /* MAX_ROUTE_TARGETS; indexes in order of preference within a tier */
    size_t ntargets;
};

/* What an editor may change as well (settings_*). */
struct settings {
    bool enabled;
    int debounce_ms;        /* -1 = auto */
    double threshold;       /* a local answer at least this sure is served without asking further */
    int multi_line;         /* -1 auto, 0 never, 1 always */
    uint32_t deadline_ms;   /* an answer later than this is not wanted */
    bool in_comments, in_strings;
};

struct config {
    char *path; /* NULL: built-in */
    json_t *json;
    struct config_provider *providers;
    size_t nproviders;
    struct config_target *targets;
    size_t ntargets;
    struct config_route routes[TASK_KINDS];
    struct settings settings;
    char **owned; /* strings made while reading */
    size_t nowned, capowned;
};

/* Reads `path`, or the built-in defaults if it is NULL. NULL with ERR_CONFIG, ERR_NOT_FOUND, ERR_IO. */
struct config *config_load(const char *path, struct err *e);
void config_free(struct config *c);

/* Index or -1. */
int config_target_index(const struct config *c, const char *name);

/* Changes *s by a JSON object from an editor; other keys than the settings above are refused by name. */
int settings_apply(struct settings *s, const json_t *obj, const char *where, struct err *e);

/* The provider's key into out (wiped by the caller). *ret_found false: none is configured or the source is empty. */
int config_key(const struct config_provider *p, struct buf *out, bool *ret_found, struct err *e);

const char *tier_name(enum tier t);
const char *task_name(enum task_kind k);

#endif
