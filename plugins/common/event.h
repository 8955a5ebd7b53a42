/* SPDX-License-Identifier: MIT */
/* The events of provider.h in one line each. Every function returns what emit() returned: negative means stop. */
#ifndef PLUGINS_COMMON_EVENT_H
#define PLUGINS_COMMON_EVENT_H

#include "../provider.h"

static inline int event_text(const struct sy_sink *sink, int kind, struct sy_str text)
{
    struct sy_event ev = {.size = sizeof ev, .kind = kind, .text = text};

    return sink->emit(sink->ctx, &ev);
}

/* reason: SY_STOP_*; word: the service's own. */
static inline int event_stop(const struct sy_sink *sink, int reason, struct sy_str word)
{
    struct sy_event ev = {.size = sizeof ev, .kind = SY_EV_STOP, .text = word, .n = {(uint64_t)reason}};

    return sink->emit(sink->ctx, &ev);
}

/* code: SY_E*, negative as it is. */
static inline int event_error(const struct sy_sink *sink, int code, int status, uint64_t retry_ms, struct sy_str words)
{
    struct sy_event ev = {
        .size = sizeof ev,
        .kind = SY_EV_ERROR,
        .text = words,
        .n = {(uint64_t)-code, (uint64_t)status, retry_ms},
    };

    return sink->emit(sink->ctx, &ev);
}

#endif
