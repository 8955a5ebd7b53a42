/* SPDX-License-Identifier: MIT */
/* `switchyard ask`: one prompt to one target. The one command that prints before it has everything: whoever tries a key
 * wants to see the stream. The text is neutralised whatever standard output is, because it is prose for a person. */
#include "core/cli/front.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/probe.h"

#include <signal.h>
#include <string.h>

#define ANSWER_WAIT_MS 620000 /* the exchange itself gives up before */
#define MAX_PROMPT_BYTES ((size_t)MAX_HTTP_REQUEST_BYTES / 2)

struct asking {
    const struct options *o;
    struct front *f;
    uint64_t handle;
    struct buf text;    /* --json only */
    struct buf said;    /* what goes with the answer */
    char last;          /* character printed */
    bool done;
    struct err err;
};

static bool on_text(void *ctx, struct str piece)
{
    struct asking *a = ctx;
    AUTO_BUF struct buf clean = {0};

    if (a->o->json)
        return buf_addstr(&a->text, piece);
    buf_init(&clean, piece.n * 3 + 1);
    utf8_neutralise(piece, &clean);
    if (clean.n)
        a->last = clean.p[clean.n - 1];
    return output_write(buf_str(&clean), &a->err) >= 0;
}

static void say_tokens(struct buf *out, const struct question_result *r)
{
    if (!r->has_usage) {
        buf_adds(out, "tokens   not told\n");
        return;
    }
    buf_addf(out, "tokens   %llu in, %llu out", (unsigned long long)(r->in_new + r->in_read + r->in_written), (unsigned long long)r->out);
    if (r->in_read || r->in_written)
        buf_addf(out, " (in: %llu new, %llu read from cache, %llu written to cache)", (unsigned long long)r->in_new,
            (unsigned long long)r->in_read, (unsigned long long)r->in_written);
    if (r->reasoning)
        buf_addf(out, " (out: %llu for reasoning)", (unsigned long long)r->reasoning);
    buf_addc(out, '\n');
}

static void say(struct buf *out, const struct question_result *r)
{
    if (r->cut)
        buf_adds(out, "cut      the answer reached its length limit\n");
    buf_addf(out, "target   %s\n", r->target);
    buf_addf(out, "model    %s\n", *r->model ? r->model : "not told");
    buf_addf(out, "request  %s\n", *r->request_id ? r->request_id : "not told");
    say_tokens(out, r);
    if (r->cost < 0)
        buf_adds(out, "cost     unknown\n");
    else
        buf_addf(out, "cost     %s%.6f\n", r->cost_is_most ? "at most " : "", r->cost);
    buf_addf(out, "time     %llu ms to the first text, %llu ms in all\n", (unsigned long long)r->first_us / 1000,
        (unsigned long long)r->total_us / 1000);
}

static void say_json(struct buf *out, const struct question_result *r, struct str text)
{
    buf_addc(out, '{');
    json_add(out, "target", str_c(r->target));
    buf_addc(out, ',');
    json_add(out, "text", text);
    buf_addc(out, ',');
    json_add(out, "model", str_c(r->model));
    buf_addc(out, ',');
    json_add(out, "request_id", str_c(r->request_id));
    if (r->has_usage)
        buf_addf(out, ",\"tokens\":{\"in\":%llu,\"cache_read\":%llu,\"cache_write\":%llu,\"out\":%llu,\"reasoning\":%llu}",
            (unsigned long long)r->in_new, (unsigned long long)r->in_read, (unsigned long long)r->in_written,
            (unsigned long long)r->out, (unsigned long long)r->reasoning);
    else
        buf_adds(out, ",\"tokens\":null");
    if (r->cost < 0)
        buf_adds(out, ",\"cost\":null");
    else
        buf_addf(out, ",\"cost\":%.9f,\"cost_is_most\":%s", r->cost, r->cost_is_most ? "true" : "false");
    buf_addf(out, ",\"cut\":%s,\"first_us\":%llu,\"total_us\":%llu}\n", r->cut ? "true" : "false",
        (unsigned long long)r->first_us, (unsigned long long)r->total_us);
}

static void on_done(void *ctx, const struct question_result *res, const struct err *e)
{
    struct asking *a = ctx;

    a->done = true;
    if (!a->err.code)
        a->err = *e;
    if (a->o->json)
        say_json(&a->said, res, buf_str(&a->text));
    else
        say(&a->said, res);
}

/* The connection closes before the program ends: a service should not go on for nobody. */
static void on_interrupt(void *ctx, int signo)
{
    struct asking *a = ctx;

    (void)signo;
    session_cancel(a->f->session, a->handle);
}

/* After an error nothing but its sentence follows; a half answer keeps the line that it stands on. */
static int print_end(struct asking *a, struct err *e)
{
    bool open_line = !a->o->json && a->last && a->last != '\n';
    int r = open_line ? output_write(STR("\n"), e) : 0;

    if (a->err.code) {
        err_clear(e);
        *e = a->err;
        return e->code;
    }
    if (r < 0)
        return r;
    if (a->o->json)
        return output_write(buf_str(&a->said), e);
    output_note(buf_str(&a->said));
    return 0;
}

static int ask(struct front *f, struct asking *a, struct str prompt, struct err *e)
{
    static const struct question_handler handler = {on_text, on_done};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    int r = 0;

    for (size_t i = 0; i < ARRAY_LEN(signals) && r == 0; i++)
        r = loop_signal(f->loop, signals[i], on_interrupt, a, e);
    if (r < 0)
        return r;
    a->handle = session_ask(f->session, a->o->target, prompt, &handler, a);
    r = front_wait(f, &a->done, ANSWER_WAIT_MS, "the answer", e);
    if (r < 0) {
        session_cancel(f->session, a->handle);
        return r;
    }
    return print_end(a, e);
}

static int read_prompt(const struct options *o, struct buf *prompt, struct err *e)
{
    int r = 0;

    if (!o->target)
        return err_set(e, ERR_INVALID, "'ask' needs a target: --target NAME");
    if (strcmp(o->operand, "-") == 0)
        r = front_read("-", prompt, e);
    else if (!buf_adds(prompt, o->operand))
        r = err_set(e, ERR_TOO_BIG, "the prompt is larger than %zu bytes", prompt->max);
    if (r < 0)
        return r;
    if (str_trim(buf_str(prompt)).n == 0)
        return err_set(e, ERR_INVALID, "the prompt is empty");
    if (!utf8_valid(buf_str(prompt)))
        return err_set(e, ERR_PARSE, "the prompt is not UTF-8");
    return 0;
}

int cmd_ask(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf prompt = {0};
    struct front f = {0};
    struct asking a = {.o = o, .f = &f};
    int r;

    buf_init(&prompt, MAX_PROMPT_BYTES);
    buf_init(&a.text, MAX_REPLY_TEXT_BYTES);
    buf_init(&a.said, MAX_CLI_OUTPUT_BYTES);
    r = read_prompt(o, &prompt, e);
    if (r == 0)
        r = front_init(&f, o, e);
    if (r == 0) {
        front_warn(&f);
        r = ask(&f, &a, buf_str(&prompt), e);
    }
    front_fini(&f);
    buf_fini(&a.text);
    buf_fini(&a.said);
    return r;
}
