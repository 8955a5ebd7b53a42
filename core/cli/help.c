/* SPDX-License-Identifier: MIT */
/* `--help`, `help COMMAND` and `--version`, all from options.def; and the table from commands to functions. */
#include "core/cli/cli.h"
#include "core/base/mem.h"

#include <string.h>

#define OPTION_COLUMN 26 /* where the explanations start */
#define COMMAND_COLUMN 14

command_fn command_of(enum command_id id)
{
    static const command_fn COMMAND_FUNCTIONS[COMMANDS] = {
        [COMMAND_NONE] = print_notice,
        [COMMAND_LSP] = cmd_lsp,
        [COMMAND_COMPLETE] = cmd_complete,
        [COMMAND_EDIT] = cmd_edit,
        [COMMAND_ASK] = cmd_ask,
        [COMMAND_DOCTOR] = cmd_doctor,
        [COMMAND_PLUGINS] = cmd_plugins,
        [COMMAND_EXPLAIN] = cmd_explain,
        [COMMAND_HELP] = cmd_help,
    };

    return COMMAND_FUNCTIONS[id];
}

static void add_row(struct buf *out, int column, const char *left, const char *right)
{
    buf_addf(out, "  %s%s%s%*s%s\n", style(STYLE_BOLD), left, style(STYLE_NONE), column - 2 - (int)strlen(left), "", right);
}

static void add_option(struct buf *out, const struct option_row *r)
{
    char letter[8] = "    ";
    AUTO_FREE char *left = NULL;

    if (r->letter) {
        letter[0] = '-';
        letter[1] = r->letter;
        letter[2] = ',';
    }
    left = mem_printf("%s--%s%s%s", letter, r->name, r->value ? " " : "", r->value ? r->value : "");
    add_row(out, OPTION_COLUMN, left, r->help);
}

/* A description is one long line in the table; here it is broken at blanks before column 80. */
static void add_wrapped(struct buf *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column && column + 1 + n > 79) {
            buf_addc(out, '\n');
            column = 0;
        } else if (column) {
            buf_addc(out, ' ');
            column++;
        }
        buf_add(out, text, n);
        column += n;
        text += n + strspn(text + n, " ");
    }
    buf_addc(out, '\n');
}

static void add_options(struct buf *out, int commands)
{
    const struct option_row *rows;
    size_t n;

    rows = option_rows(&n);
    buf_adds(out, "\nOptions:\n");
    for (size_t i = 0; i < n; i++)
        if (rows[i].commands & commands)
            add_option(out, &rows[i]);
}

static void add_overview(struct buf *out)
{
    const struct option_row *rows;
    size_t n;

    buf_adds(out, "Usage: switchyard COMMAND [OPTION...]\n\n");
    add_wrapped(out, "Completes code as you type, from a model inside the program, and sends larger tasks to the "
                     "models that you name.");
    buf_adds(out, "\nCommands:\n");
    for (int id = COMMAND_NONE + 1; id < COMMANDS; id++) {
        const struct command_row *c = command_row((enum command_id)id);

        add_row(out, COMMAND_COLUMN, c->name, c->summary);
    }
    rows = option_rows(&n);
    buf_adds(out, "\nOptions:\n");
    for (size_t i = 0; i < n; i++)
        if (rows[i].commands == OPTION_ANYWHERE)
            add_option(out, &rows[i]);
    buf_adds(out, "\nMore: switchyard help COMMAND, man switchyard\n");
}

static void add_command(struct buf *out, enum command_id id)
{
    const struct command_row *c = command_row(id);

    buf_addf(out, "Usage: switchyard %s [OPTION...]%s%s\n\n", c->name, *c->operands ? " " : "", c->operands);
    add_wrapped(out, c->description);
    add_options(out, 1 << id);
}

static int write_help(enum command_id id, struct err *e)
{
    AUTO_BUF struct buf out = {0};

    buf_init(&out, MAX_CLI_OUTPUT_BYTES);
    if (id == COMMAND_NONE)
        add_overview(&out);
    else
        add_command(&out, id);
    return output_write(buf_str(&out), e);
}

int cmd_help(const struct options *o, struct err *e)
{
    enum command_id id = o->operand ? command_find(o->operand) : COMMAND_NONE;

    if (o->operand && id == COMMAND_NONE)
        return command_unknown(o->operand, e);
    return write_help(id, e);
}

bool is_notice(const struct options *o)
{
    return o->help || o->version || o->manual || o->command == COMMAND_NONE;
}

int print_notice(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf out = {0};

    if (o->help)
        return write_help(o->command, e);
    if (o->version)
        return output_write(STR("switchyard " SWITCHYARD_VERSION "\n"), e);
    if (!o->manual)
        return err_set(e, ERR_INVALID, "no command given, see 'switchyard --help'");
    buf_init(&out, MAX_CLI_OUTPUT_BYTES);
    manual_write(&out);
    return output_write(buf_str(&out), e);
}
