/* SPDX-License-Identifier: MIT */
/* Two well-known loopback ports that answer GET /v1/models, then the environment. Nothing leaves the machine here.
 * A server that is there but slow is taken for absent: a demo does not wait. */
#include "find.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/io/http.h"

#include <stdio.h>

#define PROBE_MS 400

struct probe {
    struct buf body;
    int status;
    bool done;
};

static void on_head(void *ctx, struct http_req *r, int status)
{
    (void)r;
    ((struct probe *)ctx)->status = status;
}

static bool on_body(void *ctx, struct http_req *r, struct str bytes)
{
    (void)r;
    return buf_addstr(&((struct probe *)ctx)->body, bytes);
}

static void on_done(void *ctx, struct http_req *r, const struct err *e, const struct http_timing *t)
{
    struct probe *p = ctx;

    (void)r;
    (void)t;
    p->done = true;
    if (e && e->code)
        p->status = 0;
}

/* The id of the first model that the server lists; false if nothing is there that speaks so. */
static bool first_model(struct loop *l, struct http *h, const char *url, char *model, size_t size)
{
    static const struct http_handler HANDLER = {on_head, on_body, on_done};
    struct probe p = {0};
    struct err e = {0};
    struct http_spec spec = {.method = STR("GET"), .url = str_c(url), .connect_timeout_ms = PROBE_MS, .timeout_ms = PROBE_MS};
    AUTO_JSON json_t *answer = NULL;
    const char *id = NULL;

    buf_init(&p.body, 1u << 20);
    if (http_start(h, &spec, &HANDLER, &p, &e))
        while (!p.done && loop_step(l, PROBE_MS * 2, &e) == 0)
            ;
    if (p.done && p.status == 200)
        answer = json_parse(buf_str(&p.body), "answer", &e);
    id = json_get_cstr(json_array_get(json_get(answer, "data"), 0), "id", NULL);
    if (id)
        (void)snprintf(model, size, "%s", id);
    buf_fini(&p.body);
    return id != NULL;
}

static bool find_server(struct loop *l, struct http *h, struct found *f)
{
    static const struct {
        const char *name;
        int port;
    } SERVERS[] = {{"llama-server", 8080}, {"Ollama", 11434}};

    for (size_t i = 0; i < ARRAY_LEN(SERVERS); i++) {
        AUTO_FREE char *models = NULL;

        (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d/v1", SERVERS[i].port);
        models = mem_printf("%s/models", f->url);
        if (first_model(l, h, models, f->model, sizeof f->model)) {
            (void)snprintf(f->what, sizeof f->what, "%s at 127.0.0.1:%d", SERVERS[i].name, SERVERS[i].port);
            return true;
        }
    }
    return false;
}

static bool find_key(struct found *f)
{
    const char *key = getenv("OPENAI_API_KEY"), *url = getenv("OPENAI_BASE_URL"), *model = getenv("SWITCHYARD_DEMO_MODEL");

    if (!key || !*key)
        return false;
    f->has_key = f->costs = true;
    (void)snprintf(f->url, sizeof f->url, "%s", url && *url ? url : "https://api.openai.com/v1");
    (void)snprintf(f->model, sizeof f->model, "%s", model && *model ? model : "gpt-4.1-mini");
    (void)snprintf(f->what, sizeof f->what, "OPENAI_API_KEY");
    return true;
}

void find_model(struct found *f)
{
    struct err e = {0};
    struct loop *l = loop_new(&e);
    struct http *h = l ? http_new(l) : NULL;

    *f = (struct found) {0};
    if (!h || !find_server(l, h, f))
        (void)find_key(f);
    if (h)
        http_free(h);
    if (l)
        loop_free(l);
}

void write_config(const struct found *f, struct buf *out)
{
    buf_adds(out, "{\"providers\":{\"found\":{\"plugin\":\"openai\",\"base_url\":");
    json_quote(str_c(f->url), out);
    if (f->has_key)
        buf_adds(out, ",\"key\":{\"env\":\"OPENAI_API_KEY\"}");
    buf_adds(out, "}},\"targets\":{\"found\":{\"provider\":\"found\",\"tier\":\"large\",\"model\":");
    json_quote(str_c(f->model), out);
    buf_adds(out, "}},\"routes\":{\"complete\":[\"local\"],\"edit\":[\"found\"]}}\n");
}
