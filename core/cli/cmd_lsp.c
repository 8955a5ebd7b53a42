/* SPDX-License-Identifier: MIT */
/* `switchyard lsp`: a session behind a server on standard input and output.
 *
 * The wire is moved to descriptors of its own before any plugin is loaded: what a plugin prints by mistake goes to
 * standard error and cannot corrupt it. */
#include "core/cli/front.h"
#include "core/base/mem.h"
#include "core/lsp/server.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int move_wire(int *ret_in, int *ret_out, struct err *e)
{
    AUTO_FD int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

    *ret_in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (*ret_in < 0)
        return err_set_errno(e, errno, "cannot keep standard input");
    *ret_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (*ret_out < 0 || none < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return err_set_errno(e, errno, "cannot keep standard output");
    return 0;
}

int cmd_lsp(const struct options *o, struct err *e)
{
    AUTO_FD int in = -1, out = -1;
    struct front f;
    int r;

    r = move_wire(&in, &out, e);
    if (r < 0)
        return r;
    r = front_init(&f, o, e);
    if (r == 0)
        r = server_run(f.loop, f.session, in, out, e);
    front_fini(&f);
    return r;
}
