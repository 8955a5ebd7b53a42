/* SPDX-License-Identifier: MIT */
/* Lines of a file taken out and typed again, key by key, with ghost text asked for at each key.
 * Knows the wire and measures; knows no screen. Columns are bytes, as negotiated. */
#ifndef TESTS_DEMO_TYPING_H
#define TESTS_DEMO_TYPING_H

#include "client.h"

#define MAX_TYPED_LINES 16
#define MAX_SAMPLES 4096

struct editor { /* one open file */
    struct client *client;
    const char *uri;
    int version;
    size_t nlatency, ntrip;
    double latency_us[MAX_SAMPLES]; /* what the server says of itself, request to answer */
    double trip_us[MAX_SAMPLES];    /* key written to answer read, as the editor sees it */
    size_t nshown;                  /* answers with text */
};

struct typed_line {
    size_t line;        /* from 0 */
    struct str text;    /* as it stood there */
    size_t indent;      /* bytes that stay */
    size_t keys;        /* pressed in all, Tab and those that took a word included */
    size_t words;       /* words taken */
    bool accepted;      /* the suggestion was exactly the rest */
    size_t ghost_at;    /* where the last suggestion stood: bytes of the line before it */
    char ghost[512];    /* its first line, or "" */
    char target[64];
    double confidence;  /* < 0: not told */
    double latency_us;
    char decision[64];
    char reason[160];   /* of the last answer without text */
};

int editor_open(struct editor *ed, struct str text, struct err *e); /* its language is known by its name */

/* Takes the line out and types it again, the file is whole afterwards. A suggestion that is exactly the rest of the line
 * is taken with one key; else its first word, if it is right and worth a key. */
int editor_retype(struct editor *ed, struct typed_line *l, struct err *e);

/* Every n-th line of `text` that is worth typing: code, not too short, plain ASCII. Returns how many. */
size_t choose_lines(struct str text, struct typed_line *lines, size_t max);

double median(double *values, size_t n); /* sorts them */

#endif
