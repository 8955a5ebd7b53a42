/* SPDX-License-Identifier: MIT */
/* `switchyard plugins`: the list, or one file checked or described. The words come from the session. */
#include "core/cli/front.h"

static int print_list(const struct options *o, struct buf *out, struct err *e)
{
    struct front f;
    int r = front_init(&f, o, e);

    if (r == 0) {
        if (!o->json)
            front_warn(&f);
        session_plugins(f.session, o->json, out);
    }
    front_fini(&f);
    return r;
}

int cmd_plugins(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf out = {0}, shown = {0};
    int r, written;

    buf_init(&out, MAX_CLI_OUTPUT_BYTES);
    if (o->check && o->dump)
        return err_set(e, ERR_INVALID, "'--check' and '--dump' exclude each other");
    if (o->check)
        r = session_plugin_check(o->check, &out, e);
    else if (o->dump)
        r = session_plugin_dump(o->dump, &out, e);
    else
        r = print_list(o, &out, e);
    buf_init(&shown, MAX_CLI_OUTPUT_BYTES * 3);
    output_add(&shown, buf_str(&out));
    written = output_write(buf_str(&shown), e); /* a check that fails has said which steps it passed */
    return r < 0 ? r : written;
}
