/* SPDX-License-Identifier: MIT */
/* A loop and a session for one command, from the options that most commands share. */
#ifndef CORE_CLI_FRONT_H
#define CORE_CLI_FRONT_H

#include "core/cli/cli.h"
#include "core/engine/session.h"

struct front {
    struct loop *loop;
    struct session *session;
};

/* Sets up the log, a loop and a session. front_fini() is due whatever this returns. */
int front_init(struct front *f, const struct options *o, struct err *e);
void front_fini(struct front *f);

/* Says on standard error what is wrong with the configuration, if anything is. */
void front_warn(const struct front *f);

/* Runs the loop until *done, at most `ms`. ERR_TIMEOUT names `what`. */
int front_wait(struct front *f, const bool *done, unsigned ms, const char *what, struct err *e);

/* Opens `text` as the file `path` in its workspace (`folder`, or found from the path) and waits a while for the
 * workspace to be read. *ret_uri is the caller's to free. */
int front_open(struct front *f, const char *path, const char *folder, struct str text, char **ret_uri, struct err *e);

/* A source file as a person names it; refuses what is no text. `-` is standard input. */
int front_read(const char *path, struct buf *text, struct err *e);

/* Bytes of any kind from standard input, up to the buffer's maximum. */
int front_read_stdin(struct buf *b, struct err *e);

#endif
