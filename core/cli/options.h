/* SPDX-License-Identifier: MIT */
/* argv as a struct, made from the rows of options.def. Knows no command's meaning.
 *
 * Options may stand anywhere; `--` ends them; long ones take `--name VALUE` and `--name=VALUE` and are never
 * abbreviated, so that a script keeps its meaning when an option is added. */
#ifndef CORE_CLI_OPTIONS_H
#define CORE_CLI_OPTIONS_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum command_id {
    COMMAND_NONE,
#define COMMAND(id, ...) COMMAND_##id,
#define FLAG(...)
#define VALUE(...)
#define LIST(...)
#include "core/cli/options.def"
#undef COMMAND
#undef FLAG
#undef VALUE
#undef LIST
    COMMANDS
};

enum {
    OPTION_ANYWHERE = -1,
    OPTION_WITH_SESSION = 1 << COMMAND_LSP | 1 << COMMAND_COMPLETE | 1 << COMMAND_EDIT | 1 << COMMAND_ASK |
        1 << COMMAND_DOCTOR | 1 << COMMAND_PLUGINS
};

struct command_row {
    const char *name, *operands;
    unsigned least, most;
    const char *summary, *description;
};

struct option_row {
    char letter;
    const char *name, *value; /* value NULL: a flag */
    bool many;                /* may be given again: the field is a struct option_list */
    int commands;             /* bits 1 << enum command_id */
    const char *help;
    size_t field;             /* offset in struct options */
};

struct option_list {
    const char *v[32];
    size_t n;
};

struct options {
    enum command_id command;
    const char *operand; /* NULL or the one operand; no command takes more */
    bool manual;         /* hidden: print the manual page's source */
#define COMMAND(...)
#define FLAG(field, ...) bool field;
#define VALUE(field, ...) const char *field;
#define LIST(field, ...) struct option_list field;
#include "core/cli/options.def"
#undef COMMAND
#undef FLAG
#undef VALUE
#undef LIST
};

/* Strings are borrowed from argv. ERR_INVALID with a suggestion where one is near. */
int options_parse(int argc, char **argv, struct options *o, struct err *e);

const struct command_row *command_row(enum command_id id);   /* id must not be COMMAND_NONE */
enum command_id command_find(const char *name);               /* COMMAND_NONE if there is none */
int command_unknown(const char *name, struct err *e);         /* sets the sentence with its suggestion */
const struct option_row *option_rows(size_t *ret_n);

#endif
