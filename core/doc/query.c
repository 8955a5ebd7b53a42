/* SPDX-License-Identifier: MIT */
/* The query notation: reading it into rules, and matching a rule at a node.
 *
 * A rule is its pattern's nodes in preorder ("steps"), each with the index of its parent, so matching is one loop over
 * candidate children per step with backtracking, at most QUERY_MAX_STEPS deep. Does not know what captures mean. */
#include "core/doc/query.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <string.h>

#define MAX_CHILDREN 4096    /* looked at for one step */
#define MAX_STRING 64        /* bytes of a predicate's string */
#define SYM_ERROR 0xffffu    /* tree-sitter's number of ERROR */

struct step {
    uint16_t field;                 /* 0: any */
    uint16_t first_symbol, nsymbols; /* none: any named node, or any at all */
    uint8_t parent, capture;
    bool anonymous_too;
    bool first;    /* must be the first named child: "." stands before it */
    bool at_focus; /* it or one below has a capture that only matters around the caret (any but names) */
};

struct test { /* the text of the node of `step` is one of the strings */
    uint8_t step;
    uint16_t first_string, nstrings;
};

struct rule {
    uint16_t first_step, nsteps, first_test, ntests;
};

struct query {
    const TSLanguage *ts;
    struct step *steps;
    uint16_t *symbols;
    struct test *tests;
    char (*strings)[MAX_STRING];
    struct rule *rules;
    size_t nsteps, step_cap, nsymbols, symbol_cap, ntests, test_cap, nstrings, string_cap, nrules, rule_cap;
    uint16_t *links;      /* pairs (rule, next link + 1) */
    size_t nlinks, link_cap;
    uint16_t *by_symbol;  /* first link + 1; the last one is for ERROR */
    uint32_t nby_symbol;
    size_t dropped;
    char first_dropped[MAX_STRING];
};

/* Reading */

struct reader {
    struct query *q;
    struct str text;
    size_t at;
    const char *path;
    struct err *e;
    size_t first_step; /* of the rule being read */
    bool unknown;      /* it names something that the grammar lacks */
    char private_name[QUERY_MAX_STEPS][MAX_STRING];
};

static const char *const capture_names[] = {
    "",
#define X(id, name) name,
    CAPTURES(X)
#undef X
    "_",
};

const char *capture_name(enum capture c)
{
    return (size_t)c < ARRAY_LEN(capture_names) ? capture_names[c] : "";
}

static int fail(struct reader *r, const char *what)
{
    size_t line = 1, i;

    for (i = 0; i < r->at && i < r->text.n; i++)
        line += r->text.p[i] == '\n';
    return err_set(r->e, ERR_PARSE, "%s:%zu: %s", r->path, line, what);
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->text.n) {
        if (r->text.p[r->at] == ';')
            while (r->at < r->text.n && r->text.p[r->at] != '\n')
                r->at++;
        else if (isspace((unsigned char)r->text.p[r->at]))
            r->at++;
        else
            return;
    }
}

/* The next character that is not blank, or 0. */
static char peek(struct reader *r)
{
    skip_blanks(r);
    return r->at < r->text.n ? r->text.p[r->at] : 0;
}

static struct str read_word(struct reader *r)
{
    size_t start = r->at;

    while (r->at < r->text.n && (isalnum((unsigned char)r->text.p[r->at]) || memchr("_-?!.#@", r->text.p[r->at], 7)))
        r->at++;
    return str_sub(r->text, start, r->at);
}

static int read_string(struct reader *r, char out[MAX_STRING])
{
    size_t n = 0;

    for (r->at++; r->at < r->text.n && r->text.p[r->at] != '"'; r->at++) {
        if (r->text.p[r->at] == '\\')
            r->at++;
        if (r->at >= r->text.n || n + 1 >= MAX_STRING)
            return fail(r, "string is too long");
        out[n++] = r->text.p[r->at];
    }
    if (r->at >= r->text.n)
        return fail(r, "string has no end");
    r->at++;
    out[n] = '\0';
    return 0;
}

static void note_unknown(struct reader *r, const char *name, size_t n)
{
    if (!r->q->first_dropped[0])
        memcpy(r->q->first_dropped, name, MIN(n, sizeof r->q->first_dropped - 1));
    r->unknown = true;
}

static void add_symbol(struct reader *r, const char *name, size_t n, bool named)
{
    struct query *q = r->q;
    TSSymbol s = n == 5 && named && memcmp(name, "ERROR", 5) == 0
        ? SYM_ERROR
        : ts_language_symbol_for_name(q->ts, name, (uint32_t)n, named);

    if (!s) {
        note_unknown(r, name, n);
        return;
    }
    MEM_GROW(q->symbols, q->nsymbols, q->symbol_cap);
    q->symbols[q->nsymbols++] = s;
}

/* The new step is valid until the next one is made; NULL if the pattern is full. */
static struct step *new_step(struct reader *r, unsigned parent, uint16_t field)
{
    struct query *q = r->q;
    struct step *s;

    if (q->nsteps - r->first_step >= QUERY_MAX_STEPS)
        return NULL;
    MEM_GROW(q->steps, q->nsteps, q->step_cap);
    r->private_name[q->nsteps - r->first_step][0] = '\0';
    s = &q->steps[q->nsteps++];
    *s = (struct step){ .field = field, .first_symbol = (uint16_t)q->nsymbols, .parent = (uint8_t)parent };
    return s;
}

static int read_capture(struct reader *r, size_t step)
{
    struct str word;
    size_t i;

    if (peek(r) != '@')
        return 0;
    r->at++;
    word = read_word(r);
    if (word.n && word.p[0] == '_' && word.n < MAX_STRING) {
        memcpy(r->private_name[step - r->first_step], word.p, word.n);
        r->private_name[step - r->first_step][word.n] = '\0';
        r->q->steps[step].capture = CAP_PRIVATE;
        return 0;
    }
    for (i = 1; i < CAP_PRIVATE; i++)
        if (str_eqc(word, capture_names[i]))
            r->q->steps[step].capture = (uint8_t)i;
    return r->q->steps[step].capture ? 0 : fail(r, "unknown capture");
}

/* ( "#any-of?" "@_name" "text"… ")" with the opening parenthesis consumed. */
static int read_test(struct reader *r)
{
    struct str what = read_word(r), name;
    struct query *q = r->q;
    struct test t = { .first_string = (uint16_t)q->nstrings };
    size_t i, n = q->nsteps - r->first_step;

    if (!str_eqc(what, "#eq?") && !str_eqc(what, "#any-of?"))
        return fail(r, "unknown predicate");
    if (peek(r) != '@')
        return fail(r, "a predicate needs a capture");
    r->at++;
    name = read_word(r);
    for (i = 0; i < n && !str_eqc(name, r->private_name[i]); i++)
        ;
    if (i == n)
        return fail(r, "a predicate's capture must start with '_' and stand before it");
    t.step = (uint8_t)i;
    while (peek(r) == '"') {
        MEM_GROW(q->strings, q->nstrings, q->string_cap);
        if (read_string(r, q->strings[q->nstrings]) < 0)
            return ERR_PARSE;
        q->nstrings++;
        t.nstrings++;
    }
    if (peek(r) != ')')
        return fail(r, "expected ')' after a predicate");
    r->at++;
    MEM_GROW(q->tests, q->ntests, q->test_cap);
    q->tests[q->ntests++] = t;
    return 0;
}

/* One plain node: "(name)" or "\"text\"", of an alternation. */
static int read_alternative(struct reader *r)
{
    char text[MAX_STRING];
    struct str name;

    if (peek(r) == '"') {
        if (read_string(r, text) < 0)
            return ERR_PARSE;
        add_symbol(r, text, strlen(text), false);
        return 0;
    }
    if (peek(r) != '(')
        return fail(r, "expected a plain node in []");
    r->at++;
    (void)peek(r);
    name = read_word(r);
    if (peek(r) != ')')
        return fail(r, "only plain nodes may stand in []");
    r->at++;
    add_symbol(r, name.p, name.n, true);
    return 0;
}

static int read_node(struct reader *r, unsigned parent, uint16_t field, bool first, unsigned depth);

/* What may stand in a node after its name: children, fields, predicates; up to and with the ")". */
static int read_children(struct reader *r, unsigned parent, unsigned depth)
{
    struct str word;
    uint16_t field;
    size_t start;
    bool first;
    char c;

    while ((c = peek(r)) != ')') {
        first = c == '.';
        if (first) {
            r->at++;
            c = peek(r);
        }
        start = r->at;
        field = 0;
        if (c == '(') {
            r->at++;
            if (peek(r) == '#') {
                if (read_test(r) < 0)
                    return ERR_PARSE;
                continue;
            }
            r->at = start;
        } else if (isalpha((unsigned char)c)) {
            word = read_word(r);
            if (peek(r) != ':')
                return fail(r, "expected ':' after a field's name");
            r->at++;
            field = ts_language_field_id_for_name(r->q->ts, word.p, (uint32_t)word.n);
            if (!field)
                note_unknown(r, word.p, word.n);
        }
        if (read_node(r, parent, field, first, depth + 1) < 0)
            return ERR_PARSE;
    }
    r->at++;
    return 0;
}

/* "\"text\"", "[…]", "(name" or "_": what the node may be. */
static int read_kind(struct reader *r, struct step *s)
{
    char c = peek(r), text[MAX_STRING];
    struct str name;

    if (c == '"') {
        if (read_string(r, text) < 0)
            return ERR_PARSE;
        add_symbol(r, text, strlen(text), false);
    } else if (c == '[') {
        for (r->at++; peek(r) != ']';)
            if (read_alternative(r) < 0)
                return ERR_PARSE;
        r->at++;
    } else if (c == '(' || c == '_') {
        r->at += c == '(';
        (void)peek(r);
        name = read_word(r);
        if (!name.n)
            return fail(r, "expected a node's name");
        s->anonymous_too = c == '_';
        if (!str_eqc(name, "_"))
            add_symbol(r, name.p, name.n, true);
    } else {
        return fail(r, "unexpected character");
    }
    s->nsymbols = (uint16_t)(r->q->nsymbols - s->first_symbol);
    return 0;
}

static int read_node(struct reader *r, unsigned parent, uint16_t field, bool first, unsigned depth)
{
    size_t step = r->q->nsteps;
    unsigned self = (unsigned)(step - r->first_step);
    char c = peek(r);
    struct step *s = c ? new_step(r, parent, field) : NULL;

    if (!s || depth > QUERY_MAX_STEPS)
        return fail(r, c ? "pattern has too many nodes" : "unexpected end");
    s->first = first;
    if (read_kind(r, s) < 0)
        return ERR_PARSE;
    if (c == '(' && read_children(r, self, depth) < 0)
        return ERR_PARSE;
    if (peek(r) && memchr("?*+!", peek(r), 4))
        return fail(r, "quantifiers and negations are not read here");
    return read_capture(r, step);
}

/* Building */

static void link_rule(struct query *q, uint16_t rule, uint32_t symbol)
{
    uint16_t *tail = &q->by_symbol[symbol == SYM_ERROR ? q->nby_symbol - 1 : symbol];

    MEM_GROW(q->links, q->nlinks + 1, q->link_cap);
    while (*tail) /* rules of one symbol are tried in the order of the file */
        tail = &q->links[*tail];
    q->links[q->nlinks] = rule;
    q->links[q->nlinks + 1] = 0;
    *tail = (uint16_t)(q->nlinks + 1);
    q->nlinks += 2;
}

static void finish_rule(struct query *q, const struct rule *rule)
{
    struct step *steps = &q->steps[rule->first_step];
    size_t i;

    for (i = rule->nsteps; i-- > 0;) {
        steps[i].at_focus |= steps[i].capture != CAP_NONE && steps[i].capture != CAP_NAME && steps[i].capture != CAP_PRIVATE;
        if (i && steps[i].at_focus)
            steps[steps[i].parent].at_focus = true;
    }
    MEM_GROW(q->rules, q->nrules, q->rule_cap);
    q->rules[q->nrules++] = *rule;
    for (i = 0; i < steps[0].nsymbols; i++)
        link_rule(q, (uint16_t)(q->nrules - 1), q->symbols[steps[0].first_symbol + i]);
}

static int read_rule(struct reader *r)
{
    struct query *q = r->q;
    struct rule rule = { .first_step = (uint16_t)q->nsteps, .first_test = (uint16_t)q->ntests };

    r->first_step = q->nsteps;
    r->unknown = false;
    if (read_node(r, 0, 0, false, 0) < 0)
        return ERR_PARSE;
    rule.nsteps = (uint16_t)(q->nsteps - rule.first_step);
    rule.ntests = (uint16_t)(q->ntests - rule.first_test);
    if (q->nsteps > 4096 || q->nrules > 1024)
        return fail(r, "too many patterns");
    q->dropped += r->unknown;
    /* An alternation may lose some of its nodes and still be right; anything else may not. */
    if (r->unknown && (rule.nsteps > 1 || !q->steps[rule.first_step].nsymbols))
        return 0;
    if (!q->steps[rule.first_step].nsymbols)
        return fail(r, "the outermost node needs a name");
    finish_rule(q, &rule);
    return 0;
}

struct query *query_new(const TSLanguage *ts, struct str text, const char *path, struct err *e)
{
    struct reader r = { .text = text, .path = path, .e = e };
    struct query *q = mem_zalloc(sizeof *q);

    q->ts = ts;
    q->nby_symbol = ts_language_symbol_count(ts) + 1;
    q->by_symbol = mem_zalloc(q->nby_symbol * sizeof *q->by_symbol);
    r.q = q;
    while (peek(&r)) {
        if (read_rule(&r) < 0) {
            query_free(q);
            return NULL;
        }
    }
    return q;
}

void query_free(struct query *q)
{
    if (!q)
        return;
    free(q->steps);
    free(q->symbols);
    free(q->tests);
    free(q->strings);
    free(q->rules);
    free(q->links);
    free(q->by_symbol);
    free(q);
}

size_t query_dropped(const struct query *q, const char **ret_first)
{
    if (ret_first)
        *ret_first = q->first_dropped;
    return q->dropped;
}

/* Matching */

struct matcher {
    struct query_run *run;
    const struct rule *rule;
    TSNode bound[QUERY_MAX_STEPS];
};

static bool step_fits(const struct query *q, const struct step *s, TSNode node)
{
    TSSymbol symbol = ts_node_symbol(node);
    size_t i;

    if (!s->nsymbols)
        return s->anonymous_too || ts_node_is_named(node);
    for (i = 0; i < s->nsymbols; i++)
        if (q->symbols[s->first_symbol + i] == symbol)
            return true;
    return false;
}

static bool text_is(const struct rope *rope, TSNode node, const char *string)
{
    size_t n = strlen(string), i, got, from = ts_node_start_byte(node);
    const char *p;

    if (ts_node_end_byte(node) - from != n)
        return false;
    for (i = 0; i < n; i += MIN(got, n - i)) {
        p = rope_chunk(rope, from + i, &got);
        if (!got || memcmp(p, string + i, MIN(got, n - i)) != 0)
            return false;
    }
    return true;
}

static bool tests_hold(const struct matcher *m)
{
    const struct query *q = m->run->q;
    const struct test *t = &q->tests[m->rule->first_test];
    size_t i, k;

    for (i = 0; i < m->rule->ntests; i++, t++) {
        for (k = 0; k < t->nstrings; k++)
            if (text_is(m->run->rope, m->bound[t->step], q->strings[t->first_string + k]))
                break;
        if (k == t->nstrings)
            return false;
    }
    return true;
}

static void report(const struct matcher *m)
{
    const struct step *s = &m->run->q->steps[m->rule->first_step];
    struct query_match match = { 0 };
    size_t i;

    if (!tests_hold(m))
        return;
    for (i = 0; i < m->rule->nsteps; i++) {
        if (s[i].capture == CAP_NONE || s[i].capture == CAP_PRIVATE)
            continue;
        match.capture[match.n] = (enum capture)s[i].capture;
        match.node[match.n++] = m->bound[i];
    }
    m->run->found(m->run->ctx, &match);
}

static void match_from(struct matcher *m, unsigned i)
{
    const struct step *s = &m->run->q->steps[m->rule->first_step + i];
    bool only_focus, more, fits;
    TSTreeCursor cursor;
    unsigned seen = 0;

    if (i == m->rule->nsteps) {
        report(m);
        return;
    }
    /* Among thousands of siblings only the one around the caret can matter. */
    only_focus = m->run->focus != QUERY_ALL && !s->field && s->at_focus;
    cursor = ts_tree_cursor_new(m->bound[s->parent]);
    more = only_focus ? ts_tree_cursor_goto_first_child_for_byte(&cursor, (uint32_t)m->run->focus) >= 0
                      : ts_tree_cursor_goto_first_child(&cursor);
    while (more && m->run->steps && seen++ < MAX_CHILDREN) {
        m->run->steps--;
        m->bound[i] = ts_tree_cursor_current_node(&cursor);
        fits = (!s->field || ts_tree_cursor_current_field_id(&cursor) == s->field) && step_fits(m->run->q, s, m->bound[i]);
        more = !only_focus && !(s->first && ts_node_is_named(m->bound[i]));
        if (fits)
            match_from(m, i + 1);
        more = more && ts_tree_cursor_goto_next_sibling(&cursor);
    }
    ts_tree_cursor_delete(&cursor);
}

void query_at(struct query_run *run, TSNode node)
{
    const struct query *q = run->q;
    TSSymbol symbol = ts_node_symbol(node);
    struct matcher m = { .run = run };
    uint32_t link;

    if (symbol == SYM_ERROR)
        link = q->by_symbol[q->nby_symbol - 1];
    else
        link = symbol < q->nby_symbol - 1 ? q->by_symbol[symbol] : 0;
    for (; link && run->steps; link = q->links[link]) {
        m.rule = &q->rules[q->links[link - 1]];
        m.bound[0] = node;
        match_from(&m, 1);
    }
}
