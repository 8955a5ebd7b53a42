/* SPDX-License-Identifier: MIT */
/* The mock service of tests/lib as a process of ours: starting it, changing it, and its log of when bytes came and went.
 * Its clock and ours are the same. */
#ifndef TESTS_BENCH_MOCK_H
#define TESTS_BENCH_MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mock {
    pid_t pid;
    int port;
    char log[512];
    long read; /* bytes of the log */
};

struct mock_request {
    double first_us, done_us; /* first byte of the request, last of the answer or the moment the client was gone */
    bool aborted;
    int conn;
};

void mock_start(struct mock *m, const char *program, const char *log);
void mock_stop(struct mock *m);
void mock_delay(struct mock *m, int ms); /* before the first byte of an answer */

/* What was logged since the last call, oldest first; the caller frees *ret. */
size_t mock_new(struct mock *m, struct mock_request **ret);

#endif
