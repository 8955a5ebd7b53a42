/* SPDX-License-Identifier: MIT */
/* Loading of provider plugins: six checks, one sentence each.
 *
 * A plugin is found by name in the program's own plugin folder, then in the user's; never in a project. The host keeps
 * its own zero-filled copy of the plugin's struct, so a slot that an older plugin lacks reads as NULL. This module and
 * provider.c are the only ones that see the plugin ABI's structs from the host's side together with exchange.c. */
#ifndef CORE_ENGINE_PLUGIN_H
#define CORE_ENGINE_PLUGIN_H

#include "plugins/ext/compute.h"
#include "plugins/ext/corpus.h"

struct err;

struct plugin {
    char *path;
    void *dl;
    struct sy_provider api;     /* the host's copy */
    struct sy_compute compute;  /* size 0: not there */
    struct sy_corpus corpus;    /* size 0: not there */
};

/* Loads one file. NULL with ERR_PLUGIN; the sentence names the file and what to do. */
struct plugin *plugin_load(const char *path, struct err *e);
void plugin_free(struct plugin *p); /* no provider of it may be open */

/* Loaded plugins by name, each at most once. */
struct plugins;
struct plugins *plugins_new(void);
void plugins_free(struct plugins *ps);
struct plugin *plugins_get(struct plugins *ps, const char *name, struct err *e); /* loads when asked first */

/* Calls fn for each plugin file in the folders, in order of name: either p or e->code is set. */
void plugins_each(struct plugins *ps, void (*fn)(void *ctx, const char *path, const struct plugin *p, const struct err *e),
                  void *ctx);

#endif
