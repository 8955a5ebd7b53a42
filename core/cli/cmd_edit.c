/* SPDX-License-Identifier: MIT */
/* `switchyard edit`: an instruction on a range of a file, answered with a diff. Writes no file: `| patch -p1` does. */
#include "core/cli/diff.h"
#include "core/cli/front.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_WAIT_MS 600000

struct range {
    char *path;
    unsigned first, last; /* lines from 1; first 0: the whole file; last 0: the function around `first` */
};

struct edited {
    const struct document *document;
    struct buf text; /* the whole file as it would be */
    char said[512];
    bool done;
    struct err err;
};

static bool parse_line(struct str s, unsigned *ret)
{
    unsigned long long n;

    if (!str_to_u64(s, &n) || !n || n > UINT32_MAX - 1)
        return false;
    *ret = (unsigned)n;
    return true;
}

/* A suffix that is no line range belongs to the file's name. */
static void parse_range(const char *operand, struct range *r)
{
    const char *colon = strrchr(operand, ':'), *dash = colon ? strchr(colon, '-') : NULL;
    bool is_range = false;

    if (colon && dash)
        is_range = parse_line((struct str) {colon + 1, (size_t)(dash - colon - 1)}, &r->first) &&
            parse_line(str_c(dash + 1), &r->last);
    else if (colon)
        is_range = parse_line(str_c(colon + 1), &r->first);
    if (!is_range)
        r->first = r->last = 0;
    r->path = is_range ? mem_strndup(operand, (size_t)(colon - operand)) : mem_strdup(operand);
}

static int check_range(const struct range *r, const struct rope *rope, struct err *e)
{
    size_t lines = rope_lines(rope);

    if (r->last && r->last < r->first)
        return err_set(e, ERR_INVALID, "line %u comes after line %u", r->first, r->last);
    if (MAX(r->first, r->last) > lines)
        return err_set(e, ERR_INVALID, "'%s' ends in line %zu, there is no line %u", r->path, lines, MAX(r->first, r->last));
    return 0;
}

static void on_edited(void *ctx, const struct edit_result *res, const struct err *e)
{
    struct edited *a = ctx;
    const struct rope *rope = a->document->rope;

    a->done = true;
    if (!res) {
        a->err = *e;
        return;
    }
    rope_copy(rope, 0, pos_to_byte(rope, POS_UTF32, res->start), &a->text);
    buf_addstr(&a->text, res->text);
    rope_copy(rope, pos_to_byte(rope, POS_UTF32, res->end), rope_bytes(rope), &a->text);
    (void)snprintf(a->said, sizeof a->said, "target %s, %llu ms, decision %s", res->target,
        (unsigned long long)res->latency_us / 1000, res->decision);
}

static int print_diff(const struct options *o, const char *path, struct str before, const struct edited *a, struct err *e)
{
    AUTO_BUF struct buf out = {0};
    int r;

    buf_init(&out, MAX_CLI_OUTPUT_BYTES * 2);
    if (a->text.overflow)
        return err_set(e, ERR_TOO_BIG, "the edited file would be larger than %zu bytes", a->text.max);
    diff_write(&out, path, before, buf_str(&a->text));
    r = output_write(buf_str(&out), e);
    if (r < 0)
        return r;
    if (o->verbose)
        output_error(a->said);
    if (out.n)
        return 0;
    output_error("the answer changes nothing");
    return EXIT_NOTHING;
}

/* A caret on line `n` (from 0): in its text, not at its edge, so that the first line of a function is inside it. */
static struct pos caret_on(const struct rope *rope, unsigned n)
{
    AUTO_BUF struct buf line = {0};
    size_t start = rope_line_start(rope, n), end = rope_line_end(rope, n), indent = 0;

    buf_init(&line, MAX_DOCUMENT_BYTES);
    rope_copy(rope, start, end, &line);
    while (indent < line.n && strchr(" \t", line.p[indent]))
        indent++;
    return pos_of_byte(rope, POS_UTF32, start + indent + (line.n - indent > 2));
}

static int edit(struct front *f, const struct options *o, const struct range *range, struct str text, struct err *e)
{
    struct edited a = {0};
    struct edit_params p = {.enc = POS_UTF32, .instruction = str_c(o->message)};
    AUTO_FREE char *uri = NULL;
    const struct rope *rope;
    uint64_t handle;
    int r = front_open(f, range->path, o->workspace, text, &uri, e);

    if (r < 0)
        return r;
    a.document = session_document(f->session, uri);
    rope = a.document->rope;
    r = check_range(range, rope, e);
    if (r < 0)
        return r;
    p.uri = uri;
    if (range->last) {
        p.start.line = range->first - 1;
        p.end = pos_of_byte(rope, POS_UTF32, rope_line_end(rope, range->last - 1));
    } else if (range->first) {
        p.start = p.end = caret_on(rope, range->first - 1);
    } else {
        p.end = pos_of_byte(rope, POS_UTF32, rope_bytes(rope));
    }
    buf_init(&a.text, MAX_DOCUMENT_BYTES);
    handle = session_edit(f->session, &p, on_edited, &a);
    r = front_wait(f, &a.done, ANSWER_WAIT_MS, "the edit", e);
    if (r < 0 && !a.done)
        session_cancel(f->session, handle);
    if (r == 0 && a.err.code)
        r = (*e = a.err).code;
    if (r == 0)
        r = print_diff(o, range->path, text, &a, e);
    buf_fini(&a.text);
    return r;
}

int cmd_edit(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf text = {0};
    struct front f = {0};
    struct range range = {0};
    int r;

    buf_init(&text, MAX_DOCUMENT_BYTES);
    if (!o->message)
        return err_set(e, ERR_INVALID, "'edit' needs an instruction: -m TEXT");
    parse_range(o->operand, &range);
    r = strcmp(range.path, "-") == 0 ? err_set(e, ERR_INVALID, "'edit' needs a file, not standard input")
                                     : front_read(range.path, &text, e);
    if (r == 0)
        r = front_init(&f, o, e);
    if (r == 0) {
        front_warn(&f);
        r = edit(&f, o, &range, buf_str(&text), e);
    }
    front_fini(&f);
    free(range.path);
    return r;
}
