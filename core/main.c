/* SPDX-License-Identifier: MIT */
/* The program: arguments, the command that they name, the exit status. Everything else is in core/cli. */
#include "core/cli/cli.h"

static int fail(const struct err *e)
{
    output_error(e->text);
    return err_exit_status(e->code);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct err e = {0};
    int status;

    output_init();
    if (options_parse(argc, argv, &o, &e) < 0)
        return fail(&e);
    status = is_notice(&o) ? print_notice(&o, &e) : command_of(o.command)(&o, &e);
    return status < 0 ? fail(&e) : status;
}
