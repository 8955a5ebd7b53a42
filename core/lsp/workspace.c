/* SPDX-License-Identifier: MIT */
/* Workspace folders and settings, pushed or pulled. Knows no setting's name: the session judges them.
 * Surprising: of several folders only the first is the workspace. */
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/lsp/server_priv.h"

#include <string.h>

enum { MAX_FOLDERS = 64 };

/* ---- folders ---- */

static void folder_add(struct server *s, struct str uri)
{
    char *path = s->nfolders < MAX_FOLDERS ? fs_uri_to_path(uri) : NULL;

    if (!path)
        return;
    MEM_GROW(s->folders, s->nfolders, s->folders_cap);
    s->folders[s->nfolders++] = path;
}

static void folder_remove(struct server *s, struct str uri)
{
    AUTO_FREE char *path = fs_uri_to_path(uri);
    size_t i = 0;

    while (path && i < s->nfolders && strcmp(s->folders[i], path) != 0)
        i++;
    if (!path || i == s->nfolders)
        return;
    free(s->folders[i]);
    memmove(&s->folders[i], &s->folders[i + 1], (--s->nfolders - i) * sizeof *s->folders);
}

static void folders_each(struct server *s, const json_t *list, void (*fn)(struct server *s, struct str uri))
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str uri = json_get_str(json_array_get(list, i), "uri");

        if (uri.p)
            fn(s, uri);
    }
}

void workspace_init(struct server *s, const json_t *initialize_params)
{
    struct str root = json_get_str(initialize_params, "rootUri");
    struct str path = json_get_str(initialize_params, "rootPath"); /* what clients sent before 2016 */

    folders_each(s, json_object_get(initialize_params, "workspaceFolders"), folder_add);
    if (s->nfolders == 0 && root.p)
        folder_add(s, root);
    if (s->nfolders > 0)
        session_set_workspace(s->session, s->folders[0]);
    else if (path.n > 0 && path.p[0] == '/')
        session_set_workspace(s->session, path.p);
}

void handle_did_change_folders(struct server *s, const json_t *params)
{
    const json_t *event = json_object_get(params, "event");
    AUTO_FREE char *before = s->nfolders ? mem_strdup(s->folders[0]) : NULL;

    folders_each(s, json_object_get(event, "removed"), folder_remove);
    folders_each(s, json_object_get(event, "added"), folder_add);
    if (s->nfolders > 0 && (!before || strcmp(before, s->folders[0]) != 0))
        session_set_workspace(s->session, s->folders[0]);
}

void workspace_fini(struct server *s)
{
    for (size_t i = 0; i < s->nfolders; i++)
        free(s->folders[i]);
    free(s->folders);
    s->folders = NULL;
    s->nfolders = s->folders_cap = 0;
}

/* ---- settings ---- */

void workspace_settings(struct server *s, const json_t *settings)
{
    AUTO_BUF struct buf b = { 0 };
    struct err e = { 0 };

    if (!json_is_object(settings) || json_object_size(settings) == 0)
        return;
    buf_init(&b, MAX_CONFIG_BYTES);
    if (!json_dump(settings, &b))
        err_set(&e, ERR_TOO_BIG, "the editor's settings are larger than %u bytes", MAX_CONFIG_BYTES);
    else
        (void)session_configure(s->session, buf_str(&b), &e);
    if (e.code)
        server_show(s, MESSAGE_WARNING, e.text);
}

static void on_settings(void *ctx, const json_t *result, const struct err *e)
{
    struct server *s = ctx;

    if (e->code == ERR_CANCELLED)
        return;
    if (e->code)
        server_log(s, MESSAGE_INFO, "the editor has no settings for us");
    else
        workspace_settings(s, json_array_get(result, 0));
}

void workspace_pull_settings(struct server *s)
{
    if (s->client.configuration)
        rpc_call(s->rpc, "workspace/configuration", STR("{\"items\":[{\"section\":\"switchyard\"}]}"), on_settings, s);
}

void handle_did_change_configuration(struct server *s, const json_t *params)
{
    const json_t *settings = json_object_get(params, "settings");
    const json_t *own = json_object_get(settings, "switchyard");

    if (json_is_object(own))
        workspace_settings(s, own);
    else if (s->client.configuration)
        workspace_pull_settings(s);
    else if (json_object_size(settings) > 0)
        server_log(s, MESSAGE_INFO, "settings for switchyard belong into an object named 'switchyard'");
}
