/* SPDX-License-Identifier: MIT */
/* The two framings of streamed text, of which an exchange uses one. */
#ifndef PLUGINS_COMMON_FRAMES_H
#define PLUGINS_COMMON_FRAMES_H

#include "ndjson.h"
#include "sse.h"

struct frames {
    struct sse sse;
    struct ndjson lines;
};

#endif
