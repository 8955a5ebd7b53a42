/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: one configured service, and one exchange with it. */
#ifndef PLUGINS_OPENAI_OPENAI_H
#define PLUGINS_OPENAI_OPENAI_H

#include "../common/bytes.h"

/* One provider section of the configuration. The option strings are the host's, valid until close(). */
struct openai {
    const struct sy_host *host;
    char *base;  /* without a slash at its end */
    char *query; /* empty, or "?..." that every URL ends with */
    int official; /* is it api.openai.com itself? */
    struct sy_str organization, project;
    struct sy_str auth_header;      /* name of the header that carries the key; empty: Authorization */
    struct sy_str accepts;          /* optional members that may be sent; empty: all */
    struct sy_str fim_format;       /* for requests that name none */
    struct sy_str max_tokens_field; /* empty: by service */
    size_t max_stop;                /* 0: by request form */
};

struct exchange;

/* request.c */
int openai_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x);
int openai_models(void *self, const struct sy_http *http, void **x);

/* decode.c. unfence: take a code fence off the answer. NULL: no memory. */
enum { ANSWER_COMPLETION, ANSWER_MODELS };
struct exchange *exchange_new(const struct openai *p, int answer, int unfence);
int openai_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink);
int openai_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink);
void openai_end(void *x);

#endif
