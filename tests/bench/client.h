/* SPDX-License-Identifier: MIT */
/* An editor that costs next to nothing: starts a server, writes messages, notes when each answer came.
 *
 * Parses no JSON: of an answer it knows the id, whether it is an error, and whether it has items, from how our server and
 * the floor write them. Every wait ends after ten seconds, and the program with it. */
#ifndef TESTS_BENCH_CLIENT_H
#define TESTS_BENCH_CLIENT_H

#include "core/io/frame.h"
#include <sys/types.h>

enum { MAX_ANSWERS = 32768 };

struct answer {
    double at_us; /* 0: not there yet */
    bool error, has_items;
};

struct client {
    pid_t pid;
    int in, out; /* the server's */
    struct frame frame;
    struct buf text;
    double spawned_us, written_us, read_us; /* before the last write, after the last read */
    int next_id;
    struct answer answers[MAX_ANSWERS]; /* by id */
};

double now_us(void);
void pause_us(double us);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

struct client *client_start(char *const argv[]);
void client_stop(struct client *c); /* shutdown, exit, waits for its end */

void client_notify(struct client *c, const char *method, struct str params_json);
int client_request(struct client *c, const char *method, struct str params_json); /* its id */
const struct answer *client_wait(struct client *c, int id);
void client_pump(struct client *c, double for_us); /* takes what comes in that time */

double client_initialize(struct client *c); /* us from the start of the process to the answer */
double client_ping(struct client *c);       /* when everything before was handled */

/* The process as the system sees it. */
struct usage {
    double cpu_us;
    double rss_mb, pss_mb, uss_mb;
    double switches;
    int threads;
};
double client_cpu_us(const struct client *c);
struct usage client_usage(const struct client *c);

#endif
