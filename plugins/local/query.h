/* SPDX-License-Identifier: MIT */
/* A request made ready: the document, where the caret is in it, the tokens before it, which files are near.
 *
 * It knows nothing of candidates. When the document was never put, or is not what the host sees, the request's own
 * windows are made a document for this one query. */
#ifndef LOCAL_QUERY_H
#define LOCAL_QUERY_H

#include "store.h"

enum {
    QUERY_CONTEXT = 64,    /* tokens before the caret that are looked at */
    QUERY_BELOW = 24,      /* tokens of the next line */
    QUERY_NEAR = 48,       /* files besides the document */
    QUERY_RANKED = 512,    /* files that are compared with the document for that */
    RECENT_SLOTS = 1 << 14,
    RECENT_MAX = 1 << 12   /* different words of the document around the caret */
};

/* Words of the document around the caret, nearest first. */
struct recent {
    uint32_t slot[RECENT_SLOTS]; /* index into word + 1 */
    uint32_t word[RECENT_MAX];
    uint32_t n, nnear;           /* the first nnear stand within some lines */
};

struct query_request { /* the parts of a request that matter here; all borrowed */
    const char *path, *lang, *prefix, *suffix;
    size_t npath, nlang, nprefix, nsuffix;
    uint64_t caret;
    bool fresh; /* the stored document, if there is one, is not to be used */
};

struct query {
    struct store *store;
    struct file *doc, *cold; /* cold: the document, when it was made for this query */
    const char *after;       /* what follows on the caret's line */
    size_t nafter;
    char partial[204];       /* word at the caret as far as it is typed */
    size_t npartial;
    bool spaced;             /* white space, or nothing, is before the caret */
    bool whole;              /* only white space is before it: a whole line is wanted */
    uint8_t tabs, spaces;    /* indentation of the caret's line */
    uint32_t stop;           /* first token after the caret on its line, or ID_NONE */
    uint32_t tok[SEG_LEAD + QUERY_CONTEXT]; /* before the caret, in order; SEG_LEAD zeros first */
    uint8_t skel[SEG_LEAD + QUERY_CONTEXT];
    uint32_t n, line_tok, prev_line_tok;    /* of tok; where the caret's line and the one before start */
    uint32_t held[LEX_TOKENS + 2], nheld;   /* references of this query */
    uint32_t cseg, c0, ctyped, c1;          /* the caret's line in doc: tokens c0..c1 of segment cseg; up to ctyped */
    uint32_t line;                          /* they are before the caret and complete; its number */
    uint32_t *seg_line;                     /* number of the first line of each segment of doc */
    uint32_t below[QUERY_BELOW], nbelow;
    uint8_t below_skel[QUERY_BELOW];
    struct file *near[QUERY_NEAR];
    uint32_t nnear;
    struct recent recent;
};

/* Returns false when nothing can be completed here (inside a comment, a secret or a word). query_fini() is due anyway. */
bool query_init(struct query *q, struct store *s, const struct query_request *r);
void query_fini(struct query *q);

/* Is this word in the document? 0: no, 1: near the caret, 2: farther away. */
int query_recent(const struct query *q, uint32_t id);

#endif
