/* SPDX-License-Identifier: MIT */
/* The option table and its parser. An option that belongs to another command is refused by name: a flag that is
 * silently ignored would be worse than an error. */
#include "core/cli/options.h"
#include "core/base/mem.h"

#include <stdint.h>
#include <string.h>

#define IN(id) (1 << COMMAND_##id)
#define ANYWHERE OPTION_ANYWHERE
#define WITH_SESSION OPTION_WITH_SESSION
#define MAX_SUGGESTED_NAME 32

static const struct command_row COMMAND_ROWS[] = {
    {"", "", 0, 0, "", ""},
#define COMMAND(id, name, operands, least, most, summary, description) \
    {name, operands, least, most, summary, description},
#define FLAG(...)
#define VALUE(...)
#define LIST(...)
#include "core/cli/options.def"
#undef COMMAND
#undef FLAG
#undef VALUE
#undef LIST
};

static const struct option_row OPTION_ROWS[] = {
#define COMMAND(...)
#define FLAG(field, letter, name, commands, help) {letter, name, NULL, false, commands, help, offsetof(struct options, field)},
#define VALUE(field, letter, name, value, commands, help) \
    {letter, name, value, false, commands, help, offsetof(struct options, field)},
#define LIST(field, letter, name, value, commands, help) \
    {letter, name, value, true, commands, help, offsetof(struct options, field)},
#include "core/cli/options.def"
#undef COMMAND
#undef FLAG
#undef VALUE
#undef LIST
};

const struct command_row *command_row(enum command_id id)
{
    return &COMMAND_ROWS[id];
}

const struct option_row *option_rows(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(OPTION_ROWS);
    return OPTION_ROWS;
}

/* Edits (insert, drop, replace, swap neighbours) from a to b; both are short. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t d[MAX_SUGGESTED_NAME + 1][MAX_SUGGESTED_NAME + 1], n = strlen(a), m = strlen(b);

    if (n > MAX_SUGGESTED_NAME || m > MAX_SUGGESTED_NAME)
        return MAX_SUGGESTED_NAME;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

            best = MIN(best, MIN(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    }
    return d[n][m];
}

/* The smaller, the nearer; a beginning of a name is as near as one slip. */
static size_t farness(const char *typed, const char *name)
{
    size_t n = strlen(typed);

    return n > 1 && strncmp(typed, name, n) == 0 ? 1 : edit_distance(typed, name);
}

static bool is_near(const char *typed, const char *name, size_t *best)
{
    size_t far = farness(typed, name);

    if (far > MIN(strlen(typed) / 2, 2) || far >= *best)
        return false;
    *best = far;
    return true;
}

enum command_id command_find(const char *name)
{
    for (int id = COMMAND_NONE + 1; id < COMMANDS; id++)
        if (strcmp(COMMAND_ROWS[id].name, name) == 0)
            return (enum command_id)id;
    return COMMAND_NONE;
}

int command_unknown(const char *name, struct err *e)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;

    for (int id = COMMAND_NONE + 1; id < COMMANDS; id++)
        if (is_near(name, COMMAND_ROWS[id].name, &best))
            near = COMMAND_ROWS[id].name;
    if (near)
        return err_set(e, ERR_INVALID, "unknown command '%s', did you mean '%s'?", name, near);
    return err_set(e, ERR_INVALID, "unknown command '%s', see 'switchyard --help'", name);
}

static int unknown_option(const char *name, struct err *e)
{
    const char *near = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < ARRAY_LEN(OPTION_ROWS); i++)
        if (is_near(name, OPTION_ROWS[i].name, &best))
            near = OPTION_ROWS[i].name;
    if (near)
        return err_set(e, ERR_INVALID, "unknown option '--%s', did you mean '--%s'?", name, near);
    return err_set(e, ERR_INVALID, "unknown option '--%s', see 'switchyard --help'", name);
}

struct parser {
    int argc, at;
    char **argv;
    struct options *o;
    unsigned operands; /* the command's name not counted */
    bool given[ARRAY_LEN(OPTION_ROWS)];
    bool only_operands; /* after "--" */
};

static int add_value(struct option_list *list, const char *name, const char *value, struct err *e)
{
    if (list->n == ARRAY_LEN(list->v))
        return err_set(e, ERR_INVALID, "option '--%s' can be given %zu times at most", name, ARRAY_LEN(list->v));
    list->v[list->n++] = value;
    return 0;
}

/* Stores the option; `value` is what stood in the same argument, or NULL. */
static int take_option(struct parser *p, size_t row, const char *value, struct err *e)
{
    const struct option_row *r = &OPTION_ROWS[row];
    char *field = (char *)p->o + r->field;

    p->given[row] = true;
    if (!r->value) {
        if (value)
            return err_set(e, ERR_INVALID, "option '--%s' takes no value", r->name);
        *(bool *)(void *)field = true;
        return 0;
    }
    if (!value && p->at + 1 < p->argc)
        value = p->argv[++p->at];
    if (!value || !*value)
        return err_set(e, ERR_INVALID, "option '--%s' needs a %s", r->name, r->value);
    if (r->many)
        return add_value((struct option_list *)(void *)field, r->name, value, e);
    *(const char **)(void *)field = value;
    return 0;
}

static int take_long(struct parser *p, const char *arg, struct err *e)
{
    const char *equals = strchr(arg, '=');
    AUTO_FREE char *name = equals ? mem_strndup(arg, (size_t)(equals - arg)) : mem_strdup(arg);

    for (size_t i = 0; i < ARRAY_LEN(OPTION_ROWS); i++)
        if (strcmp(OPTION_ROWS[i].name, name) == 0)
            return take_option(p, i, equals ? equals + 1 : NULL, e);
    if (strcmp(name, "man") == 0) {
        p->o->manual = true;
        return 0;
    }
    return unknown_option(name, e);
}

/* "-av" is -a -v, "-n3" is -n 3. */
static int take_short(struct parser *p, const char *arg, struct err *e)
{
    for (; *arg; arg++) {
        size_t i = 0;
        int r;

        while (i < ARRAY_LEN(OPTION_ROWS) && OPTION_ROWS[i].letter != *arg)
            i++;
        if (i == ARRAY_LEN(OPTION_ROWS))
            return err_set(e, ERR_INVALID, "unknown option '-%c', see 'switchyard --help'", *arg);
        if (OPTION_ROWS[i].value)
            return take_option(p, i, arg[1] ? arg + 1 : NULL, e);
        r = take_option(p, i, NULL, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int take_operand(struct parser *p, const char *arg, struct err *e)
{
    if (p->o->command == COMMAND_NONE) {
        p->o->command = command_find(arg);
        return p->o->command == COMMAND_NONE ? command_unknown(arg, e) : 0;
    }
    if (p->operands++ == 0)
        p->o->operand = arg;
    return 0;
}

static int check(const struct parser *p, struct err *e)
{
    const struct command_row *c = &COMMAND_ROWS[p->o->command];

    for (size_t i = 0; i < ARRAY_LEN(OPTION_ROWS); i++)
        if (p->given[i] && OPTION_ROWS[i].commands != ANYWHERE && !(OPTION_ROWS[i].commands & (1 << p->o->command)))
            return p->o->command == COMMAND_NONE
                ? err_set(e, ERR_INVALID, "option '--%s' needs a command, see 'switchyard --help'", OPTION_ROWS[i].name)
                : err_set(e, ERR_INVALID, "'%s' has no option '--%s'", c->name, OPTION_ROWS[i].name);
    if (p->o->help || p->o->version || p->o->manual || p->o->command == COMMAND_NONE)
        return 0;
    if (p->operands < c->least)
        return err_set(e, ERR_INVALID, "'%s' needs %s", c->name, c->operands);
    if (p->operands > c->most)
        return c->most ? err_set(e, ERR_INVALID, "'%s' takes one %s, not %u", c->name, c->operands, p->operands)
                       : err_set(e, ERR_INVALID, "'%s' takes no operand, not '%s'", c->name, p->o->operand);
    return 0;
}

int options_parse(int argc, char **argv, struct options *o, struct err *e)
{
    struct parser p = {.argc = argc, .argv = argv, .o = o};

    for (p.at = 1; p.at < argc; p.at++) {
        const char *arg = argv[p.at];
        int r;

        if (p.only_operands || arg[0] != '-' || !arg[1] || arg[1] == ':') /* "-:3:7" is standard input */
            r = take_operand(&p, arg, e);
        else if (arg[1] != '-')
            r = take_short(&p, arg + 1, e);
        else if (arg[2])
            r = take_long(&p, arg + 2, e);
        else
            r = (p.only_operands = true, 0);
        if (r < 0)
            return r;
    }
    return check(&p, e);
}
