/* SPDX-License-Identifier: MIT */
/* One plugin with one fault, chosen by a macro; without any it is a good one. tests/abi/run builds each. */
#include "plugins/provider.h"

#include <stdlib.h>

static int bad_open(const struct sy_host *host, void **self)
{
#ifdef OPEN_FAILS
    (void)self;
    return host->fail(host->ctx, SY_EREQUEST, "the moon is in the wrong %s", "phase");
#else
    (void)host;
    *self = malloc(1);
    return SY_OK;
#endif
}

static int bad_begin(void *self, const struct sy_request *req, const struct sy_http *http, void **x)
{
    (void)req;
    *x = self;
#ifdef NO_LINE
    (void)http;
    return SY_OK;
#else
    return http->line(http->ctx, "GET", (struct sy_str){"http://127.0.0.1/", 17});
#endif
}

static int bad_feed(void *x, const struct sy_reply *reply, const void *p, size_t n, const struct sy_sink *sink)
{
    (void)x;
    (void)reply;
    (void)p;
    (void)n;
    (void)sink;
    return SY_OK;
}

static int bad_finish(void *x, const struct sy_reply *reply, const struct sy_sink *sink)
{
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_ERROR, .n = {-SY_EPROTO}};

    (void)x;
    (void)reply;
#ifdef BELIEVES_ALL
    ev = (struct sy_event){.size = sizeof ev, .kind = SY_EV_STOP};
#endif
    sink->emit(sink->ctx, &ev);
    return SY_OK;
}

static void bad_end(void *x)
{
    (void)x;
}

/* The struct as a later minor version might have it. */
struct newer {
    struct sy_provider now;
    int (*later)(void *self);
    uint64_t more[16];
};

static const struct newer newer = {
    .now = {
        SY_PROVIDER_INIT,
#ifdef NEWER
        .size = sizeof(struct newer),
        .minor = 7,
#endif
#ifdef SIZE_NONE
        .size = 0,
#endif
#ifdef SIZE_TINY
        .size = 8,
#endif
#ifdef SIZE_SHORT
        .size = offsetof(struct sy_provider, models),
#endif
#ifdef SIZE_HUGE
        .size = 0x40000000,
#endif
#ifdef MAJOR_LIES
        .major = 2,
#endif
        .name = "bad",
        .version = "1",
        .summary = "a plugin for tests",
#ifdef NAME_BLANK
        .name = "two words",
#endif
#ifdef NAME_PATH
        .name = "../bad",
#endif
#ifdef NAME_LONG
        .name = "abcdefghijklmnopqrstuvwxyz0123456",
#endif
#ifdef NAME_EMPTY
        .name = "",
#endif
#ifdef NAME_NONE
        .name = NULL,
#endif
#ifdef VERSION_NONE
        .version = NULL,
#endif
        .caps = SY_CAP_CHAT,
#ifndef NO_OPEN
        .open = bad_open,
#endif
#ifndef NO_CLOSE
        .close = free,
#endif
#ifndef NO_BEGIN
        .begin = bad_begin,
#endif
#ifndef NO_FEED
        .feed = bad_feed,
#endif
        .finish = bad_finish,
#ifndef NO_END
        .end = bad_end,
#endif
    },
};

#ifdef UNRESOLVED
int nobody_has_this(void);
#endif

#if defined(NO_SYMBOL)
SY_EXPORT int something_else;
int something_else;
#elif defined(OTHER_MAJOR)
SY_EXPORT const void *sy_provider_v2(void);
SY_EXPORT const void *sy_provider_v2(void)
{
    return &newer;
}
#else
SY_PROVIDER_ENTRY(bad)
{
#ifdef UNRESOLVED
    if (nobody_has_this())
        return NULL;
#endif
#ifdef RETURNS_NONE
    return NULL;
#else
    return &newer.now;
#endif
}
#endif

#if defined(NO_SYMBOL) || defined(OTHER_MAJOR) || defined(RETURNS_NONE)
const void *bad_unused(void);
const void *bad_unused(void)
{
    return &newer;
}
#endif
