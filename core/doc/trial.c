/* SPDX-License-Identifier: MIT */
/* Trying a text out: splice, parse, compare.
 *
 * Does not know where the text came from or what becomes of it. Surprising: errors are counted to the end of what is
 * parsed, because an unclosed brace shows far below the place that is to blame. */
#include "core/doc/trial.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/doc/grammar.h"
#include "core/doc/query.h"
#include "core/doc/syntax_priv.h"

#define LINES_BEFORE 3
#define MAX_ERRORS 1000
#define MAX_BODY 64 /* statements that one text may put into an empty block */

struct trial {
    const struct syntax *s;
    struct rope *text;
    struct syntax_job *job;
    size_t start, n;       /* the inserted text */
    size_t before, after;  /* errors */
};

static size_t lines_up(const struct rope *text, size_t at, size_t lines)
{
    size_t line = rope_line_of(text, at);

    return rope_line_start(text, line > lines ? line - lines : 0);
}

struct trial *trial_new(struct syntax *s, size_t start, size_t end, struct str text, uint64_t budget_us)
{
    uint64_t deadline = clock_us() + budget_us, now;
    struct trial *t;
    struct span window, tail = { 0, SIZE_MAX };
    TSInputEdit edit;
    TSTree *old;

    if (start > end || end > rope_bytes(s->text) || syntax_update(s, start, budget_us / 2) != 0)
        return NULL;
    window = s->window;
    if (start < window.start || end > window.end)
        return NULL;
    t = mem_zalloc(sizeof *t);
    t->s = s;
    t->start = start;
    t->n = text.n;
    t->text = rope_edit(s->text, start, end, text);
    edit = syntax_input_edit(s->text, t->text, start, end, start + text.n);
    old = ts_tree_copy(syntax_tree(s));
    ts_tree_edit(old, &edit);
    if (window.end != SIZE_MAX)
        window.end = window.end - (end - start) + text.n;
    t->job = syntax_job_new(s->grammar, t->text, old, window);
    ts_tree_delete(old);
    now = clock_us();
    if (syntax_job_run(t->job, now < deadline ? deadline - now : 0, NULL) != 0) {
        trial_free(t);
        return NULL;
    }
    tail.start = lines_up(s->text, start, LINES_BEFORE);
    t->before = syntax_node_errors(ts_tree_root_node(syntax_tree(s)), tail, MAX_ERRORS);
    t->after = syntax_node_errors(ts_tree_root_node(syntax_job_result(t->job)), tail, MAX_ERRORS);
    return t;
}

void trial_free(struct trial *t)
{
    if (!t)
        return;
    syntax_job_free(t->job);
    rope_unref(t->text);
    free(t);
}

size_t trial_errors_before(const struct trial *t)
{
    return t->before;
}

size_t trial_errors_after(const struct trial *t)
{
    return t->after;
}

/* Units */

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct list_probe {
    uint32_t start, end;
    bool is_block;
};

static void list_found(void *ctx, const struct query_match *m)
{
    struct list_probe *p = ctx;
    size_t i;

    for (i = 0; i < m->n; i++)
        if (m->capture[i] == CAP_BLOCK && ts_node_start_byte(m->node[i]) == p->start && ts_node_end_byte(m->node[i]) == p->end)
            p->is_block = true;
}

/* A bare list of statements (Python's block, Go's statement_list): it begins where its first member does. */
static bool is_list(const struct trial *t, TSNode node)
{
    struct list_probe probe = { ts_node_start_byte(node), ts_node_end_byte(node), false };
    struct query_run run = { .q = t->s->grammar->blocks, .rope = t->text, .focus = probe.start, .steps = 1000,
        .found = list_found, .ctx = &probe };
    TSNode child = ts_node_named_child(node, 0);

    if (ts_node_is_null(child) || ts_node_start_byte(child) != probe.start)
        return false;
    query_at(&run, node);
    return probe.is_block;
}

/* The first byte of the text if something stands on its first line, else the last byte before it on that line. */
static size_t reference(const struct trial *t)
{
    size_t i, at;

    for (i = t->start; i < t->start + t->n; i++)
        if (!is_blank(rope_byte(t->text, i)))
            break;
    if (i < t->start + t->n && rope_byte(t->text, i) != '\n')
        return i;
    for (at = t->start; at > 0 && is_blank(rope_byte(t->text, at - 1)); at--)
        ;
    return at ? at - 1 : 0;
}

/* The outermost named node that begins on the first line of the text and holds byte `at`; its end, or 0. */
static size_t unit_end(const struct trial *t, size_t at)
{
    size_t line = rope_line_start(t->text, rope_line_of(t->text, t->start)), text_end = t->start + t->n, end = 0;
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(syntax_job_result(t->job)));
    unsigned depth = 0;
    TSNode node;

    while (depth++ < SYNTAX_MAX_DEPTH && ts_tree_cursor_goto_first_child_for_byte(&cursor, (uint32_t)at) >= 0) {
        node = ts_tree_cursor_current_node(&cursor);
        if (ts_node_start_byte(node) > at)
            break;
        if (!ts_node_is_named(node) || ts_node_start_byte(node) < line)
            continue;
        if (ts_node_is_error(node)) /* no telling where it would end */
            break;
        /* All of the list may be new (the body of an empty function); what was there before is no part of the unit. */
        if (is_list(t, node) && (ts_node_start_byte(node) < t->start || ts_node_end_byte(node) > text_end))
            continue;
        end = ts_node_end_byte(node);
        break;
    }
    ts_tree_cursor_delete(&cursor);
    return end;
}

struct body_probe {
    size_t at;
    TSNode block;
};

static void body_found(void *ctx, const struct query_match *m)
{
    struct body_probe *p = ctx;
    size_t i;

    for (i = 0; i < m->n; i++)
        if (m->capture[i] == CAP_BLOCK && ts_node_start_byte(m->node[i]) < p->at && ts_node_end_byte(m->node[i]) > p->at)
            p->block = m->node[i];
}

/* Where the text fills a block that had nothing in it, all that it put there is the unit. The end of that, or 0. */
static size_t body_end(const struct trial *t)
{
    struct body_probe p = { .at = t->start };
    struct path path;
    size_t end = 0;
    uint32_t n, i;
    TSNode child;

    syntax_path(syntax_job_result(t->job), t->start, &path);
    syntax_match(&path, t->text, t->s->grammar->blocks, &p, body_found);
    n = ts_node_is_null(p.block) ? 0 : ts_node_named_child_count(p.block);
    if (n > MAX_BODY)
        return 0;
    for (i = 0; i < n; i++) {
        child = ts_node_named_child(p.block, i);
        if (ts_node_start_byte(child) < t->start) {
            if (!ts_node_is_extra(child) || ts_node_is_error(child))
                return 0;
        } else if (ts_node_end_byte(child) > t->start + t->n) {
            return 0;
        } else {
            end = ts_node_end_byte(child);
        }
    }
    return end;
}

size_t trial_unit(const struct trial *t)
{
    size_t at = reference(t), line = rope_line_start(t->text, rope_line_of(t->text, t->start)), end = 0, i;

    for (i = line; i < t->start && is_blank(rope_byte(t->text, i)); i++)
        ;
    if (i == t->start)
        end = body_end(t);
    if (!end)
        end = unit_end(t, at);
    if (end <= t->start)
        return 0;
    return MIN(end, t->start + t->n) - t->start;
}
