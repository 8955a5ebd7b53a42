/* SPDX-License-Identifier: MIT */
/* Looks for a larger model that the user already has: a server on the loopback, or a key in the environment.
 * Asks nothing that costs money and sends no text. */
#ifndef TESTS_DEMO_FIND_H
#define TESTS_DEMO_FIND_H

#include "core/base/str.h"

struct found {
    char what[80];  /* "llama-server at 127.0.0.1:8080", or "" for nothing */
    char url[80];
    char model[160];
    bool has_key;   /* OPENAI_API_KEY is the key */
    bool costs;     /* asking it costs money */
};

void find_model(struct found *f);

/* A configuration with this target for edits. */
void write_config(const struct found *f, struct buf *out);

#endif
