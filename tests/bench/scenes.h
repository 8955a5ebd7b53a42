/* SPDX-License-Identifier: MIT */
/* The scenes of the benchmark: each starts a server, does one thing with it and puts figures into the table.
 * A scene may be played again, when another program disturbed it. */
#ifndef TESTS_BENCH_SCENES_H
#define TESTS_BENCH_SCENES_H

#include "tests/bench/figures.h"
#include "tests/bench/mock.h"

struct stage {
    struct mock mock;
    char **argv[2]; /* by enum who */
    bool quick;     /* fewer repeats, figures that are a little less steady */
};

struct size {
    const char *name;
    size_t bytes;
    bool errors;  /* the text has some that do not parse */
    bool quick;   /* is measured in a quick run too */
};
extern const struct size sizes[];
extern const size_t nsizes;

void scene_start(struct stage *st, enum who who);
void scene_idle(struct stage *st, enum who who);
void scene_growth(struct stage *st, enum who who);
void scene_cancel(struct stage *st, enum who who);
void scene_burst(struct stage *st, enum who who);
void scene_sync(struct stage *st, enum who who, const struct size *size);
void scene_complete(struct stage *st, enum who who, const struct size *size);

#endif
