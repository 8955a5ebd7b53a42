/* SPDX-License-Identifier: MIT */
/* What a test of the session stands on: a home folder of its own with a configuration and the test plugins, a loop, and
 * a mock service whose settings can be changed. Whatever goes wrong fails the test. One stage a program at a time. */
#ifndef TESTS_LIB_STAGE_H
#define TESTS_LIB_STAGE_H

#include "core/engine/session.h"

#include <sys/types.h>

struct stage {
    char *home, *bin; /* bin: the folder of this test program */
    struct loop *loop;
    struct session *session;
    pid_t mock;
    int mock_out;
    unsigned port;
};

void stage_init(struct stage *st); /* HOME and the XDG folders of this process are those of the stage from here on */
void stage_fini(struct stage *st);

/* Starts the mock service; "%PORT%" in a configuration stands for where it listens. */
void stage_start_mock(struct stage *st);
void stage_stop_mock(struct stage *st);
/* A request to the mock itself ("/__set?ttft_ms=50", "/__stats"); appends the answer's body, body may be NULL. */
void stage_tell_mock(const struct stage *st, const char *path, struct buf *body);

/* Opens a session with this configuration (NULL: none). */
struct session *stage_open(struct stage *st, const char *config);
void stage_close_session(struct stage *st);

void stage_step(struct stage *st, int ms);
void stage_until(struct stage *st, const int *flag); /* steps until *flag is set; fails after ten seconds */

#endif
