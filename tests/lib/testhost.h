/* SPDX-License-Identifier: MIT */
/* A host for one plugin that does no network: it opens the plugin, describes requests to it from JSON, records the
 * exchange it builds, feeds it bytes and writes its events down as JSON lines.
 *
 * It is strict where the real host is kind: what it lends is freed and overwritten after each call, array elements are
 * longer than the plugin knows, and a broken rule is a finding. It shares no code with the core. */
#ifndef TESTS_LIB_TESTHOST_H
#define TESTS_LIB_TESTHOST_H

#include "plugins/common/bytes.h"
#include "plugins/ext/sign.h"
#include <jansson.h>

struct testhost {
    void *dl;
    const struct sy_provider *api;
    struct sy_host host;
    json_t *options;    /* borrowed */
    void *self;         /* NULL: not open */
    char sentence[600]; /* what fail() was given last */
    struct bytes wrong; /* rules the plugin broke, one a line */
    json_t *place;      /* borrowed: member "place" of the spec, what credentials() finds */
    struct lent *lent;  /* of the present call, NULL outside of one that may ask for credentials */
    int commands;       /* those that were asked for: the first answer is "later" */
    int newer;          /* lend structs with fields that the plugin does not know */
};

/* Loads the file; exits with a message if that does not work. */
void testhost_init(struct testhost *h, const char *path);
void testhost_fini(struct testhost *h);
/* SY_OK or the plugin's code; then `sentence` says why. options: an object of strings, or NULL. */
int testhost_open(struct testhost *h, json_t *options);
void testhost_close(struct testhost *h);

/* What a plugin described. */
struct wire {
    char *method, *url, *auth; /* auth: "bearer", "header NAME", with " optional"; NULL: never called */
    json_t *headers;           /* array of [name, value] */
    struct bytes body;
};
void wire_fini(struct wire *w);

/* begin() with the member "request" of the object, or models() where its member "call" says so; then sign(), if the plugin
 * signs. The member "place" is the machine that it finds itself on: "env", "files" and "commands" by name, the clock as
 * "now", and "key" if one is configured. The caller ends *x. */
int testhost_begin(struct testhost *h, json_t *spec, struct wire *w, void **x);

/* An answer as bytes: status line, header lines, empty line, body. */
struct answer {
    int status;
    char *head; /* header lines, each NUL-terminated, an empty one last */
    struct sy_str body;
};
/* Returns 0 if the bytes are no HTTP answer. `http` is borrowed and must stay. */
int answer_parse(struct answer *a, struct sy_str http);
void answer_fini(struct answer *a);

/* Takes the plugin's events and writes each as a line of JSON. */
struct record {
    struct testhost *h;
    struct sy_sink sink;
    struct bytes lines;
    size_t events, enough; /* enough: emit() refuses from this event on; 0 never */
    int terminal;          /* a STOP or an ERROR came */
};
void record_init(struct record *r, struct testhost *h);
void record_fini(struct record *r);

/* Feeds body bytes [from, to) as one piece that is freed right after. */
int testhost_feed(struct testhost *h, void *x, const struct answer *a, size_t from, size_t to, struct record *r);
int testhost_finish(struct testhost *h, void *x, const struct answer *a, struct record *r);

/* Whole file, NUL-terminated; NULL if there is none. */
char *file_read(const char *path, size_t *ret_n);
const char *code_name(int code); /* SY_EAUTH -> "auth" */

#endif
