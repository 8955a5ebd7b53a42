/* SPDX-License-Identifier: MIT */
/* Escalation in its first form: an instruction and a range go to the large tier, one replacement text comes back.
 *
 * The answer is text, not trusted: fences are cut, control characters neutralised, the range that was asked for is the
 * only one that is replaced, and an answer for a version that is no more is refused. */
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/doc/syntax.h"
#include "core/engine/session_priv.h"

#include <stdio.h>
#include <string.h>

#define AROUND_BYTES (24u << 10)     /* text shown before and behind the range */
#define MAX_RANGE_BYTES (64u << 10)
#define FIRST_BYTE_MS 60000
#define MAX_ANSWER_TOKENS 8192

struct edit {
    struct task *t;
    enum pos_encoding enc;
    size_t start, end;
    uint64_t revision;
    int version;
    struct exchange *x;
    unsigned target;
    struct buf question, answer;
    edit_fn fn;
    void *ctx;
};

static const char SYSTEM[] =
    "You edit source code. The user gives a file with one part between the markers <<<BEGIN>>> and <<<END>>> and an "
    "instruction. Answer with the new text of that part only: no markers, no explanation, no code fence. Keep the "
    "indentation and style of the file. If nothing needs to change, answer with the part as it is.";

static void edit_release(struct task *t)
{
    struct edit *ed = t->own;

    if (ed->x) {
        exchange_cancel(ed->x);
        session_dropped(t->s, ed->target);
    }
    buf_fini(&ed->question);
    buf_fini(&ed->answer);
    free(ed);
}

static void edit_answer(struct edit *ed, const struct edit_result *res, const struct err *e)
{
    struct task *t = ed->t;
    struct err none = {0};

    t->decision->total_us = clock_us() - t->started_us;
    snprintf(t->decision->reason, sizeof t->decision->reason, "%.159s", e ? e->text : "");
    task_set_state(t, TASK_ANSWERED);
    ed->fn(ed->ctx, res, e ? e : &none);
    task_end(t);
}

static void edit_fail(struct task *t, const struct err *e, const char *reason)
{
    struct err why = {0};

    err_set(&why, e ? e->code : ERR_STALE, "%s", e ? e->text : reason);
    edit_answer(t->own, NULL, &why);
}

static void edit_fail_code(struct edit *ed, int code, const char *text)
{
    struct err e = {0};

    err_set(&e, code, "%s", text);
    edit_answer(ed, NULL, &e);
}

/* Cuts a fence around the answer and gives it the line end that the replaced text had. */
static void clean_answer(struct str raw, bool ends_line, struct buf *out)
{
    struct str s = str_trim(raw);

    if (str_starts(s, STR("```"))) {
        (void)str_line(&s);
        if (str_ends(s, STR("```")))
            s.n -= 3;
        while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
            s.n--;
    } else {
        s = raw; /* leading blanks are indentation */
        while (s.n && (s.p[0] == '\n' || s.p[0] == '\r'))
            s = str_sub(s, 1, s.n);
        while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
            s.n--;
    }
    utf8_neutralise(s, out);
    if (ends_line)
        buf_addc(out, '\n');
}

static void edit_deliver(struct edit *ed)
{
    struct document *d = ed->t->doc;
    AUTO_BUF struct buf text = {0};
    struct edit_result res;

    if (d->closed || d->revision != ed->revision) {
        edit_fail_code(ed, ERR_STALE, "the document was changed while the edit was being made; ask again");
        return;
    }
    if (str_trim(buf_str(&ed->answer)).n == 0) {
        edit_fail_code(ed, ERR_PROTO, "the answer was empty");
        return;
    }
    buf_init(&text, 3 * MAX_REPLY_TEXT_BYTES);
    clean_answer(buf_str(&ed->answer), rope_byte(d->rope, ed->end - 1) == '\n', &text);
    res = (struct edit_result){.start = pos_of_byte(d->rope, ed->enc, ed->start), .end = pos_of_byte(d->rope, ed->enc, ed->end),
                               .text = buf_str(&text), .version = ed->version,
                               .target = ed->t->s->config->targets[ed->target].name, .decision = ed->t->decision->id,
                               .latency_us = clock_us() - ed->t->started_us};
    ed->t->decision->served_by = res.target;
    edit_answer(ed, &res, NULL);
}

static void edit_step(struct edit *ed, struct err *why);

static bool edit_event(void *ctx, const struct sy_event *ev)
{
    struct edit *ed = ctx;

    return ev->kind != SY_EV_TEXT || buf_add(&ed->answer, ev->text.p, ev->text.n);
}

static void edit_done(void *ctx, const struct exchange_report *r, const struct err *e)
{
    struct edit *ed = ctx;
    struct decision *d = ed->t->decision;
    struct decision_attempt *at = d->nattempts < ARRAY_LEN(d->attempts) ? &d->attempts[d->nattempts++] : NULL;
    struct err why = *e;

    ed->x = NULL;
    session_health(ed->t->s, ed->target, r, e);
    if (at) {
        *at = (struct decision_attempt){.target = ed->t->s->config->targets[ed->target].name, .err_code = e->code,
                                        .first_us = r->first_us, .total_us = r->total_us, .confidence = -1,
                                        .request_bytes = r->request_bytes, .answer_bytes = ed->answer.n,
                                        .tokens_in = r->tokens[0] + r->tokens[1] + r->tokens[2], .tokens_out = r->tokens[3]};
        snprintf(at->words, sizeof at->words, "%.159s", e->code ? e->text : "");
    }
    if (!e->code && r->end == EXCHANGE_WHOLE && r->stop != SY_STOP_LENGTH)
        edit_deliver(ed);
    else if (e->code && ed->answer.n == 0 && err_may_try_other(e->code))
        edit_step(ed, &why);
    else
        edit_fail_code(ed, e->code ? e->code : ERR_TOO_BIG, e->code ? e->text : "the answer was too long and was cut off");
}

static const struct exchange_handler EDIT_HANDLER = {edit_event, edit_done};

static struct sy_str sy(struct str s)
{
    return (struct sy_str){s.p, s.n};
}

static int edit_ask(struct edit *ed, struct err *e)
{
    struct session *s = ed->t->s;
    const struct config_target *t = &s->config->targets[ed->target];
    struct provider *p = session_provider(s, t->provider, e);
    struct sy_msg msg = {.role = SY_ROLE_USER, .text = sy(buf_str(&ed->question))};
    struct sy_request req = {.size = sizeof req, .kind = SY_REQ_CHAT, .model = sy(str_c(t->model)),
                             .system = {SYSTEM, sizeof SYSTEM - 1}, .msg = &msg, .nmsg = 1, .msg_stride = sizeof msg,
                             .extra_stride = sizeof(struct sy_file), .params = sy(str_c(t->params)),
                             .temperature_milli = t->temperature_milli,
                             .max_tokens = t->max_tokens ? t->max_tokens : MAX_ANSWER_TOKENS,
                             .timeout_ms = t->timeout_ms ? t->timeout_ms : FIRST_BYTE_MS};

    if (!p)
        return e->code;
    ed->x = exchange_start(p, &req, &EDIT_HANDLER, ed, e);
    if (!ed->x)
        return e->code;
    session_asking(s, ed->target);
    return 0;
}

/* Tries the next candidate; `why` is what to say if there is none. */
static void edit_step(struct edit *ed, struct err *why)
{
    struct task *t = ed->t;
    const struct route_choice *choice = &t->decision->choice;

    while (t->candidate < choice->nkept && t->candidate < MAX_ATTEMPTS) {
        struct err e = {0};

        ed->target = choice->c[t->candidate++].target;
        task_set_state(t, TASK_ASKING);
        if (edit_ask(ed, &e) >= 0)
            return;
        err_clear(why);
        *why = e;
    }
    edit_answer(ed, NULL, why);
}

static void no_target(struct session *s, const struct decision *d, struct err *e)
{
    AUTO_FREE char *dir = fs_xdg(FS_CONFIG);

    if (d->choice.n > 0)
        err_set(e, ERR_UNSUPPORTED, "no target can edit now: '%s' %s", d->names[0], route_drop_text(d->choice.c[0].drop));
    else if (s->config->path)
        err_set(e, ERR_UNSUPPORTED, "no larger model is configured for 'edit': add a target of tier \"large\" to %s",
                s->config->path);
    else
        err_set(e, ERR_UNSUPPORTED,
                "no larger model is configured for 'edit': write %s/config.json with a target of tier \"large\"",
                dir ? dir : "~/.config/switchyard");
}

static void build_question(struct edit *ed, const struct edit_params *p)
{
    struct document *d = ed->t->doc;
    struct str path = session_path(ed->t->s, d);
    size_t from = ed->start > AROUND_BYTES ? ed->start - AROUND_BYTES : 0;
    size_t to = MIN(ed->end + AROUND_BYTES, rope_bytes(d->rope));

    from = from ? rope_line_start(d->rope, rope_line_of(d->rope, from) + 1) : 0;
    if (from > ed->start)
        from = ed->start;
    buf_init(&ed->question, 4 * (2 * AROUND_BYTES + MAX_RANGE_BYTES) + p->instruction.n);
    buf_addf(&ed->question, "Instruction: " STR_FMT "\n\nFile: " STR_FMT " (%s)\n\n", STR_ARG(p->instruction), STR_ARG(path),
             d->lang->id);
    rope_copy(d->rope, from, ed->start, &ed->question);
    buf_adds(&ed->question, "<<<BEGIN>>>");
    rope_copy(d->rope, ed->start, ed->end, &ed->question);
    buf_adds(&ed->question, "<<<END>>>");
    rope_copy(d->rope, ed->end, to, &ed->question);
    if (!utf8_valid(buf_str(&ed->question))) {
        struct buf raw = ed->question;

        buf_init(&ed->question, 3 * raw.n + 1);
        utf8_repair(buf_str(&raw), &ed->question);
        buf_fini(&raw);
    }
}

/* The function or block around the caret. A caret before the first character of a line means what begins there. */
static struct span unit_around(struct edit *ed, size_t at)
{
    struct document *d = ed->t->doc;
    struct site site;

    session_site(ed->t->s, d, at, &site);
    if (site.function.end == site.function.start) {
        while (rope_byte(d->rope, at) == ' ' || rope_byte(d->rope, at) == '\t')
            at++;
        session_site(ed->t->s, d, at + (rope_byte(d->rope, at) > ' '), &site);
    }
    return site.function.end > site.function.start ? site.function : site.block;
}

/* An empty range means what is around the caret. */
static int find_range(struct edit *ed, struct err *e)
{
    struct span around;

    if (ed->end < ed->start) {
        size_t start = ed->end;

        ed->end = ed->start;
        ed->start = start;
    }
    if (ed->start == ed->end) {
        around = unit_around(ed, ed->start);
        ed->start = around.start;
        ed->end = around.end;
    }
    if (ed->start == ed->end)
        return err_set(e, ERR_INVALID, "nothing is selected and there is no function around the caret");
    if (ed->end - ed->start > MAX_RANGE_BYTES)
        return err_set(e, ERR_TOO_BIG, "the range has %zu bytes, more than the %u that one edit takes", ed->end - ed->start,
                       MAX_RANGE_BYTES);
    return 0;
}

uint64_t session_edit(struct session *s, const struct edit_params *p, edit_fn fn, void *ctx)
{
    struct document *d = documents_get(s->docs, p->uri);
    struct err e = {0};
    struct edit *ed;
    uint64_t handle;

    if (s->closing || !d) {
        if (s->closing)
            err_set(&e, ERR_CANCELLED, "the program is ending");
        else
            err_set(&e, ERR_INVALID, "%s is not open", p->uri);
        fn(ctx, NULL, &e);
        return 0;
    }
    ed = mem_zalloc(sizeof *ed);
    ed->t = task_new(s, TASK_EDIT, d);
    ed->t->own = ed;
    ed->t->fail = edit_fail;
    ed->t->release = edit_release;
    handle = ed->t->handle;
    ed->enc = p->enc;
    ed->fn = fn;
    ed->ctx = ctx;
    ed->revision = d->revision;
    ed->version = d->version;
    ed->start = pos_to_byte(d->rope, p->enc, p->start);
    ed->end = pos_to_byte(d->rope, p->enc, p->end);
    buf_init(&ed->question, 0);
    buf_init(&ed->answer, MAX_REPLY_TEXT_BYTES);
    if (s->config->routes[TASK_EDIT].ntargets == 0)
        no_target(s, ed->t->decision, &e);
    else
        find_range(ed, &e);
    if (e.code) {
        edit_answer(ed, NULL, &e);
        return 0;
    }
    build_question(ed, p);
    struct pos at = pos_of_byte(d->rope, POS_UTF8, ed->start);
    ed->t->decision->line = at.line;
    ed->t->decision->col8 = at.col;
    ed->t->decision->invoked = true;
    session_route(s, TASK_EDIT, SY_CAP_CHAT, (uint32_t)(ed->question.n / 3), (uint32_t)((ed->end - ed->start) / 3 + 64),
                  hash_bytes(2, d->uri, strlen(d->uri)), ed->t->decision);
    no_target(s, ed->t->decision, &e);
    edit_step(ed, &e);
    return task_find(s, handle) ? handle : 0;
}
