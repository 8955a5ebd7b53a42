/* SPDX-License-Identifier: MIT */
/* Errors of services with OpenAI's shape, and of the many that resemble it: one class, one line of the service's words.
 *
 * What a service says is a stranger's text: it is cut, and control characters, line ends and writing-direction marks are
 * taken out, so that it can be shown anywhere. */
#ifndef PLUGINS_COMMON_OAIERR_H
#define PLUGINS_COMMON_OAIERR_H

#include "bytes.h"
#include <jansson.h>

#define OAIERR_MAX_TEXT 320

struct oaierr {
    int code;   /* SY_E* */
    int status; /* of the answer, or the number that an error inside a stream carries; 0 if neither */
    uint64_t retry_ms; /* if the body says it, as Google's does; else 0 */
    char param[40];    /* the request's member that it is about, or empty */
    char text[OAIERR_MAX_TEXT];
};

/* From the whole body of an answer outside 2xx, JSON or not. `location`: that header of a redirect, or empty. */
void oaierr_from_body(struct oaierr *e, int status, struct sy_str body, struct sy_str location);

/* From a parsed body or stream element; status 0 inside a stream. */
void oaierr_from_json(struct oaierr *e, int status, const json_t *root);

/* Milliseconds of the header retry-after-ms, or 0. Retry-After itself is the host's. */
uint64_t oaierr_retry_ms(const struct sy_reply *reply);

/* One line of at most n - 1 bytes that is safe to show, cut at a character with "..." if it is longer. */
void text_for_show(struct sy_str s, char *room, size_t n);

#endif
