/* SPDX-License-Identifier: MIT */
/* switchyard(1) in mdoc, written from options.def and err.def so that it cannot disagree with the program.
 * Knows mdoc and nothing of what the commands do. `make` runs `switchyard --man` to make the page. */
#include "core/cli/cli.h"
#include "core/base/mem.h"

#include <string.h>

#define RELEASED "November 22, 2026"

/* One word, with nothing in it taken for a macro or an escape. */
static void add_word(struct buf *out, struct str word, bool at_start)
{
    if (at_start && (*word.p == '.' || *word.p == '\''))
        buf_adds(out, "\\&");
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '\\')
            buf_adds(out, "\\e");
        else if (word.p[i] == '-')
            buf_adds(out, "\\-");
        else
            buf_addc(out, word.p[i]);
    }
}

/* Text as mdoc wants it: each sentence on a line of its own, no line longer than 80 characters. */
static void add_text(struct buf *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");
        bool is_end = text[n - 1] == '.';

        if (column && column + 1 + n > 76) {
            buf_addc(out, '\n');
            column = 0;
        } else if (column) {
            buf_addc(out, ' ');
        }
        add_word(out, (struct str) {text, n}, column == 0);
        column += n + 1;
        text += n + strspn(text + n, " ");
        if (is_end && *text) {
            buf_addc(out, '\n');
            column = 0;
        }
    }
    buf_addc(out, '\n');
}

/* Help lines start lower case and have no period: here they are sentences. */
static void add_sentence(struct buf *out, const char *text)
{
    AUTO_FREE char *sentence = mem_printf("%s.", text);

    if (*sentence >= 'a' && *sentence <= 'z')
        *sentence = (char)(*sentence - 'a' + 'A');
    add_text(out, sentence);
}

static void add_option(struct buf *out, const struct option_row *r)
{
    buf_adds(out, ".It ");
    if (r->letter)
        buf_addf(out, "Fl %c , ", r->letter);
    buf_addf(out, "Fl Fl %s", r->name);
    if (r->value)
        buf_addf(out, " Ar %s", r->value);
    buf_addc(out, '\n');
    add_sentence(out, r->help);
}

/* The options that only few commands take, or those that many share. */
static void add_options(struct buf *out, int commands, bool is_shared)
{
    const struct option_row *rows;
    size_t n, taken = 0;

    rows = option_rows(&n);
    for (size_t i = 0; i < n; i++) {
        bool many = rows[i].commands == OPTION_ANYWHERE || rows[i].commands == OPTION_WITH_SESSION;

        if (!(rows[i].commands & commands) || many != is_shared)
            continue;
        if (taken++ == 0)
            buf_adds(out, ".Bl -tag -width Ds\n");
        add_option(out, &rows[i]);
    }
    if (taken)
        buf_adds(out, ".El\n");
}

static void add_commands(struct buf *out)
{
    buf_adds(out, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
    for (int id = COMMAND_NONE + 1; id < COMMANDS; id++) {
        const struct command_row *c = command_row((enum command_id)id);

        buf_addf(out, ".It Cm %s", c->name);
        if (*c->operands)
            buf_addf(out, " Ar %s", c->operands);
        buf_addc(out, '\n');
        add_sentence(out, c->summary);
        add_text(out, c->description);
        add_options(out, 1 << id, false);
    }
    buf_adds(out, ".El\n.Sh OPTIONS\n");
    add_text(out, "These stand with several commands, the last two with any or alone. Long options are never "
                  "abbreviated; a value follows after a blank or an equals sign.");
    add_options(out, OPTION_ANYWHERE, true);
}

static void add_statuses(struct buf *out)
{
    static const struct {
        int status;
        const char *word;
    } ROWS[] = {
#define ERR(name, value, lsp, exit, other, word) {exit, word},
#include "core/base/err.def"
#undef ERR
    };

    buf_adds(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nIt worked.\n.It 1\n"
                  "There is nothing to suggest, or\n.Cm doctor\nfound something that fails.\n");
    for (int status = 2; status < 256; status++) {
        const char *comma = "";

        for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
            if (ROWS[i].status != status)
                continue;
            if (!*comma)
                buf_addf(out, ".It %d\nClass of error: ", status);
            buf_addf(out, "%s%s", comma, ROWS[i].word);
            comma = ", ";
        }
        if (*comma)
            buf_adds(out, ".\n");
    }
    buf_adds(out, ".El\nOne sentence on standard error says more.\n");
}

static const char FILES[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width Ds\n"
    ".It Ev NO_COLOR\n"
    "If set and not empty, no colours are used.\n"
    "They are used on a terminal only in any case.\n"
    ".It Ev XDG_CONFIG_HOME , Ev XDG_STATE_HOME , Ev XDG_DATA_HOME\n"
    "Where the folders below are looked for.\n"
    "Variables that hold keys are named by the configuration.\n"
    ".El\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa ~/.config/switchyard/config.json\n"
    "The configuration: providers, targets, routes.\n"
    "Without it the model inside the program completes and nothing is sent anywhere.\n"
    ".It Pa ~/.local/state/switchyard\n"
    "Records of the last decisions, for\n"
    ".Cm explain .\n"
    ".It Pa ~/.local/share/switchyard/plugins\n"
    "The user's own provider plugins.\n"
    ".El\n";

static const char EXAMPLES[] =
    ".Sh EXAMPLES\n"
    "What would be suggested at the 8th character of line 120, and from where:\n"
    ".Pp\n"
    ".Dl switchyard complete \\-\\-verbose parser.c:120:8\n"
    ".Pp\n"
    "Continue a text from a pipe as if it were the file\n"
    ".Pa a.py :\n"
    ".Pp\n"
    ".Dl head \\-n 40 a.py | switchyard complete \\-\\-at\\-end \\-\\-as a.py \\-\n"
    ".Pp\n"
    "Why that:\n"
    ".Pp\n"
    ".Dl switchyard explain\n";

void manual_write(struct buf *out)
{
    buf_addf(out, ".\\\" SPDX-License-Identifier: MIT\n.Dd %s\n.Dt SWITCHYARD 1\n.Os\n.Sh NAME\n.Nm switchyard\n", RELEASED);
    buf_adds(out, ".Nd code completion and model routing for editors\n.Sh SYNOPSIS\n");
    for (int id = COMMAND_NONE + 1; id < COMMANDS; id++) {
        const struct command_row *c = command_row((enum command_id)id);

        buf_addf(out, ".Nm\n.Cm %s\n.Op Ar option ...\n", c->name);
        if (*c->operands == '[')
            buf_addf(out, ".Op Ar %.*s\n", (int)strlen(c->operands) - 2, c->operands + 1);
        else if (*c->operands)
            buf_addf(out, ".Ar %s\n", c->operands);
    }
    buf_adds(out, ".Sh DESCRIPTION\n.Nm\n");
    add_text(out, "completes code as it is typed. A small model inside the program answers from the open file and its "
                  "workspace. What it is not sure of, and larger tasks, go to the targets that the configuration "
                  "names, and only there.");
    add_commands(out);
    buf_adds(out, FILES);
    add_statuses(out);
    buf_adds(out, EXAMPLES);
}
