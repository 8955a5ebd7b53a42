/* SPDX-License-Identifier: MIT */
/* The model as one object: told of files, asked for completions. What the plugin, the trainer and the bench share; it
 * knows no ABI. */
#ifndef LOCAL_MODEL_H
#define LOCAL_MODEL_H

#include "score.h"

/* Suggestions shown at this threshold are right about six times in ten, see README.md. */
#define MODEL_CONFIDENCE 0.5f

struct model {
    struct store store;
    struct beam *beam;
    struct query query; /* working space; large because of the words around the caret */
    float min_confidence;
};

struct completion {
    struct guess guess;
    float p; /* that it is accepted unchanged */
};

struct model *model_new(size_t max_bytes, float min_confidence);
void model_free(struct model *m);

/* Of what the beam found, what is likely enough, best first. A line that is not becomes the longest beginning that is.
 * Changes the guesses. */
unsigned model_choose(const struct query *q, struct guess *guess, unsigned found, bool many, float min,
                      struct completion ret[BEAM_RESULTS + 2]);

/* Completions, best first. Returns how many; none is a good answer. */
unsigned model_complete(struct model *m, const struct query_request *r, const struct beam_limits *lim,
                        struct completion ret[BEAM_RESULTS + 2]);

#endif
