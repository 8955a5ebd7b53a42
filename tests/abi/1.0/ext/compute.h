/* SPDX-License-Identifier: MIT */
/* "sy.compute/1": a provider that makes its answers itself instead of asking a service.
 *
 * The host calls run() on a worker thread. Calls to one `self` (run and those of sy.corpus/1) never overlap, so the
 * plugin stays single-threaded; open() and close() come before and after all of them. Emit CANDIDATE events, best
 * first, then one STOP; no candidate at all is a good answer. Long work polls is_cancelled() and returns early. */
#ifndef SWITCHYARD_EXT_COMPUTE_H
#define SWITCHYARD_EXT_COMPUTE_H

#include "../provider.h"

#define SY_EXT_COMPUTE "sy.compute/1"

struct sy_cancel {
    uint32_t size;
    void *ctx;
    int (*is_cancelled)(void *ctx); /* cheap: may be asked every few microseconds */
};

struct sy_compute {
    uint32_t size;
    /* [open, worker thread] A negative result fails the exchange with the sentence given to host->fail(). */
    int (*run)(void *self, const struct sy_request *req, const struct sy_sink *sink, const struct sy_cancel *cancel);
};

#endif
