/* SPDX-License-Identifier: MIT */
/* "sy.sign/1": a provider whose requests carry a signature over their own bytes.
 *
 * A key that only has to be put into a header needs none of this (see auth() of struct sy_http). The host calls sign()
 * once after each begin() and models() that returned SY_OK, when method, URL, headers and body are final; it sends them as
 * they are shown here, only Host and Content-Length are its own. The clock is the host's, so that a signature can be made
 * again for a given time. Secrets for it come from "sy.credentials/1" (ext/credentials.h). */
#ifndef SWITCHYARD_EXT_SIGN_H
#define SWITCHYARD_EXT_SIGN_H

#include "../provider.h"

#define SY_EXT_SIGN "sy.sign/1"

struct sy_header { /* may grow: walk by header_stride */
    struct sy_str name, value;
};

struct sy_unsigned {
    uint32_t size;
    const char *method;
    struct sy_str url;
    const struct sy_header *header; /* without secret ones */
    size_t nheader, header_stride;
    struct sy_str body;
    int64_t now_ms; /* wall clock, since 1970 */
    int has_key;    /* auth() was called and found a key: there may be nothing to sign */
};

struct sy_sign {
    uint32_t size;
    /* [begun] Adds headers through http->header(); its other slots refuse. A negative result fails the exchange with the
     * sentence given to host->fail(), and end() is called as ever; SY_EAGAIN as for command() of ext/credentials.h. */
    int (*sign)(void *self, void *x, const struct sy_unsigned *what, const struct sy_http *http);
};

#endif
