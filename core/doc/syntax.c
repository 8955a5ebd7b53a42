/* SPDX-License-Identifier: MIT */
/* Keeping a tree in step with a text: edits, windows, bounded parses, jobs for other threads.
 *
 * Does not know what the tree is asked for. Surprising: a job that is away keeps its own reference to the text and a
 * shallow copy of the tree, so nothing is locked; what was edited meanwhile is replayed on its result. */
#include "core/doc/syntax_priv.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"

#include <ctype.h>
#include <string.h>

#define WINDOW_MARGIN ((size_t)8 << 10)   /* the caret stays this far from a window's edge */
#define BOUNDARY_ZONE ((size_t)16 << 10)  /* where a window's first line is looked for */
#define WHOLE_SLACK ((size_t)32 << 10)    /* a text that grows is not cut at the first byte too many */

struct syntax_job {
    const struct grammar *grammar;
    struct rope *text;
    struct span window;
    TSParser *parser;
    TSTree *old, *result;
    uint64_t number;
};

static bool is_whole(struct span window)
{
    return window.end == SIZE_MAX;
}

static TSPoint point_at(const struct rope *r, size_t at)
{
    TSPoint p;

    rope_point(r, at, &p.row, &p.column);
    return p;
}

/* Jobs */

/* The rope never cuts a character between two chunks, so neither does this. */
static const char *read_chunk(void *payload, uint32_t at, TSPoint point, uint32_t *ret_n)
{
    struct syntax_job *j = payload;
    size_t n;
    const char *p = rope_chunk(j->text, at, &n);

    (void)point;
    *ret_n = (uint32_t)n;
    return p;
}

struct syntax_job *syntax_job_new(const struct grammar *g, struct rope *text, const TSTree *old, struct span window)
{
    struct syntax_job *j = mem_zalloc(sizeof *j);
    TSRange range;

    j->grammar = g;
    j->text = rope_ref(text);
    j->window = window;
    j->old = old ? ts_tree_copy(old) : NULL;
    j->parser = ts_parser_new();
    ts_parser_set_language(j->parser, g->ts);
    if (!is_whole(window)) {
        range.start_byte = (uint32_t)window.start;
        range.end_byte = (uint32_t)window.end;
        range.start_point = point_at(text, window.start);
        range.end_point = point_at(text, window.end);
        ts_parser_set_included_ranges(j->parser, &range, 1);
    }
    return j;
}

void syntax_job_free(struct syntax_job *j)
{
    if (!j)
        return;
    if (j->parser)
        ts_parser_delete(j->parser);
    if (j->old)
        ts_tree_delete(j->old);
    if (j->result)
        ts_tree_delete(j->result);
    rope_unref(j->text);
    free(j);
}

TSTree *syntax_job_result(struct syntax_job *j)
{
    return j->result;
}

struct bound {
    uint64_t deadline_us;
    const atomic_bool *cancelled;
    bool late;
};

static bool must_stop(TSParseState *state)
{
    struct bound *b = state->payload;

    if (b->cancelled && atomic_load_explicit(b->cancelled, memory_order_relaxed))
        return true;
    b->late = clock_us() >= b->deadline_us;
    return b->late;
}

int syntax_job_run(struct syntax_job *j, uint64_t budget_us, const atomic_bool *cancelled)
{
    struct bound b = { clock_us() + budget_us, cancelled, false };
    TSInput input = { .payload = j, .read = read_chunk, .encoding = TSInputEncodingUTF8 };
    TSParseOptions options = { .payload = &b, .progress_callback = must_stop };

    if (j->result)
        return 0;
    if (!j->parser) /* cancelled before: there is nothing to go on from */
        return ERR_CANCELLED;
    j->result = ts_parser_parse_with_options(j->parser, j->old, input, options);
    if (!j->result && b.late)
        return ERR_TIMEOUT;
    ts_parser_delete(j->parser);
    j->parser = NULL;
    return j->result ? 0 : ERR_CANCELLED;
}

/* Edits */

TSInputEdit syntax_input_edit(const struct rope *before, const struct rope *after, size_t start, size_t old_end,
    size_t new_end)
{
    return (TSInputEdit){
        .start_byte = (uint32_t)start,
        .old_end_byte = (uint32_t)old_end,
        .new_end_byte = (uint32_t)new_end,
        .start_point = point_at(after, start),
        .old_end_point = point_at(before, old_end),
        .new_end_point = point_at(after, new_end),
    };
}

static size_t moved(size_t at, const TSInputEdit *e)
{
    if (at >= e->old_end_byte)
        return at - e->old_end_byte + e->new_end_byte;
    return MIN(at, (size_t)e->start_byte);
}

/* The same rule by which tree-sitter moves the ranges inside a tree. A window whose start was edited away begins in the
 * middle of something: it holds nothing any more. */
static void window_edit(struct span *w, const TSInputEdit *e)
{
    if (is_whole(*w))
        return;
    if (e->start_byte < w->start && w->start < e->old_end_byte)
        *w = (struct span){ 0, 0 };
    else
        *w = (struct span){ moved(w->start, e), moved(w->end, e) };
}

/* Edits of one place that follow each other, as one. Only its first point is known; the others are found when they are
 * needed. */
struct late_edit {
    bool any;
    TSInputEdit e; /* new_end_point is not set */
};

TSTree *syntax_tree(const struct syntax *s)
{
    struct late_edit *late = s->late;

    if (s->tree && late->any) {
        late->e.new_end_point = point_at(s->text, late->e.new_end_byte);
        ts_tree_edit(s->tree, &late->e);
    }
    late->any = false;
    return s->tree;
}

/* True if the edit lies in what the late one has put there, and is part of it now. */
static bool late_takes(struct late_edit *late, size_t start, size_t old_end, size_t new_end)
{
    if (!late->any || start < late->e.start_byte || old_end > late->e.new_end_byte)
        return false;
    late->e.new_end_byte = (uint32_t)(late->e.new_end_byte - old_end + new_end);
    return true;
}

static void late_begin(struct syntax *s, size_t start, size_t old_end, size_t new_end)
{
    (void)syntax_tree(s);
    s->late->any = true;
    s->late->e = (TSInputEdit){ .start_byte = (uint32_t)start, .old_end_byte = (uint32_t)old_end, .new_end_byte = (uint32_t)new_end,
        .start_point = point_at(s->text, start), .old_end_point = point_at(s->text, old_end) };
}

/* A point of the text after `a`, at or behind a's new end, in the text before a. */
static TSPoint point_before(const TSInputEdit *a, TSPoint p)
{
    if (p.row > a->new_end_point.row)
        return (TSPoint){ p.row - a->new_end_point.row + a->old_end_point.row, p.column };
    return (TSPoint){ a->old_end_point.row, p.column - a->new_end_point.column + a->old_end_point.column };
}

/* And the other way round: of the text before `b`, at or behind b's old end. */
static TSPoint point_after(const TSInputEdit *b, TSPoint p)
{
    TSInputEdit turned = *b;

    turned.new_end_point = b->old_end_point;
    turned.old_end_point = b->new_end_point;
    return point_before(&turned, p);
}

/* One edit that does what `a` and then `b` do, over everything in between. */
static TSInputEdit merged(const TSInputEdit *a, const TSInputEdit *b)
{
    TSInputEdit m = a->start_byte <= b->start_byte ? *a : *b;

    if (b->old_end_byte > a->new_end_byte) {
        m.old_end_byte = a->old_end_byte + (b->old_end_byte - a->new_end_byte);
        m.old_end_point = point_before(a, b->old_end_point);
        m.new_end_byte = b->new_end_byte;
        m.new_end_point = b->new_end_point;
    } else {
        m.old_end_byte = a->old_end_byte;
        m.old_end_point = a->old_end_point;
        m.new_end_byte = b->new_end_byte + (a->new_end_byte - b->old_end_byte);
        m.new_end_point = point_after(b, a->new_end_point);
    }
    return m;
}

/* A job that is away wants to hear of every edit. */
static void log_edit(struct syntax *s, const TSInputEdit *e)
{
    if (s->nlog == SYNTAX_MAX_LOG) {
        s->log[SYNTAX_MAX_LOG - 2] = merged(&s->log[SYNTAX_MAX_LOG - 2], &s->log[SYNTAX_MAX_LOG - 1]);
        s->nlog--;
    }
    s->log[s->nlog++] = *e;
}

void syntax_edit(struct syntax *s, struct rope *after, size_t start, size_t old_end, size_t new_end)
{
    TSInputEdit e = { .start_byte = (uint32_t)start, .old_end_byte = (uint32_t)old_end, .new_end_byte = (uint32_t)new_end };

    if (s->away) {
        e = syntax_input_edit(s->text, after, start, old_end, new_end);
        if (syntax_tree(s))
            ts_tree_edit(s->tree, &e);
        log_edit(s, &e);
    } else if (s->tree && !late_takes(s->late, start, old_end, new_end)) {
        late_begin(s, start, old_end, new_end);
    }
    window_edit(&s->window, &e);
    s->fresh = false;
    syntax_job_free(s->job);
    s->job = NULL;
    rope_ref(after);
    rope_unref(s->text);
    s->text = after;
}

/* Windows */

/* What is known of a text that is looked at byte by byte for a good first line. */
struct boundary {
    const struct lang *lang;
    size_t line_start;      /* SIZE_MAX before the first one */
    char first;             /* of the present line */
    bool empty;             /* nothing but blanks on it so far */
    bool after_gap;         /* the line before it was empty or a closing brace */
    size_t best, weak, any;
};

static void boundary_feed(struct boundary *b, size_t at, char c)
{
    if (c == '\n') {
        b->after_gap = b->line_start != SIZE_MAX && (b->empty || b->first == '}');
        b->line_start = at + 1;
        b->any = MIN(b->any, b->line_start);
        b->empty = true;
        b->first = '\0';
        return;
    }
    b->empty = b->empty && isspace((unsigned char)c);
    if (at != b->line_start)
        return;
    b->first = c;
    if (isspace((unsigned char)c) || lang_line_closes(b->lang, (struct str){ &c, 1 }) || memchr("{#*", c, 3))
        return;
    if (b->after_gap)
        b->best = MIN(b->best, at);
    b->weak = MIN(b->weak, at);
}

/* Looks at the lines that begin in [from, to) for one where a definition seems to begin: no blank in front, after a blank
 * line or a closing brace; else any line without a blank in front; else any line. */
static size_t find_boundary(const struct lang *l, const struct rope *text, size_t from, size_t to)
{
    struct boundary b = { l, SIZE_MAX, '\0', true, false, SIZE_MAX, SIZE_MAX, SIZE_MAX };
    size_t at, n, i;
    const char *p;

    for (at = from; at < to && b.best == SIZE_MAX; at += n) {
        p = rope_chunk(text, at, &n);
        if (!n)
            break;
        for (i = 0; i < n && at + i < to; i++)
            boundary_feed(&b, at + i, p[i]);
    }
    if (b.best != SIZE_MAX)
        return b.best;
    if (b.weak != SIZE_MAX)
        return b.weak;
    return b.any != SIZE_MAX ? b.any : from;
}

static struct span choose_window(const struct syntax *s, size_t caret)
{
    size_t n = rope_bytes(s->text), half = SYNTAX_WINDOW_BYTES / 2;
    struct span w = { 0, n };

    if (n <= SYNTAX_WHOLE_BYTES)
        return (struct span){ 0, SIZE_MAX };
    caret = MIN(caret, n);
    if (caret > half)
        w.start = find_boundary(s->lang, s->text, caret - half, caret - half + BOUNDARY_ZONE);
    if (n - w.start > SYNTAX_WINDOW_BYTES) {
        w.end = rope_line_start(s->text, rope_line_of(s->text, w.start + SYNTAX_WINDOW_BYTES));
        if (w.end <= caret) /* one endless line */
            w.end = w.start + SYNTAX_WINDOW_BYTES;
    }
    return w;
}

/* Is `w` still a good choice for this caret? */
static bool window_holds(const struct syntax *s, struct span w, size_t caret)
{
    size_t n = rope_bytes(s->text);

    if (is_whole(w))
        return n <= SYNTAX_WHOLE_BYTES + WHOLE_SLACK;
    if (n <= SYNTAX_WHOLE_BYTES || w.end == 0 || w.end - w.start > 2 * SYNTAX_WINDOW_BYTES)
        return false;
    return (w.start == 0 || caret >= w.start + WINDOW_MARGIN) && (w.end >= n || caret + WINDOW_MARGIN <= w.end);
}

/* The document's tree */

struct syntax *syntax_new(const struct lang *l, const struct grammar *g, struct rope *text)
{
    struct syntax *s = mem_zalloc(sizeof *s);

    s->lang = l;
    s->grammar = g;
    s->text = rope_ref(text);
    s->late = mem_zalloc(sizeof *s->late);
    return s;
}

void syntax_forget(struct syntax *s)
{
    syntax_job_free(s->job);
    s->job = NULL;
    if (s->tree)
        ts_tree_delete(s->tree);
    s->tree = NULL;
    s->late->any = false;
    s->window = (struct span){ 0, 0 };
    s->fresh = false;
}

void syntax_free(struct syntax *s)
{
    if (!s)
        return;
    syntax_forget(s);
    rope_unref(s->text);
    free(s->late);
    free(s);
}

bool syntax_is_fresh(const struct syntax *s, size_t caret)
{
    return s->tree && s->fresh && window_holds(s, s->window, caret);
}

/* Takes over the job's tree; the log says what happened to the text since. */
static void take_result(struct syntax *s, struct syntax_job *j)
{
    size_t i;

    if (s->tree)
        ts_tree_delete(s->tree);
    s->tree = j->result;
    s->late->any = false;
    j->result = NULL;
    s->window = j->window;
    for (i = 0; i < s->nlog; i++) {
        ts_tree_edit(s->tree, &s->log[i]);
        window_edit(&s->window, &s->log[i]);
    }
    s->fresh = s->nlog == 0;
}

int syntax_update(struct syntax *s, size_t caret, uint64_t budget_us)
{
    bool holds = s->tree && window_holds(s, s->window, caret);
    int r;

    if (s->fresh && holds)
        return 0;
    if (s->away)
        return ERR_TIMEOUT;
    if (s->job && !window_holds(s, s->job->window, caret)) {
        syntax_job_free(s->job);
        s->job = NULL;
    }
    if (!s->job) {
        s->job = syntax_job_new(s->grammar, s->text, holds ? syntax_tree(s) : NULL, holds ? s->window : choose_window(s, caret));
        s->job->number = ++s->last_number;
        s->nlog = 0;
    }
    r = syntax_job_run(s->job, budget_us, NULL);
    if (r == 0)
        take_result(s, s->job);
    if (r != ERR_TIMEOUT) {
        syntax_job_free(s->job);
        s->job = NULL;
    }
    return r;
}

struct syntax_job *syntax_take_job(struct syntax *s)
{
    struct syntax_job *j = s->job;

    if (j)
        s->away = j->number;
    s->job = NULL;
    return j;
}

void syntax_adopt(struct syntax *s, struct syntax_job *j)
{
    if (j->number == s->away) {
        if (j->result)
            take_result(s, j);
        s->away = 0;
        s->nlog = 0;
    }
    syntax_job_free(j);
}

struct span syntax_covers(const struct syntax *s)
{
    if (!s->tree)
        return (struct span){ 0, 0 };
    return (struct span){ s->window.start, MIN(s->window.end, rope_bytes(s->text)) };
}

char *syntax_dump(const struct syntax *s)
{
    return s->tree ? ts_node_string(ts_tree_root_node(syntax_tree(s))) : NULL;
}
