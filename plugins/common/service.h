/* SPDX-License-Identifier: MIT */
/* One configured service: where it is, which optional members it takes, how it wants the key. Read from the options that
 * every plugin for a service over HTTP has; knows no protocol and no service by name.
 *
 * What the service refused while this instance lived is kept by model, the last few, and not sent again. */
#ifndef PLUGINS_COMMON_SERVICE_H
#define PLUGINS_COMMON_SERVICE_H

#include "bytes.h"

/* What was learnt about one model from refusals. */
struct learnt {
    char model[96]; /* its beginning, where it is longer */
    uint32_t dropped; /* bit i: members[i] was refused */
    int no_suffix;    /* the service's own way to fill a hole was refused */
    int other_limit;  /* the limit has the other of its names */
};

#define SERVICE_LEARNS 16

struct service {
    const struct sy_host *host;
    char *base;  /* without a slash at its end */
    char *query; /* empty, or "?..." that every URL ends with */
    struct sy_str accepts;          /* optional members that may be sent; empty: all */
    struct sy_str fim_format;       /* for requests that name none */
    const char *const *members;     /* the words that `accepts` knows, NULL at the end */
    struct learnt learnt[SERVICE_LEARNS], *about; /* about: the model that the present call is about */
    unsigned next;                  /* the entry that a new model gets */
    int auth, key_optional;
    char key_header[64];            /* for SY_AUTH_HEADER */
};

/* What a plugin says of its service. */
struct service_kind {
    const char *base;              /* default of base_url */
    const char *const *tails;      /* ends of a base_url that are a mistake, NULL at the end */
    const char *base_is;           /* "the part before /chat/completions" */
    const char *const *members;
    int auth;
    const char *key_header;        /* for SY_AUTH_HEADER */
    int key_optional;
};

/* Reads base_url, accepts and fim_format. SY_OK, or what fail() gave. service_fini() is right after both. */
int service_init(struct service *s, const struct sy_host *host, const struct service_kind *kind);
void service_fini(struct service *s);

struct sy_str service_option(const struct sy_host *host, const char *key);                     /* trimmed */
int service_header_option(const struct sy_host *host, const char *key, struct sy_str *ret);    /* fit for a header line */
int service_fail(const struct service *s, int code, const char *sentence);

/* May it be sent? A word that accepts does not know always may. */
int service_takes(const struct service *s, const char *member);
/* Does not send that member any more. 0 if it is none that could be left out, or was already. */
int service_drop(struct service *s, struct sy_str member);

/* From here on the questions above are about this model. */
void service_about(struct service *s, struct sy_str model);

struct sy_str service_host(const struct service *s); /* host and port */
int service_is_at(const struct service *s, const char *domain); /* at this host, or one below it */

/* Begins an exchange: line and key. path begins with a slash. */
int service_describe(const struct service *s, const struct sy_http *http, const char *method, struct sy_str path);
int service_header(const struct sy_http *http, const char *name, struct sy_str value); /* nothing if it is empty */

#endif
