/* SPDX-License-Identifier: MIT */
/* `switchyard plugins`: the list, or one plugin checked, described or put on the bench. The words come from the engine;
 * here are only the options that belong together. */
#include "core/cli/front.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/engine/probe.h"

#include <string.h>
#include <time.h>

#define MAX_REQUEST_FILE_BYTES ((size_t)16 << 20)

static int print_list(const struct options *o, struct buf *out, struct err *e)
{
    struct front f;
    int r = front_init(&f, o, e);

    if (r == 0) {
        if (!o->json)
            front_warn(&f);
        session_plugins(f.session, o->json, out);
    }
    front_fini(&f);
    return r;
}

/* Both ISO forms, "2026-01-31T12:00:00Z" and "20260131T120000Z", or seconds since 1970. */
static int parse_now(const char *text, int64_t *ret_ms, struct err *e)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%SZ"};
    unsigned long long seconds;

    if (!text)
        return 0;
    if (str_to_u64(str_c(text), &seconds) && seconds > 0 && seconds < UINT64_C(100000000000)) {
        *ret_ms = (int64_t)seconds * 1000;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);

        if (end && !*end && (*ret_ms = (int64_t)timegm(&tm) * 1000) > 0)
            return 0;
    }
    return err_set(e, ERR_INVALID, "'--now %s' is no time like 2026-01-31T12:00:00Z", text);
}

static int parse_number(const char *name, const char *text, unsigned long long least, unsigned long long most,
    unsigned long long *ret, struct err *e)
{
    if (text && (!str_to_u64(str_c(text), ret) || *ret < least || *ret > most))
        return err_set(e, ERR_INVALID, "'--%s %s' is not a number from %llu to %llu", name, text, least, most);
    return 0;
}

/* An option that has no meaning here would be ignored in silence. */
static int check_options(const struct options *o, struct err *e)
{
    const char *verb = o->check ? "check" : o->dump ? "dump" : o->encode ? "encode" : o->decode ? "decode" : NULL;
    int verbs = (o->check != NULL) + (o->dump != NULL) + (o->encode != NULL) + (o->decode != NULL);
    const struct {
        bool given, fits;
        const char *name, *with;
    } rows[] = {
        {o->option.n > 0, o->check || o->encode || o->decode, "option", "--check, --encode or --decode"},
        {o->request != NULL, o->check || o->encode || o->decode, "request", "--check, --encode or --decode"},
        {o->now != NULL, o->encode != NULL, "now", "--encode"},
        {o->show_secrets, o->encode != NULL, "show-secrets", "--encode"},
        {o->status != NULL, o->decode != NULL, "status", "--decode"},
        {o->header.n > 0, o->decode != NULL, "header", "--decode"},
        {o->split != NULL, o->decode != NULL, "split", "--decode"},
        {o->json, !verb, "json", "the list"},
    };

    if (verbs > 1)
        return err_set(e, ERR_INVALID, "'--check', '--dump', '--encode' and '--decode' exclude each other");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].given && !rows[i].fits)
            return err_set(e, ERR_INVALID, "'--%s' goes with %s", rows[i].name, rows[i].with);
    if (o->encode && !o->request)
        return err_set(e, ERR_INVALID, "'--encode' needs a request: --request FILE");
    return 0;
}

static int decode(const struct options *o, const struct bench_params *p, struct buf *out, struct err *e)
{
    struct bench_answer a = {.headers = o->header.v, .nheaders = o->header.n};
    AUTO_BUF struct buf body = {0};
    unsigned long long status = 200, split = 0;
    int r;

    buf_init(&body, MAX_HTTP_REPLY_BYTES);
    if ((r = parse_number("status", o->status, 100, 599, &status, e)) < 0 ||
        (r = parse_number("split", o->split, 1, MAX_HTTP_REPLY_BYTES, &split, e)) < 0 ||
        (r = front_read_stdin(&body, e)) < 0)
        return r;
    for (size_t i = 0; i < a.nheaders; i++)
        if (!strchr(a.headers[i], ':'))
            return err_set(e, ERR_INVALID, "'--header %s' is not 'Name: value'", a.headers[i]);
    a.status = (int)status;
    a.split = split;
    a.body = buf_str(&body);
    return bench_decode(p, &a, out, e);
}

static int run(const struct options *o, struct buf *out, struct err *e)
{
    AUTO_BUF struct buf request = {0};
    struct bench_params p = {.options = o->option.v, .noptions = o->option.n, .request_path = o->request,
        .show_secrets = o->show_secrets};
    int r = check_options(o, e);

    if (r == 0)
        r = parse_now(o->now, &p.now_ms, e);
    buf_init(&request, MAX_REQUEST_FILE_BYTES);
    if (r == 0 && o->request)
        r = o->encode && strcmp(o->request, "-") == 0 ? front_read_stdin(&request, e) : fs_read(o->request, &request, e);
    if (r < 0)
        return r;
    p.request = buf_str(&request);
    p.plugin = o->check ? o->check : o->encode ? o->encode : o->decode;
    if (o->check)
        return bench_check(&p, out, e);
    if (o->encode)
        return bench_encode(&p, out, e);
    if (o->decode)
        return decode(o, &p, out, e);
    return o->dump ? bench_dump(o->dump, out, e) : print_list(o, out, e);
}

int cmd_plugins(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf out = {0}, shown = {0};
    int r, written;

    buf_init(&out, MAX_CLI_OUTPUT_BYTES);
    r = run(o, &out, e);
    buf_init(&shown, MAX_CLI_OUTPUT_BYTES * 3);
    output_add(&shown, buf_str(&out));
    written = output_write(buf_str(&shown), e); /* a check that fails has said which steps it passed */
    return r < 0 ? r : written;
}
