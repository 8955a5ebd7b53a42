/* SPDX-License-Identifier: MIT */
/* The Switchyard provider ABI, version 1: the only header a plugin needs.
 *
 * A provider plugin is a translator. The host gives it a request; the plugin describes one HTTP exchange. The host gives
 * it response bytes; the plugin emits events. The host owns sockets, TLS, proxies, timeouts, retries, cancelling, keys
 * and logging, so a plugin is small, single-threaded, testable from recorded bytes, and cannot block an editor.
 * A provider that computes its answer itself implements the extension "sy.compute/1" (ext/compute.h) instead.
 *
 * The promise. A plugin built against 1.x loads in every host that speaks 1.y, older or newer: structs only ever grow at
 * their end, `size` says how much of one exists, and a changed signature gets a new slot. What breaks this rule gets a
 * new major number and with it a new symbol name (sy_provider_v2), so a mismatch is noticed before anything is called.
 *
 * The rules (each is tested in tests/abi):
 *  1. Ownership: what is passed in is borrowed for the call; what is emitted or handed to a builder is copied by the
 *     receiver. No memory changes owner across the boundary, so nobody frees the other's pointer. The only exceptions
 *     are the opaque `self` and `x`, which the plugin makes and the host gives back to close() and end().
 *  2. Threads: calls for one `self` never overlap and never nest. A plugin creates no threads, descriptors, timers or
 *     signal handlers, and never touches stdin or stdout (stdout is the wire to the editor).
 *  3. Growth: append only. Test fields of a host struct with SY_HAS before using one newer than 1.0. Walk arrays of
 *     structs by their stride. Ignore event kinds, flags and capabilities that you do not know.
 *  4. An optional slot may be NULL; the host then does the default that its comment names.
 *  5. Text is UTF-8, offsets are bytes, times are milliseconds unless a name says otherwise. Bytes that are no UTF-8 can
 *     occur in document text and must be survived.
 *
 * Life of an exchange (state tags used below):
 *
 *     sy_provider_v1()  ->  open() -> [open] -> begin() -> [begun] -> feed()* -> finish() -> end() -> [open] -> close()
 *                                                             `---------- cancel ----------> end()
 */
#ifndef SWITCHYARD_PROVIDER_H
#define SWITCHYARD_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#define SY_ABI_MAJOR 1
#define SY_ABI_MINOR 0
/* Changelog. 1.0: first release. */

#ifdef __cplusplus
#define SY_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define SY_EXPORT __attribute__((visibility("default")))
#endif

/* Is field f there in the struct that s points to? */
#define SY_HAS(s, f) ((s)->size >= offsetof(__typeof__(*(s)), f) + sizeof (s)->f)

/* Borrowed bytes, not NUL-terminated. p may be NULL when n is 0. */
struct sy_str {
    const char *p;
    size_t n;
};

/* Capabilities: what a provider can do at most. Models may do less; unknown bits are ignored. */
#define SY_CAP_CHAT ((uint64_t)1 << 0)         /* messages in, text out */
#define SY_CAP_FIM ((uint64_t)1 << 1)          /* prefix and suffix in, middle out */
#define SY_CAP_STREAM ((uint64_t)1 << 2)       /* text arrives while it is made */
#define SY_CAP_JSON ((uint64_t)1 << 3)         /* answers that follow a schema */
#define SY_CAP_PROMPT_CACHE ((uint64_t)1 << 4) /* a repeated prompt prefix costs less */
#define SY_CAP_LOCAL ((uint64_t)1 << 5)        /* text never leaves this machine */

/* Results and error classes. The host decides by them whether to retry, to try another target, or to tell the user. */
enum {
    SY_OK = 0,
    SY_EAGAIN = -1,        /* not now; the same call may work later */
    SY_EAUTH = -2,         /* key missing, wrong or without permission */
    SY_ERATE = -3,         /* too many requests; see retry_after */
    SY_EREQUEST = -4,      /* the request itself is wrong; no other target will take it either */
    SY_EPROTO = -5,        /* the answer is not what the protocol allows */
    SY_ETOOBIG = -6,       /* context or answer too long */
    SY_EUNSUPPORTED = -7,  /* this model or provider cannot do that */
    SY_EINTERNAL = -8,     /* a fault inside the plugin */
    SY_EOVERLOADED = -9,   /* the service is too busy */
    SY_ELOADING = -10,     /* the service is starting, ask again soon */
    SY_EQUOTA = -11,       /* money or quota is used up; waiting does not help */
    SY_EMODEL = -12,       /* no such model */
    SY_EREFUSED = -13,     /* the model declined or was filtered */
    SY_ETRUNCATED = -14,   /* the stream ended without its terminal mark */
    SY_ETIMEOUT = -15
};

/* ---- what the host offers ---------------------------------------------------------------------------------------- */

enum { SY_LOG_ERROR, SY_LOG_WARN, SY_LOG_INFO, SY_LOG_DEBUG };

/* Given to open(); valid until close() returns. */
struct sy_host {
    uint32_t size;
    uint16_t major, minor;
    void *ctx;
    /* [any state] One line, no newline. Never the text of a document, never a key. */
    void (*log)(void *ctx, int level, const char *msg);
    /* [open() .. close()] A value from this provider's section of the user's configuration as text, borrowed until
     * close(): strings as they are, numbers and booleans printed, objects and arrays as JSON. p is NULL if absent. */
    struct sy_str (*option)(void *ctx, const char *key);
    /* [any state] Sets the sentence that the user will see for the failure of the present call (lower case, no period,
     * names the key or value that is wrong) and returns `code`. */
    int (*fail)(void *ctx, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
    /* [any state] A host service by id and revision ("sy.fd/1"), or NULL. */
    const void *(*extension)(void *ctx, const char *id);
};

enum { SY_SECRET = 1 }; /* header flag: never printed, logged or recorded */

/* How the host adds the provider's key to a request; a plugin does not see keys. */
enum {
    SY_AUTH_NONE = 0,
    SY_AUTH_BEARER = 1, /* Authorization: Bearer KEY */
    SY_AUTH_HEADER = 2  /* NAME: KEY, where name is given */
};

/* Builds the one HTTP exchange of begin(). Every call copies. A negative result means: give up, return it. */
struct sy_http {
    uint32_t size;
    void *ctx;
    int (*line)(void *ctx, const char *method, struct sy_str url); /* mandatory, once; http:// or https:// */
    int (*header)(void *ctx, struct sy_str name, struct sy_str value, uint32_t flags);
    /* The key of this provider, as configured. `name` is the header for SY_AUTH_HEADER, else NULL. If `optional` is 0
     * and no key is configured, the host fails the request with a sentence that says how to set one. */
    int (*auth)(void *ctx, int scheme, const char *name, int optional);
    int (*body)(void *ctx, const void *p, size_t n); /* appends */
};

/* ---- requests ---------------------------------------------------------------------------------------------------- */

enum { SY_ROLE_SYSTEM, SY_ROLE_USER, SY_ROLE_ASSISTANT };

struct sy_msg { /* may grow: walk by msg_stride */
    int role;
    struct sy_str text;
};

struct sy_file { /* text from elsewhere that helps; may grow: walk by extra_stride */
    struct sy_str path, text;
};

enum { SY_REQ_FIM, SY_REQ_CHAT };
enum {
    SY_REQ_SINGLE_LINE = 1, /* the answer will be cut at the first line end */
    SY_REQ_MANY = 2         /* the user asked for alternatives: emit more than one candidate if that is cheap */
};

struct sy_request {
    uint32_t size;
    int kind;                     /* SY_REQ_* */
    struct sy_str model;          /* as the target names it */
    struct sy_str prefix, suffix; /* FIM: windows of the document before and after the caret */
    struct sy_str path, language; /* FIM: relative path and language id, may be empty */
    uint64_t caret;               /* FIM: byte offset of the caret in the whole document */
    struct sy_str system;         /* CHAT */
    const struct sy_msg *msg;     /* CHAT */
    size_t nmsg, msg_stride;
    const struct sy_file *extra;
    size_t nextra, extra_stride;
    const struct sy_str *stop; /* strings at which the text is to end, most important first */
    size_t nstop;
    struct sy_str fim_format;    /* name of a prompt template for raw FIM; empty: use the service's own suffix field */
    struct sy_str params;        /* a JSON object of the target's extra body fields, or empty */
    int32_t temperature_milli;   /* thousandths; -1 = leave it to the service */
    uint32_t max_tokens;
    uint32_t timeout_ms;
    uint32_t flags;              /* SY_REQ_SINGLE_LINE ... */
};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

enum {
    SY_EV_TEXT = 1,      /* text: the next piece of the answer */
    SY_EV_CANDIDATE = 2, /* text: one whole candidate; n[0]: millionths of probability that it is accepted unchanged */
    SY_EV_USAGE = 3,     /* n: input uncached, cache read, cache write, output, reasoning tokens; n[5]: 1 = final */
    SY_EV_STOP = 4,      /* n[0]: SY_STOP_*; text: the service's own word. The terminal mark: exactly one, or one ERROR */
    SY_EV_ERROR = 5,     /* n[0]: -SY_E*; n[1]: HTTP status or 0; n[2]: retry after, ms, or 0; text: the service's words */
    SY_EV_MODEL = 6,     /* text: model id. From models(): one a model, n[0] context tokens, n[1] output tokens or 0 */
    SY_EV_REQUEST_ID = 7 /* text: the service's id for this exchange */
};
enum { SY_STOP_END, SY_STOP_LENGTH, SY_STOP_SEQUENCE, SY_STOP_TOOL };

struct sy_event {
    uint32_t size;
    int kind;
    struct sy_str text;
    uint64_t n[6];
};

/* Where events go. emit() copies; a negative result means that the host has heard enough: stop and return SY_OK. */
struct sy_sink {
    uint32_t size;
    void *ctx;
    int (*emit)(void *ctx, const struct sy_event *ev);
};

/* The response head. Retry-After is read by the host itself. */
struct sy_reply {
    uint32_t size;
    int status; /* HTTP status; an answer outside 2xx is fed as well, so that its words can be shown */
    void *ctx;
    struct sy_str (*header)(void *ctx, const char *name); /* case-insensitive; borrowed for the call */
};

/* ---- the provider ------------------------------------------------------------------------------------------------ */

struct sy_provider { /* static const in the plugin */
    uint32_t size;   /* these three are filled by SY_PROVIDER_INIT */
    uint16_t major, minor;
    const char *name;    /* [a-z0-9_-]+, at most 32 characters; static */
    const char *version; /* static */
    const char *summary; /* one line; static */
    const char *options; /* names of the options it reads, space-separated; static; may be NULL */
    uint64_t caps;       /* SY_CAP_* */

    /* [cold] Makes one instance with the options of one provider section. Does no I/O. */
    int (*open)(const struct sy_host *host, void **self);
    /* [no exchange open] */
    void (*close)(void *self);
    /* [any state] A plugin's extension by id ("sy.compute/1", "sy.corpus/1"): static, or NULL. Slot NULL: has none. */
    const void *(*extension)(const char *id);

    /* [open] Describes the exchange for a request. *x is the exchange's state. Mandatory unless sy.compute/1 is there. */
    int (*begin)(void *self, const struct sy_request *req, const struct sy_http *http, void **x);
    /* [begun] Body bytes in order. Any split of the bytes must give the same events. Mandatory with begin. */
    int (*feed)(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink);
    /* [begun] The body ended. NULL: nothing to flush. If neither STOP nor ERROR was emitted the host says truncated. */
    int (*finish)(void *x, const struct sy_reply *reply, const struct sy_sink *sink);
    /* [begun] Called exactly once for each begin() that returned SY_OK, also after cancel. Mandatory with begin. */
    void (*end)(void *x);

    /* [open] Describes the exchange that lists the service's models; its answer goes to feed() and end() like any other
     * and comes back as MODEL events and a STOP. NULL: cannot tell. */
    int (*models)(void *self, const struct sy_http *http, void **x);
    /* --- 1.1 appends here --- */
};
#define SY_PROVIDER_INIT .size = sizeof(struct sy_provider), .major = SY_ABI_MAJOR, .minor = SY_ABI_MINOR

/* The one exported symbol. With -DSY_STATIC the plugin is linked into a program and this function is static; the
 * program reaches it through a table (see plugins/README.md). */
#ifdef SY_STATIC
#define SY_PROVIDER_ENTRY(id) \
    const struct sy_provider *sy_static_##id(void); \
    const struct sy_provider *sy_static_##id(void)
#else
SY_EXPORT const struct sy_provider *sy_provider_v1(void);
#define SY_PROVIDER_ENTRY(id) SY_EXPORT const struct sy_provider *sy_provider_v1(void)
#endif

#endif
