/* SPDX-License-Identifier: MIT */
/* libFuzzer entry for how the plugins read answers, all of them in turn: each is loaded from the same build as it is
 * shipped. The input says which plugin, the kind of request, the status and the size of the pieces; the rest is the body.
 * Pieces and the whole must give the same events, text must be UTF-8, and after a terminal event nothing may come. It
 * knows no protocol; fuzz_openai.c does the same for one plugin that is linked in. */
#include "plugins/common/bytes.h"
#include "plugins/common/jsonw.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PLUGINS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct sy_provider *plugins[MAX_PLUGINS];
static size_t nplugins;

static void must(int ok)
{
    if (!ok)
        abort();
}

/* ---- a host that wants nothing ---- */

static void host_log(void *ctx, int level, const char *msg)
{
    (void)ctx;
    (void)level;
    must(msg != NULL);
}

static struct sy_str host_option(void *ctx, const char *key)
{
    (void)ctx;
    return strcmp(key, "base_url") == 0 ? TEXT("http://127.0.0.1:1") : (struct sy_str){NULL, 0};
}

__attribute__((format(printf, 3, 4))) static int host_fail(void *ctx, int code, const char *fmt, ...)
{
    (void)ctx;
    must(fmt != NULL);
    return code;
}

static const void *host_extension(void *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static int take_line(void *ctx, const char *method, struct sy_str url)
{
    (void)ctx;
    must(method && url.n > 0);
    return SY_OK;
}

static int take_header(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags)
{
    (void)ctx;
    (void)value;
    (void)flags;
    must(name.n > 0);
    return SY_OK;
}

static int take_auth(void *ctx, int scheme, const char *name, int optional)
{
    (void)ctx;
    (void)optional;
    must(scheme != SY_AUTH_HEADER || name);
    return SY_OK;
}

static int take_body(void *ctx, const void *p, size_t n)
{
    (void)ctx;
    must(p && n > 0);
    return SY_OK;
}

/* ---- what came out ---- */

struct seen {
    struct bytes text; /* kind, figures and text of all events */
    int terminal;
};

static int take_event(void *ctx, const struct sy_event *ev)
{
    struct seen *s = ctx;
    size_t len;

    must(!s->terminal);
    s->terminal = ev->kind == SY_EV_STOP || ev->kind == SY_EV_ERROR;
    for (size_t i = 0; i < ev->text.n; i += len) {
        len = utf8_length(ev->text.p + i, ev->text.n - i);
        must(len > 0);
    }
    bytes_addc(&s->text, (char)ev->kind);
    bytes_add(&s->text, ev->n, sizeof ev->n);
    bytes_addstr(&s->text, ev->text);
    return SY_OK;
}

static struct sy_str answer_header(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "retry-after-ms") == 0 ? TEXT("12.5") : (struct sy_str){NULL, 0};
}

/* A fresh instance each time, because an instance may learn from an answer. Returns 0 if it describes no exchange. */
static int exchange(const struct sy_provider *api, unsigned kind, int status, struct sy_str body, size_t step, struct seen *s)
{
    static const struct sy_host host = {sizeof host, 1, 0, NULL, host_log, host_option, host_fail, host_extension};
    struct sy_http http = {sizeof http, NULL, take_line, take_header, take_auth, take_body};
    struct sy_request req = {.size = sizeof req, .kind = kind == 0 ? SY_REQ_CHAT : SY_REQ_FIM, .model = TEXT("m")};
    struct sy_reply reply = {sizeof reply, status, NULL, answer_header};
    struct sy_sink sink = {sizeof sink, s, take_event};
    void *self = NULL, *x = NULL;
    int described;

    if (kind == 2)
        req.fim_format = TEXT("chat");
    bytes_init(&s->text, (size_t)64 << 20);
    s->terminal = 0;
    if (api->open(&host, &self) < 0)
        return 0;
    described = kind == 3 ? api->models && api->models(self, &http, &x) == SY_OK : api->begin(self, &req, &http, &x) == SY_OK;
    for (size_t at = 0; at < body.n && described; at += step)
        must(api->feed(x, &reply, body.p + at, body.n - at < step ? body.n - at : step, &sink) == SY_OK);
    if (described && api->finish)
        must(api->finish(x, &reply, &sink) == SY_OK);
    if (described)
        api->end(x);
    api->close(self);
    return described;
}

static int by_name(const void *a, const void *b)
{
    const struct sy_provider *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static void load(const char *path)
{
    const struct sy_provider *(*entry)(void);
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = dl ? dlsym(dl, "sy_provider_v1") : NULL;

    must(symbol != NULL);
    memcpy(&entry, &symbol, sizeof entry);
    if (nplugins < MAX_PLUGINS && entry()->begin)
        plugins[nplugins++] = entry();
}

/* The plugins lie beside this program: ../lib/switchyard/plugins from its folder. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char self[1024], path[2048];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    struct dirent *entry;
    DIR *dir;

    (void)argc;
    (void)argv;
    must(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, sizeof path, "%s/../lib/switchyard/plugins", self);
    dir = opendir(path);
    must(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');

        snprintf(path, sizeof path, "%s/../lib/switchyard/plugins/%s", self, entry->d_name);
        if (dot && strcmp(dot, ".so") == 0)
            load(path);
    }
    closedir(dir);
    must(nplugins > 0);
    qsort(plugins, nplugins, sizeof *plugins, by_name);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 400, 404, 503, 501};
    const struct sy_provider *api;
    struct seen whole, pieces;
    struct sy_str body;

    if (size < 5)
        return 0;
    api = plugins[data[0] % nplugins];
    body = (struct sy_str){(const char *)data + 4, size - 4};
    if (exchange(api, data[2] % 4, statuses[data[1] % 8], body, body.n, &whole)) {
        exchange(api, data[2] % 4, statuses[data[1] % 8], body, data[3] % 61 + 1u, &pieces);
        must(whole.text.n == pieces.text.n && whole.terminal == pieces.terminal);
        must(whole.text.n == 0 || memcmp(whole.text.p, pieces.text.p, whole.text.n) == 0);
        bytes_fini(&pieces.text);
    }
    bytes_fini(&whole.text);
    return 0;
}
