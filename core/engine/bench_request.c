/* SPDX-License-Identifier: MIT */
/* A request of the ABI from JSON, for the bench. Strict: a member that is misspelled would be a request for something else.
 * Strings stay in the JSON value; arrays are made here. */
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/engine/plugin_bench.h"

#include <string.h>

#define MAX_PARTS 64

struct bench_request {
    struct sy_request req;
    struct sy_msg msg[MAX_PARTS];
    struct sy_file extra[MAX_PARTS];
    struct sy_str stop[MAX_PARTS];
    struct buf params;
};

#define LIT(s) ((struct sy_str){(s), sizeof(s) - 1})
#define REQUEST "the request's member"

static int check_members(const json_t *o, const char *const *known, const char *what, struct err *e)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)o, key, v) {
        const char *const *k = known;

        while (*k && strcmp(*k, key) != 0)
            k++;
        if (!*k)
            return err_set(e, ERR_PARSE, "%s '%.60s' is unknown", what, key);
    }
    return 0;
}

static int want_text(const json_t *o, const char *key, struct sy_str *ret, struct err *e)
{
    const json_t *v = json_object_get(o, key);

    if (!v)
        return 0;
    if (!json_is_string(v))
        return err_set(e, ERR_PARSE, REQUEST " '%s' is no string", key);
    *ret = (struct sy_str){json_string_value(v), json_string_length(v)};
    return 0;
}

static int want_number(const json_t *o, const char *key, double scale, double max, double *ret, struct err *e)
{
    const json_t *v = json_object_get(o, key);

    if (!v)
        return 0;
    if (!json_is_number(v) || json_number_value(v) < 0 || json_number_value(v) > max)
        return err_set(e, ERR_PARSE, REQUEST " '%s' is no number from 0 to %.0f", key, max);
    *ret = json_number_value(v) * scale;
    return 0;
}

static int want_list(const json_t *o, const char *key, size_t *ret_n, const json_t **ret, struct err *e)
{
    *ret = json_object_get(o, key);
    *ret_n = json_array_size(*ret);
    if (*ret && (!json_is_array(*ret) || *ret_n > MAX_PARTS))
        return err_set(e, ERR_PARSE, REQUEST " '%s' is no list of at most %d", key, MAX_PARTS);
    return 0;
}

static int read_messages(struct bench_request *r, const json_t *o, struct err *e)
{
    static const char *const known[] = {"role", "text", NULL}, *const roles[] = {"system", "user", "assistant"};
    const json_t *list;
    int code = want_list(o, "messages", &r->req.nmsg, &list, e);

    for (size_t i = 0; i < r->req.nmsg && code >= 0; i++) {
        const json_t *m = json_array_get(list, i);
        const char *role = json_string_value(json_object_get(m, "role"));
        int k = 2;

        while (k >= 0 && strcmp(roles[k], role ? role : "user") != 0)
            k--;
        if (!json_is_object(m) || k < 0)
            return err_set(e, ERR_PARSE, "message %zu is no object with a role of system, user or assistant", i + 1);
        r->msg[i].role = k;
        code = check_members(m, known, "the message's member", e);
        if (code >= 0)
            code = want_text(m, "text", &r->msg[i].text, e);
    }
    r->req.msg = r->msg;
    r->req.msg_stride = sizeof r->msg[0];
    return code;
}

static int read_lists(struct bench_request *r, const json_t *o, struct err *e)
{
    static const char *const known[] = {"path", "text", NULL};
    const json_t *list;
    int code = want_list(o, "extra", &r->req.nextra, &list, e);

    for (size_t i = 0; i < r->req.nextra && code >= 0; i++) {
        const json_t *f = json_array_get(list, i);

        code = json_is_object(f) ? check_members(f, known, "the file's member", e) : err_set(e, ERR_PARSE, "'extra' holds no objects");
        if (code >= 0 && (code = want_text(f, "path", &r->extra[i].path, e)) >= 0)
            code = want_text(f, "text", &r->extra[i].text, e);
    }
    if (code >= 0)
        code = want_list(o, "stop", &r->req.nstop, &list, e);
    for (size_t i = 0; i < r->req.nstop && code >= 0; i++) {
        const json_t *s = json_array_get(list, i);

        if (!json_is_string(s))
            return err_set(e, ERR_PARSE, "'stop' holds no strings");
        r->stop[i] = (struct sy_str){json_string_value(s), json_string_length(s)};
    }
    r->req.extra = r->extra;
    r->req.extra_stride = sizeof r->extra[0];
    r->req.stop = r->stop;
    return code;
}

static int read_flags(struct bench_request *r, const json_t *o, struct err *e)
{
    const json_t *list;
    size_t n;
    int code = want_list(o, "flags", &n, &list, e);

    for (size_t i = 0; i < n && code >= 0; i++) {
        struct sy_str flag = {json_string_value(json_array_get(list, i)), json_string_length(json_array_get(list, i))};
        struct str name = {flag.p, flag.n};

        if (str_eqc(name, "single_line"))
            r->req.flags |= SY_REQ_SINGLE_LINE;
        else if (str_eqc(name, "many"))
            r->req.flags |= SY_REQ_MANY;
        else
            return err_set(e, ERR_PARSE, "'flags' knows single_line and many");
    }
    return code;
}

static int read_params(struct bench_request *r, const json_t *o, struct err *e)
{
    const json_t *v = json_object_get(o, "params");

    if (!v)
        return 0;
    if (!json_is_object(v))
        return err_set(e, ERR_PARSE, REQUEST " 'params' is no object");
    if (!json_dump(v, &r->params))
        return err_set(e, ERR_TOO_BIG, REQUEST " 'params' is too big");
    r->req.params = (struct sy_str){r->params.p, r->params.n};
    return 0;
}

static int read_numbers(struct bench_request *r, const json_t *o, struct err *e)
{
    double caret = 0, tokens = r->req.max_tokens, timeout = r->req.timeout_ms, temperature = -1;
    int code = want_number(o, "caret", 1, 9e15, &caret, e);

    if (code >= 0 && (code = want_number(o, "max_tokens", 1, 4e9, &tokens, e)) >= 0 &&
        (code = want_number(o, "timeout_ms", 1, 4e9, &timeout, e)) >= 0)
        code = want_number(o, "temperature", 1000, 1000, &temperature, e);
    r->req.caret = (uint64_t)caret;
    r->req.max_tokens = (uint32_t)tokens;
    r->req.timeout_ms = (uint32_t)timeout;
    r->req.temperature_milli = temperature < 0 ? -1 : (int32_t)(temperature + 0.5);
    return code;
}

static int read_request(struct bench_request *r, const json_t *o, struct err *e)
{
    static const char *const known[] = {"kind", "model", "prefix", "suffix", "path", "language", "caret", "system", "messages",
                                        "extra", "stop", "fim_format", "params", "temperature", "max_tokens", "timeout_ms",
                                        "flags", NULL};
    struct {
        const char *key;
        struct sy_str *to;
    } const texts[] = {{"model", &r->req.model}, {"prefix", &r->req.prefix}, {"suffix", &r->req.suffix}, {"path", &r->req.path},
                       {"language", &r->req.language}, {"system", &r->req.system}, {"fim_format", &r->req.fim_format}};
    const char *kind = json_string_value(json_object_get(o, "kind"));
    int code;

    r->req = (struct sy_request){.size = sizeof r->req, .temperature_milli = -1, .timeout_ms = 5000};
    if (!json_is_object(o))
        return err_set(e, ERR_PARSE, "the request is no object with a member \"request\"");
    if (!kind || (strcmp(kind, "fim") != 0 && strcmp(kind, "chat") != 0))
        return err_set(e, ERR_PARSE, REQUEST " 'kind' is neither \"fim\" nor \"chat\"");
    r->req.kind = kind[0] == 'f' ? SY_REQ_FIM : SY_REQ_CHAT;
    code = check_members(o, known, REQUEST, e);
    for (size_t i = 0; i < ARRAY_LEN(texts) && code >= 0; i++)
        code = want_text(o, texts[i].key, texts[i].to, e);
    if (code >= 0 && (code = read_numbers(r, o, e)) >= 0 && (code = read_messages(r, o, e)) >= 0 &&
        (code = read_lists(r, o, e)) >= 0 && (code = read_flags(r, o, e)) >= 0)
        code = read_params(r, o, e);
    return code;
}

/* For a check, and for an answer whose request nobody named. */
static void make_sample(struct bench_request *r, uint64_t caps)
{
    r->msg[0] = (struct sy_msg){SY_ROLE_USER, LIT("hello")};
    r->req = (struct sy_request){.size = sizeof r->req, .kind = caps & SY_CAP_FIM ? SY_REQ_FIM : SY_REQ_CHAT,
                                 .model = LIT("test"), .prefix = LIT("int add(int a, int b)\n{\n    return "),
                                 .suffix = LIT(";\n}\n"), .path = LIT("add.c"), .language = LIT("c"), .caret = 35,
                                 .msg = r->msg, .nmsg = 1, .msg_stride = sizeof r->msg[0],
                                 .extra_stride = sizeof(struct sy_file), .temperature_milli = -1, .max_tokens = 16,
                                 .timeout_ms = 1000};
}

struct bench_request *bench_request_new(const json_t *spec, uint64_t caps, struct err *e)
{
    static const char *const known[] = {"plugin", "options", "request", NULL};
    struct bench_request *r = mem_zalloc(sizeof *r);
    bool bare = json_object_get(spec, "kind") && !json_object_get(spec, "request"); /* the request alone */
    int code = 0;

    buf_init(&r->params, MAX_HTTP_REQUEST_BYTES);
    if (!spec)
        make_sample(r, caps);
    else if (bare || (code = check_members(spec, known, "the member", e)) >= 0)
        code = read_request(r, bare ? spec : json_object_get(spec, "request"), e);
    if (code >= 0)
        return r;
    bench_request_free(r);
    return NULL;
}

void bench_request_free(struct bench_request *r)
{
    if (!r)
        return;
    buf_fini(&r->params);
    free(r);
}

const struct sy_request *bench_request_get(const struct bench_request *r)
{
    return &r->req;
}
