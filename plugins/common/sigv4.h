/* SPDX-License-Identifier: MIT */
/* AWS Signature Version 4 in a header, for a finished request. The path is encoded once more than it travels, as all
 * services but one want it. Reads no credentials and no clock: both are given. */
#ifndef PLUGINS_COMMON_SIGV4_H
#define PLUGINS_COMMON_SIGV4_H

#include "../ext/sign.h"
#include "bytes.h"

struct sigv4 {
    struct sy_str id, secret, token; /* token: of temporary credentials, or empty */
    struct sy_str region, service;
    int keep_path;     /* do not resolve "." and ".." and "//" in the path */
    int leave_body;    /* do not send the body's hash as a header of its own */
    int late_token;    /* send the token, but do not sign it */
};

/* The steps, for whoever wants to look; sigv4_steps_fini() is right in any case. */
struct sigv4_steps {
    struct bytes canonical, to_sign, authorization;
    char date[17], hash[65]; /* values of x-amz-date and x-amz-content-sha256 */
};

/* 0 if it is too much for it: more than 64 headers or query members, a request line beyond 16 KiB, a clock before 1970. */
int sigv4_make(struct sigv4_steps *s, const struct sigv4 *v, const struct sy_unsigned *what);
void sigv4_steps_fini(struct sigv4_steps *s);

/* Makes the signature and adds the headers. SY_OK, or what http->header() gave, or SY_EINTERNAL. */
int sigv4_sign(const struct sigv4 *v, const struct sy_unsigned *what, const struct sy_http *http);

#endif
