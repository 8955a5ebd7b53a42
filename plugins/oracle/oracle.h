/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: one configured service with the place of its credentials. */
#ifndef PLUGINS_ORACLE_ORACLE_H
#define PLUGINS_ORACLE_ORACLE_H

#include "../common/reader.h"
#include "../common/service.h"

struct sy_credentials;
struct sy_unsigned;

enum oracle_api { API_OPENAI, API_GENERIC, API_COHERE, API_COHERE2 };

struct oracle {
    struct service s;
    const struct sy_credentials *from; /* NULL: a host that has none to give */
    enum oracle_api api;
    struct sy_str region, profile, config_file, compartment, project, max_tokens_field;
    int has_base; /* base_url was given: the region does not make the host name */
};

/* sign.c */
struct oracle_place {
    char region[40];
    char compartment[200]; /* may be empty */
};
/* What options, variables and the profile say. SY_OK or what fail() gave. */
int oracle_place(struct oracle *p, struct oracle_place *place);
int oracle_sign(void *self, void *x, const struct sy_unsigned *what, const struct sy_http *http);

/* request.c */
int oracle_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x);

/* decode.c */
extern const struct reader_kind oracle_reading, oracle_openai_reading;

#endif
