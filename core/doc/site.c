/* SPDX-License-Identifier: MIT */
/* What the caret is in: a walk from the root of the tree to the caret, and the lexical answer where there is no tree.
 *
 * Does not change the tree. Surprising: in languages without closing tokens a caret behind the last statement is outside
 * of every node, so there the column decides which blocks around the text before the caret still hold it. */
#include "core/doc/grammar.h"
#include "core/doc/query.h"
#include "core/doc/syntax_priv.h"

#include <string.h>

#define MAX_LINE ((size_t)2000)       /* of the caret's line, looked at */
#define MAX_BLANKS ((size_t)4000)     /* between the caret and the text before it */
#define MATCH_STEPS 20000u            /* of matching, for one question */

/* Where the caret is, for questions about what is around it. */
struct caret {
    const struct syntax *s;
    size_t at;
    size_t behind;  /* the text before the caret ends here; == at unless `column` counts */
    size_t column;  /* NO_COLUMN, or the caret's: only blanks stand before it on its line, and indentation matters */
};
#define NO_COLUMN SIZE_MAX

/* The bytes [from, to) of a text, at most MAX_LINE of them, for the life of the buffer. */
static struct str copy_range(const struct rope *text, size_t from, size_t to, struct buf *b)
{
    rope_copy(text, from, to, b);
    return buf_str(b);
}

static size_t line_begin(const struct rope *text, size_t at)
{
    size_t start = rope_line_start(text, rope_line_of(text, at));

    return at - start > MAX_LINE ? at - MAX_LINE : start;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* The end of the last thing before `at` that is not blank. */
static size_t skip_back(const struct rope *text, size_t at)
{
    size_t stop = at > MAX_BLANKS ? at - MAX_BLANKS : 0;

    while (at > stop && is_blank(rope_byte(text, at - 1)))
        at--;
    return at;
}

static void caret_init(struct caret *c, const struct syntax *s, size_t at)
{
    size_t start, i;

    *c = (struct caret){ s, at, at, NO_COLUMN };
    if (s->lang->blocks != LANG_INDENT)
        return;
    start = line_begin(s->text, at);
    for (i = start; i < at; i++)
        if (!is_blank(rope_byte(s->text, i)))
            return;
    c->column = at - start;
    c->behind = skip_back(s->text, at);
}

/* Does a function, class or block hold the caret? */
static bool holds(const struct caret *c, TSNode node, bool is_block)
{
    size_t start = ts_node_start_byte(node), end = ts_node_end_byte(node), column;

    if (c->column != NO_COLUMN && end <= c->at) {
        column = ts_node_start_point(node).column;
        return start < c->behind && (column < c->column || (is_block && column == c->column));
    }
    if (start < c->at && c->at < end)
        return true;
    return start < c->at && c->at == end && c->s->lang->blocks != LANG_BRACES && c->s->lang->blocks != LANG_END;
}

void syntax_path(const TSTree *tree, size_t at, struct path *ret)
{
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    TSNode node;

    ret->focus = at ? at - 1 : 0;
    ret->n = 0;
    do {
        node = ts_tree_cursor_current_node(&cursor);
        if (ts_node_start_byte(node) > ret->focus)
            break;
        ret->node[ret->n++] = node;
    } while (ret->n < SYNTAX_MAX_DEPTH && ts_tree_cursor_goto_first_child_for_byte(&cursor, (uint32_t)ret->focus) >= 0);
    ts_tree_cursor_delete(&cursor);
}

void syntax_match(const struct path *p, const struct rope *text, const struct query *q, void *ctx,
    void (*found)(void *ctx, const struct query_match *m))
{
    struct query_run run = { .q = q, .rope = text, .focus = p->focus, .steps = MATCH_STEPS, .found = found, .ctx = ctx };
    size_t i;

    for (i = 0; i < p->n; i++)
        query_at(&run, p->node[i]);
}

static struct span span_of(TSNode node)
{
    return (struct span){ ts_node_start_byte(node), ts_node_end_byte(node) };
}

/* Scope */

struct scope_walk {
    const struct syntax *s;
    size_t at;
    enum lang_scope scope;
};

static bool ends_with(const struct rope *text, size_t end, const char *token)
{
    size_t n = token ? strlen(token) : 0, i;

    if (!n || n > end)
        return false;
    for (i = 0; i < n; i++)
        if (rope_byte(text, end - n + i) != (unsigned char)token[i])
            return false;
    return true;
}

static bool is_open_string(TSNode node)
{
    uint32_t n = ts_node_child_count(node);

    return n && ts_node_is_missing(ts_node_child(node, n - 1));
}

/* A caret at the end of a comment is in it unless the comment has an end of its own; at the end of a string it is not. */
static bool scope_holds(const struct scope_walk *w, TSNode node, enum capture c)
{
    size_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
    int last;

    if (c == CAP_TEXT)
        return start <= w->at && w->at <= end;
    if (start >= w->at || w->at > end)
        return false;
    if (w->at < end)
        return true;
    last = rope_byte(w->s->text, end - 1);
    if (c == CAP_COMMENT)
        return last != '\n' && !ends_with(w->s->text, end, w->s->lang->block_close);
    if (c == CAP_CODE) /* some grammars leave the closing token of an interpolation to the string */
        return last != '}' && last != ')';
    return is_open_string(node);
}

static void scope_found(void *ctx, const struct query_match *m)
{
    struct scope_walk *w = ctx;
    size_t i;

    for (i = 0; i < m->n; i++) {
        if (!scope_holds(w, m->node[i], m->capture[i]))
            continue;
        w->scope = m->capture[i] == CAP_COMMENT ? LANG_COMMENT
            : m->capture[i] == CAP_STRING       ? LANG_STRING
            : m->capture[i] == CAP_TEXT         ? LANG_TEXT
                                                : LANG_CODE;
    }
}

/* Blocks */

struct block_walk {
    struct caret caret;
    struct site *site;
    TSNode block;
};

static void block_found(void *ctx, const struct query_match *m)
{
    struct block_walk *w = ctx;
    size_t i;

    for (i = 0; i < m->n; i++) {
        if (!holds(&w->caret, m->node[i], m->capture[i] == CAP_BLOCK))
            continue;
        if (m->capture[i] == CAP_BLOCK) {
            w->block = m->node[i];
            w->site->block = span_of(m->node[i]);
        } else if (m->capture[i] == CAP_FUNCTION) {
            w->site->function = span_of(m->node[i]);
        } else {
            w->site->container = span_of(m->node[i]);
        }
    }
}

/* Nothing but comments inside? Whoever types the first statement of a block sees it as empty too. */
static bool is_empty_block(TSNode block)
{
    uint32_t n = ts_node_named_child_count(block), i;
    TSNode child;

    if (n > 32)
        return false;
    for (i = 0; i < n; i++) {
        child = ts_node_named_child(block, i);
        if (!ts_node_is_extra(child) || ts_node_is_error(child))
            return false;
    }
    return true;
}

/* The smallest named node around the caret, and whether something on its line up to the caret, or around that, is broken. */
static void look_at_path(const struct path *p, const struct rope *text, size_t at, struct site *ret)
{
    struct span line = { line_begin(text, at), at };
    size_t i, whole = 0;

    for (i = 0; i < p->n; i++) {
        if (at > ts_node_end_byte(p->node[i]))
            continue;
        if (ts_node_start_byte(p->node[i]) <= line.start)
            whole = i;
        ret->in_error = ret->in_error || ts_node_is_error(p->node[i]);
        if (ts_node_is_named(p->node[i]))
            ret->node = span_of(p->node[i]);
    }
    if (!ret->in_error && p->n)
        ret->in_error = syntax_node_errors(p->node[whole], line, 1) > 0;
}

/* Only what would close something, or nothing, follows on the caret's line. */
static bool rest_is_closers(const struct rope *text, size_t at)
{
    size_t i;
    int c;

    for (i = at; i < at + 64; i++) {
        c = rope_byte(text, i);
        if (c < 0 || c == '\n' || c == '\r')
            return true;
        if (!memchr(" \t)]};,", c, 7))
            return false;
    }
    return false;
}

static size_t indentation(struct str line)
{
    size_t n = 0;

    while (n < line.n && is_blank((unsigned char)line.p[n]))
        n++;
    return n;
}

/* The line that the caret continues: its own if something is on it, else the last one before that has something. */
static bool opens_block(const struct lang *l, const struct rope *text, size_t at)
{
    size_t end = skip_back(text, at), start = line_begin(text, end);
    struct str line;
    struct buf b;
    bool opens;

    if (!rest_is_closers(text, at))
        return false;
    buf_init(&b, MAX_LINE + 1);
    line = copy_range(text, start, end, &b);
    opens = lang_line_opens(l, line);
    /* Where indentation makes the block, a caret that is not indented is behind it. */
    if (opens && l->blocks == LANG_INDENT && line_begin(text, at) != start)
        opens = at - line_begin(text, at) > indentation(line);
    buf_fini(&b);
    return opens;
}

static enum lang_scope line_scope(const struct lang *l, const struct rope *text, size_t at)
{
    enum lang_scope scope;
    struct buf b;

    buf_init(&b, MAX_LINE + 1);
    scope = lang_line_scope(l, copy_range(text, line_begin(text, at), at, &b));
    buf_fini(&b);
    return scope;
}

static bool covers(const struct syntax *s, size_t at)
{
    struct span w = s ? syntax_covers(s) : (struct span){ 0, 0 };

    return s && syntax_tree(s) && w.start <= at && at <= w.end;
}

void syntax_site(const struct syntax *s, const struct lang *l, const struct rope *text, size_t at, struct site *ret)
{
    struct scope_walk scope = { s, at, LANG_CODE };
    struct block_walk blocks = { .site = ret };
    struct path path;

    *ret = (struct site){ .scope = LANG_CODE };
    ret->opens_block = opens_block(l, text, at);
    if (!covers(s, at)) {
        ret->scope = line_scope(l, text, at);
        return;
    }
    ret->from_tree = true;
    syntax_path(syntax_tree(s), at, &path);
    look_at_path(&path, text, at, ret);
    syntax_match(&path, text, s->grammar->scopes, &scope, scope_found);
    ret->scope = scope.scope;
    /* A string that has just been begun is no string to the parser. */
    if (ret->in_error && ret->scope == LANG_CODE)
        ret->scope = line_scope(l, text, at);
    caret_init(&blocks.caret, s, at);
    if (blocks.caret.behind != at)
        syntax_path(syntax_tree(s), blocks.caret.behind, &path);
    syntax_match(&path, text, s->grammar->blocks, &blocks, block_found);
    ret->block_empty = ret->block.end && is_empty_block(blocks.block);
}

/* Enclosing symbols */

struct enclosing_walk {
    struct caret caret;
    struct symbol *out;
    size_t n, cap;
};

bool syntax_symbol_of(const struct query_match *m, struct symbol *ret)
{
    bool named = false, ranged = false;
    size_t i;

    *ret = (struct symbol){ 0 };
    for (i = 0; i < m->n; i++) {
        if (m->capture[i] == CAP_NAME) {
            ret->name = span_of(m->node[i]);
            named = true;
        } else if (m->capture[i] >= CAP_FUNCTION && m->capture[i] <= CAP_SECTION) {
            ret->range = span_of(m->node[i]);
            ret->kind = (enum symbol_kind)(m->capture[i] - CAP_FUNCTION);
            ranged = true;
        }
    }
    return named && ranged;
}

_Static_assert((int)SYMBOL_SECTION == (int)CAP_SECTION - (int)CAP_FUNCTION, "symbol kinds follow the captures");

static void enclosing_found(void *ctx, const struct query_match *m)
{
    struct enclosing_walk *w = ctx;
    struct symbol symbol;
    size_t i;

    if (!syntax_symbol_of(m, &symbol))
        return;
    for (i = 0; i < m->n; i++)
        if (m->capture[i] != CAP_NAME && !holds(&w->caret, m->node[i], false))
            return;
    if (w->n && w->out[w->n - 1].name.start == symbol.name.start) { /* two patterns; anything says more than "variable" */
        if (w->out[w->n - 1].kind == SYMBOL_VARIABLE)
            w->out[w->n - 1].kind = symbol.kind;
        return;
    }
    symbol.depth = w->n ? w->out[w->n - 1].depth + 1 : 0;
    if (w->n == w->cap) {
        memmove(w->out, w->out + 1, (w->cap - 1) * sizeof *w->out);
        w->n--;
    }
    w->out[w->n++] = symbol;
}

size_t syntax_enclosing(const struct syntax *s, size_t at, struct symbol *ret, size_t cap)
{
    struct enclosing_walk w = { .out = ret, .cap = cap };
    struct path path;

    if (!cap || !covers(s, at))
        return 0;
    caret_init(&w.caret, s, at);
    syntax_path(syntax_tree(s), w.caret.behind, &path);
    syntax_match(&path, s->text, s->grammar->symbols, &w, enclosing_found);
    return w.n;
}
