/* SPDX-License-Identifier: MIT */
/* `switchyard complete`: one completion at one place of a file, through the same session that an editor uses.
 * Counts lines and characters from 1 for people; everything below counts from 0. */
#include "core/cli/front.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_WAIT_MS 30000
#define MAX_COUNT 20

struct place {
    char *path;      /* "-": standard input */
    unsigned line, column; /* from 1; 0: the end of the file */
};

struct answer {
    const struct options *o;
    const char *path;
    struct place *place;
    const struct document *document;
    struct buf out;
    bool done, found;
    char said[512];  /* for --verbose, or why there is nothing */
    struct err err;
};

/* Takes ":NUMBER" off the end of [s, *end). */
static bool take_number(const char *s, size_t *end, unsigned *ret)
{
    unsigned long long n;
    size_t at = *end;

    while (at && s[at - 1] != ':')
        at--;
    if (at < 2 || !str_to_u64((struct str) {s + at, *end - at}, &n) || !n || n > UINT32_MAX - 1)
        return false;
    *end = at - 1;
    *ret = (unsigned)n;
    return true;
}

static int parse_place(const struct options *o, struct place *p, struct err *e)
{
    size_t end = strlen(o->operand);

    if (!o->at_end && (!take_number(o->operand, &end, &p->column) || !take_number(o->operand, &end, &p->line)))
        return err_set(e, ERR_INVALID, "'%s' is not FILE:LINE:COLUMN, counted from 1", o->operand);
    p->path = mem_strndup(o->operand, end);
    if (o->as && strcmp(p->path, "-") != 0)
        return err_set(e, ERR_INVALID, "'--as' goes with '-' as FILE");
    return 0;
}

static int parse_count(const struct options *o, unsigned *ret, struct err *e)
{
    unsigned long long n = o->all ? 5 : 1;

    if (o->count && (!str_to_u64(str_c(o->count), &n) || n < 1 || n > MAX_COUNT))
        return err_set(e, ERR_INVALID, "'--count %s' is not a number from 1 to %d", o->count, MAX_COUNT);
    *ret = (unsigned)n;
    return 0;
}

/* A clamped position would complete somewhere else than the user said, so places outside the text are refused. */
static int find_place(const struct document *d, struct place *p, struct err *e)
{
    size_t lines = rope_lines(d->rope), start, end;
    struct pos last;

    if (!p->line) {
        last = pos_of_byte(d->rope, POS_UTF32, rope_bytes(d->rope));
        p->line = last.line + 1;
        p->column = last.col + 1;
        return 0;
    }
    if (p->line > lines)
        return err_set(e, ERR_INVALID, "'%s' ends in line %zu, there is no line %u", p->path, lines, p->line);
    start = rope_line_start(d->rope, p->line - 1);
    end = rope_line_end(d->rope, p->line - 1);
    last = pos_of_byte(d->rope, POS_UTF32, end);
    if (p->column > last.col + 1)
        return err_set(e, ERR_INVALID, "line %u of '%s' has %u character%s, there is no column %u", p->line, p->path,
            start == end ? 0 : last.col, last.col == 1 ? "" : "s", p->column);
    return 0;
}

/* The item's text from the caret on: what it repeats of the line before the caret is left out. */
static struct str from_caret(const struct answer *a, const struct complete_item *item)
{
    struct pos caret = {a->place->line - 1, a->place->column - 1};
    size_t at = pos_to_byte(a->document->rope, POS_UTF32, item->start);
    size_t end = pos_to_byte(a->document->rope, POS_UTF32, caret);
    AUTO_BUF struct buf before = {0};

    if (at >= end)
        return item->text;
    buf_init(&before, MAX_DOCUMENT_BYTES);
    rope_copy(a->document->rope, at, end, &before);
    return str_starts(item->text, buf_str(&before)) ? str_sub(item->text, before.n, item->text.n) : item->text;
}

static void add_text(struct answer *a, const struct complete_result *res)
{
    for (size_t i = 0; i < res->nitems; i++) {
        const struct complete_item *item = &res->items[i];
        struct str text = from_caret(a, item);

        if (a->o->all || a->o->count)
            buf_addf(&a->out, "%s[%zu] %s, %.0f %%%s\n", style(STYLE_DIM), i + 1, item->target,
                item->confidence < 0 ? 0 : item->confidence * 100, style(STYLE_NONE));
        output_add(&a->out, text);
        if (!str_ends(text, STR("\n")))
            buf_addc(&a->out, '\n');
    }
}

static void add_json_pos(struct buf *out, const char *key, struct pos p)
{
    buf_addf(out, "\"%s\":{\"line\":%u,\"column\":%u}", key, p.line + 1, p.col + 1);
}

static void add_json(struct answer *a, const struct complete_result *res)
{
    struct buf *out = &a->out;

    buf_addc(out, '{');
    json_add(out, "file", str_c(a->path));
    buf_addf(out, ",\"line\":%u,\"column\":%u,\"items\":[", a->place->line, a->place->column);
    for (size_t i = 0; i < res->nitems; i++) {
        const struct complete_item *item = &res->items[i];

        buf_adds(out, i ? ",{" : "{");
        json_add(out, "text", item->text);
        buf_addc(out, ',');
        add_json_pos(out, "start", item->start);
        buf_addc(out, ',');
        add_json_pos(out, "end", item->end);
        buf_addc(out, ',');
        json_add(out, "target", str_c(item->target));
        if (item->confidence >= 0)
            buf_addf(out, ",\"confidence\":%.4f", item->confidence);
        buf_addc(out, '}');
    }
    buf_adds(out, "],");
    json_add(out, "reason", str_c(res->reason));
    buf_addc(out, ',');
    json_add(out, "decision", str_c(res->decision));
    buf_addf(out, ",\"latency_us\":%llu}\n", (unsigned long long)res->latency_us);
}

/* complete_fn: everything is borrowed for the call, so the output is made here. */
static void on_answer(void *ctx, const struct complete_result *res, const struct err *e)
{
    struct answer *a = ctx;
    const char *why = res->reason && *res->reason ? res->reason : "nothing to suggest here";

    a->done = true;
    if (e && e->code) {
        a->err = *e;
        return;
    }
    a->found = res->nitems > 0;
    if (a->o->json)
        add_json(a, res);
    else
        add_text(a, res);
    if (!a->found)
        (void)snprintf(a->said, sizeof a->said, "%s", why);
    else if (a->o->verbose && res->items[0].confidence >= 0)
        (void)snprintf(a->said, sizeof a->said, "target %s, confidence %.0f %%, %llu us, decision %s", res->items[0].target,
            res->items[0].confidence * 100, (unsigned long long)res->latency_us, res->decision);
    else if (a->o->verbose)
        (void)snprintf(a->said, sizeof a->said, "target %s, %llu us, decision %s", res->items[0].target,
            (unsigned long long)res->latency_us, res->decision);
}

static int ask(struct front *f, struct answer *a, const char *uri, unsigned count, struct err *e)
{
    struct complete_params p = {
        .uri = uri,
        .enc = POS_UTF32,
        .pos = {a->place->line - 1, a->place->column - 1},
        .trigger = COMPLETE_INVOKED,
        .max_items = count,
    };
    uint64_t handle = session_complete(f->session, &p, on_answer, a);
    int r = front_wait(f, &a->done, ANSWER_WAIT_MS, "the completion", e);

    if (r < 0) {
        if (!a->done)
            session_cancel(f->session, handle);
        return r;
    }
    if (a->err.code) {
        *e = a->err;
        return e->code;
    }
    r = output_write(buf_str(&a->out), e);
    if (r < 0)
        return r;
    if (*a->said)
        output_error(a->said);
    return a->found ? 0 : EXIT_NOTHING;
}

static int complete(struct front *f, struct place *p, struct answer *a, struct str text, unsigned count, struct err *e)
{
    AUTO_FREE char *uri = NULL;
    int r;

    front_warn(f);
    r = front_open(f, a->path, a->o->workspace, text, &uri, e);
    if (r < 0)
        return r;
    a->document = session_document(f->session, uri);
    r = find_place(a->document, p, e);
    return r < 0 ? r : ask(f, a, uri, count, e);
}

int cmd_complete(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf text = {0};
    struct front f = {0};
    struct place p = {0};
    struct answer a = {.o = o, .place = &p};
    unsigned count = 1;
    int r;

    buf_init(&text, MAX_DOCUMENT_BYTES);
    buf_init(&a.out, MAX_CLI_OUTPUT_BYTES);
    r = parse_count(o, &count, e);
    if (r == 0)
        r = parse_place(o, &p, e);
    if (r == 0)
        r = front_read(p.path, &text, e);
    a.path = o->as ? o->as : p.path;
    if (r == 0)
        r = front_init(&f, o, e);
    if (r == 0)
        r = complete(&f, &p, &a, buf_str(&text), count, e);
    front_fini(&f);
    buf_fini(&a.out);
    free(p.path);
    return r;
}
