/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: one configured service. */
#ifndef PLUGINS_ANTHROPIC_ANTHROPIC_H
#define PLUGINS_ANTHROPIC_ANTHROPIC_H

#include "../common/reader.h"
#include "../common/service.h"

/* One provider section of the configuration. The option strings are the host's, valid until close(). */
struct anthropic {
    struct service service;
    struct sy_str version, beta;
    int sampling;          /* does this version of the interface know a temperature? */
    const char *cache_ttl; /* NULL: no cache marks */
};

/* request.c */
int anthropic_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x);
int anthropic_models(void *self, const struct sy_http *http, void **x);

/* decode.c. reader.flags: the answer is the arguments of a tool that was forced. */
extern const struct reader_kind anthropic_message;

#endif
