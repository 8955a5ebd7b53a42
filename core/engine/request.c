/* SPDX-License-Identifier: MIT */
/* Collects what a plugin says through struct sy_http. The key is added here; the plugin never sees it. */
#include "core/engine/host_auth.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

static bool has_control(struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static int build_line(void *ctx, const char *method, struct sy_str url)
{
    struct request *b = ctx;

    if (strlen(method) >= sizeof b->method || has_control(url) || b->url.n > 0)
        return SY_EINTERNAL;
    snprintf(b->method, sizeof b->method, "%s", method);
    return buf_add(&b->url, url.p, url.n) ? SY_OK : SY_ETOOBIG;
}

static struct str keep(struct request *b, const char *prefix, struct sy_str s)
{
    size_t from = b->text.n;

    if (!buf_adds(&b->text, prefix) || !buf_add(&b->text, s.p, s.n))
        return STR_NULL;
    return (struct str){b->text.p + from, b->text.n - from};
}

static int build_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    struct request *b = ctx;
    struct http_header *h = &b->headers[b->nheaders];

    if (b->nheaders == MAX_REQUEST_HEADERS || name.n == 0 || has_control(name) || has_control(value))
        return SY_EINTERNAL;
    h->name = keep(b, "", name);
    h->value = keep(b, "", value);
    if (b->text.overflow)
        return SY_ETOOBIG;
    b->secret[b->nheaders++] = flags & SY_SECRET;
    return SY_OK;
}

static int no_key(const struct config_provider *cfg, struct err *e)
{
    if (cfg->key_source == KEY_NONE)
        return err_set(e, ERR_AUTH, "'%s': no key configured, set providers.%s.key to {\"env\": NAME} or {\"file\": PATH}",
                       cfg->name, cfg->name);
    return err_set(e, ERR_AUTH, "'%s': no key, set %s%s", cfg->name, cfg->key_source == KEY_ENV ? "" : "the file ",
                   cfg->key_ref);
}

static void add_key(struct request *b, const char *name, struct str key)
{
    struct http_header *h = &b->headers[b->nheaders];

    h->name = name ? keep(b, "", (struct sy_str){name, strlen(name)}) : STR("Authorization");
    h->value = keep(b, name ? "" : "Bearer ", (struct sy_str){key.p, key.n});
    b->secret[b->nheaders++] = true;
    b->has_key = true;
}

/* The key into `key`; *found false: there is none, and none is needed. */
static int find_key(const struct provider *p, bool optional, struct buf *key, bool *found, struct err *e)
{
    const char *given = p->bench_key;
    int r = given ? 0 : config_key(p->cfg, key, found, e);

    if (r >= 0 && !given && !*found && !optional)
        given = p->bench_stand_in;
    if (given)
        *found = buf_adds(key, given);
    return r < 0 || *found || optional ? r : no_key(p->cfg, e);
}

/* Is the name that the scheme needs there and harmless? */
static bool name_fits(int scheme, const char *name)
{
    return scheme != SY_AUTH_HEADER || (name && !has_control((struct sy_str){name, strlen(name)}));
}

static int build_auth(void *ctx, int scheme, const char *name, int optional)
{
    struct request *b = ctx;
    struct buf key;
    bool found = false;
    int r;

    if (scheme == SY_AUTH_NONE)
        return SY_OK;
    if (b->nheaders == MAX_REQUEST_HEADERS || !name_fits(scheme, name))
        return SY_EINTERNAL;
    buf_init(&key, MAX_KEY_BYTES);
    r = find_key(b->p, optional, &key, &found, b->e);
    if (r >= 0 && found)
        add_key(b, scheme == SY_AUTH_HEADER ? name : NULL, buf_str(&key));
    if (key.p)
        mem_wipe(key.p, key.cap);
    buf_fini(&key);
    if (r < 0)
        return SY_EAUTH;
    return b->text.overflow ? SY_ETOOBIG : SY_OK;
}

static int build_body(void *ctx, const void *p, size_t n)
{
    struct request *b = ctx;

    return buf_add(&b->body, p, n) ? SY_OK : SY_ETOOBIG;
}

static int no_line(void *ctx, const char *method, struct sy_str url)
{
    (void)ctx;
    (void)method;
    (void)url;
    return SY_EINTERNAL;
}

static int no_auth(void *ctx, int scheme, const char *name, int optional)
{
    (void)ctx;
    (void)scheme;
    (void)name;
    (void)optional;
    return SY_EINTERNAL;
}

static int no_body(void *ctx, const void *p, size_t n)
{
    (void)ctx;
    (void)p;
    (void)n;
    return SY_EINTERNAL;
}

/* The request is whole: only headers may be added. On failure the plugin's exchange has ended. */
static int sign_built(struct request *r)
{
    struct sy_http http = {.size = sizeof http, .ctx = r, .line = no_line, .header = build_header, .auth = no_auth,
                           .body = no_body};
    int code;

    if (r->url.n == 0)
        code = r->p->host.fail(r->p, SY_EINTERNAL, "the plugin named no URL");
    else
        code = host_sign(r, &http);
    if (code != SY_OK)
        r->p->plugin->api.end(r->x);
    return code;
}

int request_build(struct request *r, struct provider *p, const struct sy_request *req, struct err *e)
{
    struct sy_http http = {.size = sizeof http, .ctx = r, .line = build_line, .header = build_header, .auth = build_auth,
                           .body = build_body};
    bool later;
    int code;

    *r = (struct request){.p = p, .e = e};
    buf_init(&r->url, 8u << 10);
    buf_init(&r->text, 16u << 10);
    buf_reserve(&r->text, r->text.max);
    buf_init(&r->body, MAX_HTTP_REQUEST_BYTES);
    err_clear(&p->failure);
    host_auth_begin(p);
    code = p->plugin->api.begin(p->self, req, &http, &r->x);
    if (code == SY_OK)
        code = sign_built(r);
    later = host_auth_end(p);
    if (code == SY_OK)
        return 0;
    if (!e->code)
        provider_take_failure(p, code, "make a request", e);
    return code == SY_EAGAIN && later ? REQUEST_LATER : e->code;
}

void request_fini(struct request *r)
{
    if (r->text.p)
        mem_wipe(r->text.p, r->text.n);
    buf_fini(&r->url);
    buf_fini(&r->text);
    buf_fini(&r->body);
}
