/* SPDX-License-Identifier: MIT */
/* What the command line is made of: the parsed arguments, the commands, and the way out for text.
 *
 * This folder is the only one that knows argv, output formats and exit statuses. A command gathers its whole output in
 * memory and hands it over once, so that a failure never leaves half an answer on standard output. */
#ifndef CORE_CLI_CLI_H
#define CORE_CLI_CLI_H

#include "core/base/str.h"
#include "core/cli/options.h"

/* Exit statuses that are no errors of err.def. */
enum { EXIT_NOTHING = 1 }; /* nothing to suggest; doctor: something failed */

/* What a command returns: an exit status, or a negative code of err.def with the sentence in e. */
typedef int (*command_fn)(const struct options *o, struct err *e);
command_fn command_of(enum command_id id);

int cmd_lsp(const struct options *o, struct err *e);
int cmd_complete(const struct options *o, struct err *e);
int cmd_edit(const struct options *o, struct err *e);
int cmd_ask(const struct options *o, struct err *e);
int cmd_doctor(const struct options *o, struct err *e);
int cmd_plugins(const struct options *o, struct err *e);
int cmd_explain(const struct options *o, struct err *e);
int cmd_help(const struct options *o, struct err *e);

/* `--help`, `--version`, `--man` and no command at all. */
bool is_notice(const struct options *o);
int print_notice(const struct options *o, struct err *e);
void manual_write(struct buf *out);           /* switchyard(1) in mdoc */

/* ---- output.c ---- */
#define MAX_CLI_OUTPUT_BYTES ((size_t)64 << 20)

void output_init(void);                       /* before anything is opened */
int output_write(struct str text, struct err *e); /* all of it; a reader that went away is no error */
void output_error(const char *sentence);      /* "switchyard: …" on standard error */
void output_note(struct str text);            /* the same without the name in front, for what goes with an answer */

/* Appends text that is not ours. A terminal must not take it for commands, so for one it is neutralised. */
void output_add(struct buf *out, struct str text);

/* Codes for colours, or "" where standard output is no terminal or NO_COLOR is set. */
enum style { STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_NOTE, STYLE_BAD };
const char *style(enum style s);

void json_add(struct buf *out, const char *key, struct str value); /* "key":"value" */
void json_add_string(struct buf *out, struct str value);           /* "value", repaired if it is no UTF-8 */

#endif
