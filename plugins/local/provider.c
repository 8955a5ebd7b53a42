/* SPDX-License-Identifier: MIT */
/* The plugin "local": the embedded model behind the provider ABI. Only this file knows the ABI.
 *
 * It needs no key and no network. It answers from what the host told it of the workspace, or, if that is nothing, from the
 * request alone; below `min_confidence` it says nothing. */
#include "../ext/compute.h"
#include "../ext/corpus.h"
#include "../ext/surprise.h"
#include "surprise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int default_memory_mb = 64;

struct local {
    const struct sy_host *host;
    struct model *model;
    struct completion out[BEAM_RESULTS + 2];
};

/* Reads a number option; false when it is no number in [lo, hi]. */
static bool number_option(const struct sy_host *host, const char *key, double lo, double hi, double *ret)
{
    struct sy_str s = host->option(host->ctx, key);
    char text[32], *end;
    double x;

    if (!s.p)
        return true;
    if (s.n == 0 || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    x = strtod(text, &end);
    if (*end || !(x >= lo && x <= hi))
        return false;
    *ret = x;
    return true;
}

static int local_open(const struct sy_host *host, void **self)
{
    double memory = default_memory_mb, confidence = (double)MODEL_CONFIDENCE;
    struct local *l;

    if (!number_option(host, "memory_mb", 1, 4096, &memory))
        return host->fail(host->ctx, SY_EREQUEST, "'memory_mb' must be a number from 1 to 4096");
    if (!number_option(host, "min_confidence", 0, 1, &confidence))
        return host->fail(host->ctx, SY_EREQUEST, "'min_confidence' must be a number from 0 to 1");
    l = malloc(sizeof *l);
    if (!l)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    l->host = host;
    l->model = model_new((size_t)(memory * 1048576), (float)confidence);
    *self = l;
    return SY_OK;
}

static void local_close(void *self)
{
    struct local *l = self;

    model_free(l->model);
    free(l);
}

static const char *bytes(struct sy_str s)
{
    return s.p ? s.p : "";
}

/* ---- sy.compute/1 ------------------------------------------------------------------------------------------------- */

static bool is_cancelled(void *ctx)
{
    const struct sy_cancel *c = ctx;

    return c && c->is_cancelled && c->is_cancelled(c->ctx);
}

static int emit(const struct sy_sink *sink, int kind, const char *p, size_t n, uint64_t n0)
{
    struct sy_event ev = { .size = sizeof ev, .kind = kind, .text = { p, n }, .n = { n0 } };

    return sink->emit(sink->ctx, &ev);
}

static int local_run(void *self, const struct sy_request *req, const struct sy_sink *sink, const struct sy_cancel *cancel)
{
    struct local *l = self;
    struct query_request r = { .path = bytes(req->path), .npath = req->path.n, .lang = bytes(req->language),
                               .nlang = req->language.n, .prefix = bytes(req->prefix), .nprefix = req->prefix.n,
                               .suffix = bytes(req->suffix), .nsuffix = req->suffix.n, .caret = req->caret };
    struct beam_limits lim = { .many = req->flags & SY_REQ_MANY, .lines = !(req->flags & SY_REQ_SINGLE_LINE),
                               .is_cancelled = is_cancelled, .ctx = (void *)(uintptr_t)cancel };
    unsigned n, i;

    if (req->kind != SY_REQ_FIM)
        return l->host->fail(l->host->ctx, SY_EUNSUPPORTED, "the embedded model completes code, it does not chat");
    n = model_complete(l->model, &r, &lim, l->out);
    if (is_cancelled(lim.ctx))
        return SY_OK;
    for (i = 0; i < n; i++) {
        const struct completion *c = &l->out[i];

        if (emit(sink, SY_EV_CANDIDATE, c->guess.text, c->guess.n, (uint64_t)lrintf(c->p * 1e6f)) < 0)
            return SY_OK;
    }
    emit(sink, SY_EV_STOP, NULL, 0, SY_STOP_END);
    return SY_OK;
}

/* ---- sy.corpus/1 -------------------------------------------------------------------------------------------------- */

static int local_put(void *self, struct sy_str path, struct sy_str language, struct sy_str text, uint32_t flags)
{
    struct local *l = self;

    store_put(&l->model->store, bytes(path), path.n, bytes(language), language.n, bytes(text), text.n,
              flags & SY_CORPUS_OPEN);
    return SY_OK;
}

static int local_edit(void *self, struct sy_str path, uint64_t start, uint64_t old_end, struct sy_str text)
{
    struct local *l = self;

    if (!store_edit(&l->model->store, bytes(path), path.n, start, old_end, bytes(text), text.n))
        return l->host->fail(l->host->ctx, SY_EREQUEST, "edit outside the document");
    return SY_OK;
}

static int local_drop(void *self, struct sy_str path)
{
    struct local *l = self;

    store_drop(&l->model->store, bytes(path), path.n);
    return SY_OK;
}

/* ---- sy.surprise/1 ------------------------------------------------------------------------------------------------ */

static int tell_line(const struct surprise *s, uint64_t line, size_t start, void *ctx,
                     int (*tell)(void *, const struct sy_surprise_line *))
{
    struct sy_surprise_token tok[SURPRISE_TOKENS];
    struct sy_surprise_line ev = { .size = sizeof ev, .ntokens = s->n, .line = line, .bits = (double)s->bits, .tokens = tok };
    unsigned i;

    for (i = 0; i < s->n; i++)
        tok[i] = (struct sy_surprise_token){ start + s->tok[i].off, start + s->tok[i].off + s->tok[i].len,
                                             (double)s->tok[i].bits };
    return tell(ctx, &ev);
}

/* The offset of a line's start; the text's end when it has fewer lines. */
static size_t line_start(struct sy_str text, uint64_t line)
{
    const char *nl = text.p;
    size_t at = 0;

    while (line-- > 0 && at < text.n && (nl = memchr(text.p + at, '\n', text.n - at)) != NULL)
        at = (size_t)(nl - text.p) + 1;
    return nl ? at : text.n;
}

static int local_measure(void *self, const struct sy_surprise_text *t, void *ctx,
                         int (*tell)(void *ctx, const struct sy_surprise_line *line), const struct sy_cancel *cancel)
{
    struct local *l = self;
    size_t at = 0, len, rest = line_start(t->text, t->end);
    const struct lex_lang *lang = lex_lang(bytes(t->language), t->language.n);
    struct query_request r = { .path = bytes(t->path), .npath = t->path.n, .lang = bytes(t->language),
                               .nlang = t->language.n, .prefix = bytes(t->text) };
    struct surprise s;
    struct lex_line ln;
    uint8_t mode = 0;
    uint64_t line;

    if (rest > 0 && rest < t->text.n) { /* with the line end before it */
        r.suffix = t->text.p + rest - 1;
        r.nsuffix = t->text.n - rest + 1;
    }
    for (line = 0; line < t->end && at < t->text.n && !is_cancelled((void *)(uintptr_t)cancel); line++, at += len + 1) {
        const char *nl = memchr(t->text.p + at, '\n', t->text.n - at);

        len = nl ? (size_t)(nl - t->text.p) - at : t->text.n - at;
        lex_line(lang, t->text.p + at, len, false, &mode, &ln);
        if (line < t->first || ln.n == 0)
            continue;
        r.nprefix = r.caret = at + ln.tok[0].off;
        if (surprise_measure(l->model, r, t->text.p + at, &ln, &s) && tell_line(&s, line, at, ctx, tell) < 0)
            break;
    }
    return SY_OK;
}

/* ------------------------------------------------------------------------------------------------------------------- */

static const void *local_extension(const char *id)
{
    static const struct sy_compute compute = { sizeof compute, local_run };
    static const struct sy_corpus corpus = { sizeof corpus, local_put, local_edit, local_drop };
    static const struct sy_surprise surprise = { sizeof surprise, local_measure };

    if (strcmp(id, SY_EXT_SURPRISE) == 0)
        return &surprise;
    if (strcmp(id, SY_EXT_COMPUTE) == 0)
        return &compute;
    return strcmp(id, SY_EXT_CORPUS) == 0 ? &corpus : NULL;
}

SY_PROVIDER_ENTRY(local)
{
    static const struct sy_provider provider = {
        SY_PROVIDER_INIT,
        .name = "local",
        .version = SWITCHYARD_VERSION,
        .summary = "embedded model: completes from the workspace, no key and no network",
        .options = "memory_mb min_confidence",
        .caps = SY_CAP_FIM | SY_CAP_LOCAL,
        .open = local_open,
        .close = local_close,
        .extension = local_extension,
    };

    return &provider;
}
