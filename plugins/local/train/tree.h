/* SPDX-License-Identifier: MIT */
/* Source trees as work for the trainer and the bench: reads files, hides lines, says what was hidden.
 *
 * A position is a caret in a file with the text it should be completed to; the model sees the file without that text. */
#ifndef LOCAL_TREE_H
#define LOCAL_TREE_H

#include "../model.h"

struct tree_file {
    char *path, *text;
    const char *lang;
    size_t n;
};

struct tree {
    struct tree_file *file;
    size_t n, bytes;
};

enum tree_task {
    TASK_WHOLE, /* after the indentation */
    TASK_REST,  /* at a token inside the line */
    TASK_WORD,  /* inside a word */
    TASKS
};
enum tree_mode {
    MODE_FULL, /* all files, and the file itself before and after */
    MODE_PRE,  /* all files, and the file itself before */
    MODE_COLD, /* only the file itself, before and after */
    MODE_BLOCK, /* as full, but the four lines after it are to be written too */
    MODES
};

struct position {
    const struct tree_file *file;
    size_t line, caret; /* byte offsets */
    const char *truth;  /* up to the last token of the line */
    size_t ntruth;
    char *text;         /* the file as the model sees it */
    size_t ntext;
};

/* Reads the source files under a folder: at most max_bytes, each at most 200 kB. */
void tree_read(struct tree *t, const char *dir, size_t max_bytes);
void tree_free(struct tree *t);

/* A small generator of random numbers with a state of its own. */
uint32_t tree_random(uint64_t *state);

/* Picks a position of a file; false when this draw hit none (a comment, an empty line). */
bool position_pick(struct position *p, const struct tree_file *f, enum tree_task task, enum tree_mode mode, uint64_t *rnd);
void position_free(struct position *p);
struct query_request position_request(const struct position *p);

/* Somebody who types a file line by line; the model's document is what he sees at that moment. */
struct typist {
    struct store *store;
    const struct tree_file *file;
    const struct lex_lang *lang;
    bool rest;               /* the file exists already but for the line that is typed */
    size_t start, end, next; /* the line, and the one after it */
    size_t caret;
    uint8_t mode;
    struct lex_line ln;
};

void typist_open(struct typist *t, struct store *s, const struct tree_file *f, bool rest);
/* Ends the line and goes to the next one that has tokens, to where its first token will be; false at the end. */
bool typist_line(struct typist *t);
/* Types the line up to here, a place in the file. */
void typist_move(struct typist *t, size_t to);
struct query_request typist_request(const struct typist *t);
/* Is this what he is about to type: to the end of the line, or, of a beginning or several lines, so far? */
bool typist_agrees(const struct typist *t, const struct guess *g);

#endif
