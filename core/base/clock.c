/* SPDX-License-Identifier: MIT */
/* The two clocks. Knows no timers and no time zones: records are in UTC. */
#include "core/base/clock.h"

#include <stdio.h>
#include <time.h>

uint64_t clock_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t clock_ms(void)
{
    return clock_us() / 1000u;
}

int64_t clock_wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_iso(int64_t wall_ms, char out[32])
{
    int ms = (int)((wall_ms % 1000 + 1000) % 1000);
    time_t s = (time_t)((wall_ms - ms) / 1000);
    struct tm tm;
    size_t n;

    if (!gmtime_r(&s, &tm) || !(n = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm))) {
        out[0] = '\0';
        return;
    }
    snprintf(out + n, 32 - n, ".%03dZ", ms);
}
