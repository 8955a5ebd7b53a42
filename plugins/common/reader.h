/* SPDX-License-Identifier: MIT */
/* One exchange while its answer is read: frames, one document, or an error page, and the events that go to the host. A
 * plugin says with a reader_kind what an event of its protocol means; everything else is the same for all.
 *
 * Which of the three it is, the first byte tells, not the content type: servers mislabel, but no event stream begins with
 * a brace. One event that is no JSON does not kill a healthy stream: it counts only if nothing valid follows. */
#ifndef PLUGINS_COMMON_READER_H
#define PLUGINS_COMMON_READER_H

#include "fence.h"
#include "frames.h"

struct reader;
struct oaierr;
struct eventstream;

struct reader_kind { /* static const in the plugin */
    int lines;       /* one JSON document a line, instead of server-sent events */
    int eof_ends;    /* the end of the body is as good as a terminal mark once reader_finish() was called */
    /* One event: a valid JSON object. type: the field `event` of server-sent events. */
    void (*event)(struct reader *r, struct sy_str type, struct sy_str json);
    /* One message of a binary event stream, where that is the framing; NULL: it is text. */
    void (*message)(struct reader *r, struct sy_str headers, struct sy_str payload);
    /* A whole body that is JSON and no stream; NULL: there is none. Returns 0 if it is nothing that was asked for. */
    int (*document)(struct reader *r, struct sy_str json);
    /* Before STOP: reader_fail() if this end is a failure. Returns SY_STOP_*. */
    int (*conclude)(struct reader *r);
    /* An answer outside 2xx, before it is told: may change the class. NULL: nothing to do. */
    void (*refused)(struct reader *r, struct oaierr *e);
    const char *what; /* "a completion", for sentences */
};

struct reader {
    const struct reader_kind *kind;
    void *owner; /* the plugin's instance */
    int mode, unfence;
    int done;       /* a terminal event went out, or the host has heard enough */
    int valid, bad; /* events so far; those that were no JSON since the last valid one */
    int by_sequence, flags; /* the service named the stop string; flags: the plugin's */
    struct frames frames;
    struct eventstream *binary; /* NULL: the framing is text */
    struct bytes body;
    struct fence fence;
    struct bytes refusal, room; /* room: a decoded string, for as long as nothing else is decoded */
    char model[160];
    char asked[96]; /* the model that was asked for, as reader_asks() told */
    char finish[48]; /* the service's word for the end, empty: not seen */
    int id_sent, usage_sent;
    uint64_t n[6]; /* figures that come in parts, as in SY_EV_USAGE */
    const struct sy_sink *sink; /* during a call */
};

/* For begin(), feed(), finish() and end(). unfence: take a code fence off the answer. */
int reader_open(const struct reader_kind *kind, void *owner, int unfence, void **x);
int reader_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink);
int reader_end_of_body(void *x, const struct sy_reply *reply, const struct sy_sink *sink);
void reader_close(void *x);
void reader_asks(void *x, struct sy_str model);

/* ---- for the functions of a kind ---- */

struct sy_str reader_string(struct reader *r, struct sy_str value); /* decoded, into r->room */
void reader_text(struct reader *r, struct sy_str text);
void reader_json_text(struct reader *r, struct sy_str value); /* a JSON string as text of the answer */
void reader_id(struct reader *r, struct sy_str id);           /* the first one counts */
void reader_model(struct reader *r, struct sy_str model);     /* again only if it changed */
void reader_listed(struct reader *r, struct sy_str id, uint64_t context, uint64_t output);
void reader_usage(struct reader *r, const uint64_t n[5], int final);
void reader_finish(struct reader *r, struct sy_str word); /* why the text ended */
void reader_conclude(struct reader *r);                   /* the terminal mark came */
void reader_fail(struct reader *r, int code, int status, const char *words);
void reader_fail_as_told(struct reader *r, struct sy_str json); /* an error in the service's words */
void reader_refuse(struct reader *r, struct sy_str words);      /* the model declined */

#endif
