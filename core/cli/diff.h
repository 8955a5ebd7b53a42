/* SPDX-License-Identifier: MIT */
/* Two texts as a unified diff of one hunk: what differs lies between their common first and common last lines. */
#ifndef CORE_CLI_DIFF_H
#define CORE_CLI_DIFF_H

#include "core/base/str.h"

/* Appends nothing if the texts are equal. `path` is named as `patch -p1` and git want it. Lines end at LF. */
void diff_write(struct buf *out, const char *path, struct str before, struct str after);

#endif
