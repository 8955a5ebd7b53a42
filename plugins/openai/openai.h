/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: one configured service. */
#ifndef PLUGINS_OPENAI_OPENAI_H
#define PLUGINS_OPENAI_OPENAI_H

#include "../common/reader.h"
#include "../common/service.h"

/* How a known service differs; found by the host of base_url, the last row is everybody else. */
struct quirks {
    const char *domain;
    int key_needed, own_key_header; /* own_key_header: the key goes bare into api-key */
    const char *max_tokens;         /* the field, for chats */
    size_t max_stop;                /* for text completions with a suffix */
    const char *text_path;          /* for text completions */
};

/* One provider section of the configuration. The option strings are the host's, valid until close(). */
struct openai {
    struct service service;
    const struct quirks *quirks;
    int official;  /* is it api.openai.com itself? */
    int responses; /* chats go to /responses */
    struct sy_str organization, project, referer, title;
    struct sy_str max_tokens_field; /* empty: by service */
    size_t max_stop;                /* 0: by request form */
};

/* request.c */
int openai_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x);
int openai_models(void *self, const struct sy_http *http, void **x);

/* What the service said against a request, remembered. */
void openai_refused(struct reader *r, struct oaierr *e);

/* responses.c */
extern const struct reader_kind openai_responses;

#endif
