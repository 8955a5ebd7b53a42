/* SPDX-License-Identifier: MIT */
/* `switchyard explain`: a decision record that some process wrote to the state folder. Needs no session. */
#include "core/cli/cli.h"
#include "core/base/limits.h"
#include "core/engine/session.h"

int cmd_explain(const struct options *o, struct err *e)
{
    AUTO_BUF struct buf out = {0}, shown = {0};
    int r;

    if (o->last && o->operand)
        return err_set(e, ERR_INVALID, "'--last' and an ID exclude each other");
    buf_init(&out, MAX_EXPLAIN_BYTES);
    r = session_explain_stored(o->operand, o->json, &out, e);
    if (r < 0)
        return r;
    buf_init(&shown, MAX_EXPLAIN_BYTES * 3);
    output_add(&shown, buf_str(&out));
    return output_write(buf_str(&shown), e);
}
