/* SPDX-License-Identifier: MIT */
/* The product as one object: what an editor front (core/lsp) and a command line (core/cli) both drive.
 *
 * Documents go in, answers come out through callbacks on the loop thread. The session knows no JSON-RPC, no argv and
 * never prints. Every request's callback is called exactly once: with an answer, with an empty answer and its reason, or
 * with an error; possibly before the starting function returns. Strings in answers are borrowed for the call.
 *
 * Invariant: a request whose document was closed or moved on still gets its one call. */
#ifndef CORE_ENGINE_SESSION_H
#define CORE_ENGINE_SESSION_H

#include "core/doc/document.h"
#include "core/io/loop.h"

struct session;

struct session_options {
    const char *config_path;    /* NULL: $XDG_CONFIG_HOME/switchyard/config.json if it is there */
    const char *workspace;      /* root folder or NULL; see session_set_workspace() */
    bool no_config;             /* built-in defaults only */
    bool no_state;              /* write nothing to the state folder */
};

/* A configuration with mistakes does not stop the session: it runs on the built-in defaults and session_problem() says
 * what is wrong. Fails only where nothing could work (no memory for a loop, no plugin folder is not such a case). */
struct session *session_new(struct loop *l, const struct session_options *o, struct err *e);
void session_free(struct session *s); /* every pending request gets its call first */

/* The first mistake found in configuration or plugins as one sentence, or NULL. */
const char *session_problem(const struct session *s);

void session_set_workspace(struct session *s, const char *root); /* absolute path; starts indexing in the background */
bool session_is_indexing(const struct session *s); /* is the workspace still being read? */

/* Settings that the editor sends: {"enabled":true,"debounce_ms":0,"threshold":0.5,"multi_line":"auto", …}. They may
 * change how completion behaves, never where text goes: other keys are refused with their names. */
int session_configure(struct session *s, struct str settings_json, struct err *e);

/* ---- documents: the keystroke path, no work that grows with the document ---- */
int session_open(struct session *s, const char *uri, const char *language_id, int version, struct str text, struct err *e);
int session_change(struct session *s, const char *uri, enum pos_encoding enc, int version, const struct doc_change *c,
                   size_t n, struct err *e);
int session_close(struct session *s, const char *uri, struct err *e);
void session_focus(struct session *s, const char *uri); /* NULL: no document has the focus */
const struct document *session_document(const struct session *s, const char *uri); /* borrowed or NULL */

/* ---- inline completion ---- */
enum complete_trigger { COMPLETE_AUTOMATIC, COMPLETE_INVOKED };

struct complete_params {
    const char *uri;
    enum pos_encoding enc;
    struct pos pos;
    enum complete_trigger trigger;
    struct pos selected_start, selected_end; /* the popup menu's item, if has_selected */
    struct str selected_text;
    bool has_selected;
    unsigned max_items; /* 0 = 1 for automatic, 3 for invoked */
};

struct complete_item {
    char id[24];           /* name it in session_event() */
    struct str text;       /* replaces [start, end); plain text, LF line ends as the document has them */
    struct pos start, end; /* on one line, around the caret; in the request's encoding */
    const char *target;    /* which target made it, as configured */
    double confidence;     /* 0..1, or < 0 if unknown */
    bool several_lines;
};

struct complete_result {
    const struct complete_item *items;
    size_t nitems;
    const char *reason;    /* why there is nothing ("inside a comment"), or "" */
    bool failed;           /* nothing, and not by choice: a target failed; worth telling the user once */
    const char *decision;  /* id for `switchyard explain` */
    uint64_t latency_us;   /* from call to answer */
};

/* res is never NULL; e->code is 0, or ERR_CANCELLED after session_cancel(), or why it failed (res->nitems is 0 then). */
typedef void (*complete_fn)(void *ctx, const struct complete_result *res, const struct err *e);

/* Returns a handle for session_cancel(), or 0 if fn has been called already. */
uint64_t session_complete(struct session *s, const struct complete_params *p, complete_fn fn, void *ctx);

/* ---- escalation: an instruction on a range becomes an edit ---- */
struct edit_params {
    const char *uri;
    enum pos_encoding enc;
    struct pos start, end; /* an empty range means the enclosing function or block */
    struct str instruction;
};

struct edit_result {
    struct pos start, end; /* what to replace, in the request's encoding */
    struct str text;
    int version;           /* the document version that the edit is for */
    const char *target;
    const char *decision;
    uint64_t latency_us;
};
/* res is NULL if e->code is set. Without a target for the task the code is ERR_UNSUPPORTED and the sentence says how to
 * add one. */
typedef void (*edit_fn)(void *ctx, const struct edit_result *res, const struct err *e);
uint64_t session_edit(struct session *s, const struct edit_params *p, edit_fn fn, void *ctx);

/* Cancels a completion, an edit or a question (probe.h): its callback comes with ERR_CANCELLED before this returns, and its connection is
 * closed. Unknown and finished handles are ignored. */
void session_cancel(struct session *s, uint64_t handle);

/* ---- what became of an item ---- */
enum item_event { ITEM_SHOWN, ITEM_ACCEPTED, ITEM_PARTLY, ITEM_DISMISSED };
/* accepted_u16: ITEM_PARTLY only, cumulative UTF-16 units from the item's start. Unknown ids: ERR_NOT_FOUND. */
int session_event(struct session *s, const char *item_id, enum item_event ev, size_t accepted_u16, struct err *e);

/* ---- reports: text for people, or JSON ---- */
int session_explain(struct session *s, const char *decision_id, bool json, struct buf *out, struct err *e); /* NULL: last */
void session_status(struct session *s, struct buf *out_json);
void session_plugins(struct session *s, bool json, struct buf *out);

/* Without a session: the last decision (or the one with this id) that any process wrote to the state folder. */
int session_explain_stored(const char *decision_id, bool json, struct buf *out, struct err *e);

/* What doctor finds: one call a finding, in a sensible order. */
enum check_level { CHECK_OK, CHECK_NOTE, CHECK_FAIL };
struct check {
    enum check_level level;
    const char *name;   /* "plugin openai" */
    const char *detail; /* what was found */
    const char *mend;   /* what to do, or "" */
};
typedef void (*check_fn)(void *ctx, const struct check *c);
void session_doctor(struct session *s, check_fn fn, void *ctx);

#endif
