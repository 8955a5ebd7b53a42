/* SPDX-License-Identifier: MIT */
/* What looks like a key: known prefixes of tokens, PEM material, long strings of high entropy. It knows no languages.
 * It errs towards hiding: a commit hash is taken for a secret too, and nobody wants one completed. */
#ifndef LOCAL_SECRET_H
#define LOCAL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* p..p+n starts a run of characters that keys are made of. Sets *ret_run to the run's length (0: none starts here)
 * and returns whether it looks like a secret. */
bool secret_is_run(const char *p, size_t n, size_t *ret_run);

bool secret_is_pem_begin(const char *line, size_t n);
/* Could this line be one of the lines inside a PEM block? */
bool secret_is_pem_body(const char *line, size_t n);
bool secret_is_pem_end(const char *line, size_t n);

#endif
