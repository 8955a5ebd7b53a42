/* SPDX-License-Identifier: MIT */
/* The typist: removes a line, types it, looks at each answer. Only what is exactly right is taken, as a whole or a word,
 * so that the figures count what a person would have kept. */
#include "typing.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SHORTEST 16     /* bytes of code in a line worth typing */
#define SHORTEST_WORD 2 /* worth a key */

static json_t *position(size_t line, size_t col)
{
    return json_pack("{s:I, s:I}", "line", (json_int_t)line, "character", (json_int_t)col);
}

int editor_open(struct editor *ed, struct str text, struct err *e)
{
    json_t *item = json_pack("{s:s, s:s, s:i, s:o}", "uri", ed->uri, "languageId", "", "version", ed->version = 1,
        "text", json_str(text));

    return client_notify(ed->client, "textDocument/didOpen", json_pack("{s:o}", "textDocument", item), e);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static int change(struct editor *ed, size_t line, size_t from, size_t to, struct str text, struct err *e)
{
    json_t *edit = json_pack("{s:{s:o, s:o}, s:o}", "range", "start", position(line, from), "end", position(line, to),
        "text", json_str(text));
    json_t *params = json_pack("{s:{s:s, s:i}, s:[o]}", "textDocument", "uri", ed->uri, "version", ++ed->version,
        "contentChanges", edit);

    return client_notify(ed->client, "textDocument/didChange", params, e);
}

static json_t *ask(struct editor *ed, size_t line, size_t col, struct err *e)
{
    json_t *params = json_pack("{s:{s:s}, s:o, s:{s:i}}", "textDocument", "uri", ed->uri, "position", position(line, col),
        "context", "triggerKind", 2);
    uint64_t began = clock_us();
    json_t *result = client_call(ed->client, "textDocument/inlineCompletion", params, e);

    if (result && ed->ntrip < MAX_SAMPLES)
        ed->trip_us[ed->ntrip++] = (double)(clock_us() - began);
    return result;
}

static void keep(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

/* What the answer shows at `col`; false if it shows nothing. *ret_rest: exactly the rest of the line. */
static bool look(struct editor *ed, struct typed_line *l, const json_t *result, size_t col, bool *ret_rest)
{
    const json_t *item = json_array_get(json_get(result, "items"), 0), *more = json_get(result, "switchyard");
    struct str text = json_get_str(item, "insertText"), rest = str_sub(l->text, col, l->text.n), first;
    size_t start = (size_t)json_get_int(json_get(item, "range.start"), "character", (long long)col);
    double latency = json_get_num(more, "latencyUs", 0);

    if (ed->nlatency < MAX_SAMPLES)
        ed->latency_us[ed->nlatency++] = latency;
    if (!item && col - l->indent > (l->text.n - l->indent) / 2)
        return false; /* near its end a line always looks finished */
    if (!item) {
        keep(l->reason, sizeof l->reason, json_get_cstr(more, "reason", ""));
        return false;
    }
    text = str_sub(text, col - MIN(start, col), text.n); /* the item may repeat what stands before the caret */
    first = text;
    first = str_line(&first);
    *ret_rest = str_eq(text, rest);
    l->ghost_at = col;
    (void)snprintf(l->ghost, sizeof l->ghost, STR_FMT, STR_ARG(first));
    keep(l->target, sizeof l->target, json_get_cstr(json_get(item, "switchyard"), "target", "?"));
    l->confidence = json_get_num(json_get(item, "switchyard"), "confidence", -1);
    l->latency_us = latency;
    keep(l->decision, sizeof l->decision, json_get_cstr(more, "decision", ""));
    ed->nshown++;
    return true;
}

/* The first word of the suggestion with the blanks before it: its length if it is right, else 0. */
static size_t right_word(const struct typed_line *l, size_t col)
{
    struct str rest = str_sub(l->text, col, l->text.n), ghost = str_c(l->ghost);
    size_t n = strspn(l->ghost, " ");

    if (n < ghost.n)
        n++;
    while (n < ghost.n && is_word(ghost.p[n - 1]) && is_word(ghost.p[n]))
        n++;
    return str_starts(rest, str_sub(ghost, 0, n)) ? n : 0;
}

/* The key that takes a word: the server is told how much of the item, from its start, is in the text now. */
static int accept_word(struct editor *ed, struct typed_line *l, const json_t *result, size_t col, size_t n, struct err *e)
{
    json_t *item = json_array_get(json_get(result, "items"), 0);
    size_t start = (size_t)json_get_int(json_get(item, "range.start"), "character", (long long)col);
    json_t *params = json_pack("{s:O, s:I}", "item", item, "acceptedLength", (json_int_t)(col - start + n));

    l->words++;
    return client_notify(ed->client, "textDocument/didPartiallyAcceptCompletion", params, e);
}

/* Tab: the text goes in and the item's command is executed, as an editor does it. */
static int accept(struct editor *ed, struct typed_line *l, const json_t *result, size_t col, struct err *e)
{
    json_t *command = json_get(json_array_get(json_get(result, "items"), 0), "command");
    int r = change(ed, l->line, col, col, str_sub(l->text, col, l->text.n), e);

    if (r < 0)
        return r;
    json_decref(client_call(ed->client, "workspace/executeCommand", json_incref(command), e));
    l->accepted = true;
    return e->code;
}

int editor_retype(struct editor *ed, struct typed_line *l, struct err *e)
{
    int r = change(ed, l->line, l->indent, l->text.n, STR_NULL, e);
    size_t col = l->indent, n;

    l->confidence = -1;
    while (r == 0 && col < l->text.n) {
        AUTO_JSON json_t *result = ask(ed, l->line, col, e);
        bool is_rest = false, is_shown = result && look(ed, l, result, col, &is_rest);

        if (!result)
            return e->code;
        l->keys++;
        if (is_rest)
            return accept(ed, l, result, col, e);
        n = is_shown ? right_word(l, col) : 0;
        if (n >= SHORTEST_WORD)
            r = accept_word(ed, l, result, col, n, e);
        else
            n = 1;
        if (r == 0)
            r = change(ed, l->line, col, col, str_sub(l->text, col, col + n), e);
        col += n;
    }
    return r;
}

static bool is_worth_typing(struct str line)
{
    struct str code = str_trim(line);

    if (code.n < SHORTEST || strchr("/*#", code.p[0]))
        return false;
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] >= 0x80)
            return false;
    return true;
}

size_t choose_lines(struct str text, struct typed_line *lines, size_t max)
{
    size_t worth = 0, seen = 0, n = 0, number = 0;
    struct str rest;

    for (rest = text; rest.n;)
        worth += is_worth_typing(str_line(&rest));
    for (rest = text; rest.n && n < max; number++) {
        struct str line = str_line(&rest), code;

        /* The middle one of each of `max` equal parts. */
        if (!is_worth_typing(line) || seen++ != (2 * n + 1) * worth / (2 * max))
            continue;
        code = str_trim(line);
        lines[n++] = (struct typed_line) {.line = number, .text = {line.p, (size_t)(code.p + code.n - line.p)},
            .indent = (size_t)(code.p - line.p)};
    }
    return n;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
    if (!n)
        return 0;
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}
