/* SPDX-License-Identifier: MIT */
/* The table of a benchmark run: one row a figure, with ours, the floor's, goal and limit.
 *
 * Knows nothing of how a figure was measured. Surprising: a value that is put again replaces the older one only if it is
 * better, because what else ran on the machine can only have made it worse. */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum who { OURS, FLOOR };

struct target {
    const char *unit;
    double goal, limit; /* at most; 0: none. Only a limit can fail the run */
    bool above;         /* at least instead of at most, and more is better */
};

/* `where` is a size or another word in brackets, may be "". */
void figure_put(const char *name, const char *where, enum who who, double value, const struct target *t);

/* How many rows there are, and whether one from that row on breaks its limit. */
size_t figures_count(void);
bool figures_broken(size_t from);

void figures_print(void);
bool figures_write_json(const char *path);

/* Samples, and a quantile of them. */
struct samples {
    double *v;
    size_t n, cap;
};
void samples_add(struct samples *s, double v);
double samples_at(struct samples *s, double part); /* sorts; 0 if there are none */
void samples_free(struct samples *s);

#endif
