/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: one configured service with the place of its credentials. */
#ifndef PLUGINS_BEDROCK_BEDROCK_H
#define PLUGINS_BEDROCK_BEDROCK_H

#include "../common/reader.h"
#include "../common/service.h"

struct sy_credentials;
struct sy_unsigned;

struct bedrock {
    struct service s;
    const struct sy_credentials *from; /* NULL: a host that has none to give */
    struct sy_str region, profile, process, max_tokens_field, cache;
    int has_base;       /* base_url was given: the region does not make the host name */
    int stale;          /* the service called our credentials expired: ask for new ones */
    char signing_region[40]; /* of the request that is being made */
    char error_type[80];     /* of the answer that is being read */
};

/* credentials.c. Sets signing_region; SY_OK or what fail() gave. */
int bedrock_region(struct bedrock *p, struct sy_str model);
int bedrock_sign(void *self, void *x, const struct sy_unsigned *what, const struct sy_http *http);

/* request.c */
int bedrock_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x);

/* decode.c */
extern const struct reader_kind bedrock_reading;
int bedrock_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink);

#endif
