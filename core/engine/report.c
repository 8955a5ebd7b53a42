/* SPDX-License-Identifier: MIT */
/* The session in words: explain, status, the list of plugins. Text for people, or JSON with the same facts. */
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/engine/health.h"
#include "core/engine/probe.h"
#include "core/engine/session_priv.h"

#include <string.h>

static void print_decision(const json_t *v, bool json, struct buf *out)
{
    if (json) {
        json_dump(v, out);
        buf_addc(out, '\n');
    } else {
        decision_explain(v, out);
    }
}

int session_explain(struct session *s, const char *decision_id, bool json, struct buf *out, struct err *e)
{
    const struct decision *d = decisions_find(s->decisions, decision_id);

    if (!d)
        return err_set(e, ERR_NOT_FOUND, decision_id ? "no decision '%s' is remembered" : "nothing has been decided yet%s",
                       decision_id ? decision_id : "");
    AUTO_JSON json_t *v = decision_json(d);
    print_decision(v, json, out);
    return 0;
}

int session_explain_stored(const char *decision_id, bool json, struct buf *out, struct err *e)
{
    AUTO_FREE char *dir = fs_xdg(FS_STATE);

    if (!dir)
        return err_set(e, ERR_NOT_FOUND, "there is no state folder: neither XDG_STATE_HOME nor HOME is set");
    AUTO_JSON json_t *v = decision_stored(dir, decision_id, e);
    if (!v)
        return e ? e->code : ERR_NOT_FOUND;
    print_decision(v, json, out);
    return 0;
}

static json_t *target_status(struct session *s, size_t i)
{
    const struct config_target *t = &s->config->targets[i];
    const struct health *h = &s->health[i];
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", t->name, "tier", tier_name(t->tier), "provider",
                          s->config->providers[t->provider].name, "served", (json_int_t)h->served, "failed",
                          (json_int_t)h->failed);

    if (h->ttft_ms > 0)
        json_object_set_new(o, "first_token_ms", json_real(h->ttft_ms));
    if (h->problem[0])
        json_object_set_new(o, "problem", json_str(str_c(h->problem)));
    return o;
}

void session_status(struct session *s, struct buf *out_json)
{
    json_t *targets = json_array();

    for (size_t i = 0; i < s->config->ntargets; i++)
        json_array_append_new(targets, target_status(s, i));
    AUTO_JSON json_t *v = json_pack(
        "{s:s, s:b, s:i, s:o, s:I, s:b, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "version", SWITCHYARD_VERSION, "enabled",
        s->settings.enabled, "documents", (int)documents_count(s->docs), "targets", targets, "indexed_files",
        (json_int_t)corpus_files(s->corpus), "indexing", session_is_indexing(s), "completions", "requests",
        (json_int_t)s->count.requests, "served", (json_int_t)s->count.served, "reused", (json_int_t)s->count.reused, "shown",
        (json_int_t)s->count.shown, "accepted", (json_int_t)s->count.accepted, "partly", (json_int_t)s->count.partly,
        "dismissed", (json_int_t)s->count.dismissed);
    if (s->last_reason[0])
        json_object_set_new(v, "reason", json_str(str_c(s->last_reason)));
    if (session_problem(s))
        json_object_set_new(v, "problem", json_str(str_c(session_problem(s))));
    if (s->workspace)
        json_object_set_new(v, "workspace", json_str(str_c(s->workspace)));
    json_dump(v, out_json);
}

bool session_is_indexing(const struct session *s)
{
    return corpus_busy(s->corpus);
}

/* ---- plugins ---- */

struct listing {
    bool json, any;
    struct buf *out;
    json_t *array;
};

static const struct {
    uint64_t bit;
    const char *word;
} CAPS[] = {{SY_CAP_CHAT, "chat"}, {SY_CAP_FIM, "fim"}, {SY_CAP_STREAM, "stream"}, {SY_CAP_JSON, "json"},
            {SY_CAP_PROMPT_CACHE, "prompt-cache"}, {SY_CAP_LOCAL, "local"}};

static void caps_text(uint64_t caps, struct buf *out)
{
    const char *sep = "";

    for (size_t i = 0; i < ARRAY_LEN(CAPS); i++)
        if (caps & CAPS[i].bit) {
            buf_addf(out, "%s%s", sep, CAPS[i].word);
            sep = " ";
        }
}

static void list_one(void *ctx, const char *path, const struct plugin *p, const struct err *e)
{
    struct listing *l = ctx;
    AUTO_BUF struct buf caps;

    buf_init(&caps, 200);
    l->any = true;
    if (p)
        caps_text(p->api.caps, &caps);
    if (!l->json) {
        if (p)
            buf_addf(l->out, "%-12s %-8s ABI %u.%u  %-28s %s\n", p->api.name, p->api.version, p->api.major, p->api.minor,
                     caps.p ? caps.p : "", p->api.summary);
        else
            buf_addf(l->out, "%s\n", e->text);
        return;
    }
    json_t *o = json_pack("{s:o}", "path", json_str(str_c(path)));
    if (p) {
        json_object_set_new(o, "name", json_string(p->api.name));
        json_object_set_new(o, "version", json_str(str_c(p->api.version)));
        json_object_set_new(o, "abi", json_sprintf("%u.%u", p->api.major, p->api.minor));
        json_object_set_new(o, "capabilities", json_string(caps.p ? caps.p : ""));
        json_object_set_new(o, "summary", json_str(str_c(p->api.summary)));
    } else {
        json_object_set_new(o, "problem", json_str(str_c(e->text)));
    }
    json_array_append_new(l->array, o);
}

void session_plugins(struct session *s, bool json, struct buf *out)
{
    struct listing l = {.json = json, .out = out};
    AUTO_JSON json_t *array = json_array();

    l.array = array;
    plugins_each(s->plugins, list_one, &l);
    if (json) {
        json_dump(array, out);
        buf_addc(out, '\n');
    } else if (!l.any) {
        buf_adds(out, "no plugins found\n");
    }
}

int bench_dump(const char *path, struct buf *out, struct err *e)
{
    struct plugin *p = plugin_load(path, e);

    if (!p)
        return e ? e->code : ERR_PLUGIN;
    buf_addf(out, "name          %s\nversion       %s\nsummary       %s\nABI           %u.%u\ncapabilities  ", p->api.name,
             p->api.version, p->api.summary, p->api.major, p->api.minor);
    caps_text(p->api.caps, out);
    buf_addf(out, "\noptions       %s\nextensions    %s%s%s\n", p->api.options ? p->api.options : "",
             p->compute.size ? SY_EXT_COMPUTE " " : "", p->corpus.size ? SY_EXT_CORPUS : "",
             p->compute.size || p->corpus.size ? "" : "none");
    plugin_free(p);
    return 0;
}
