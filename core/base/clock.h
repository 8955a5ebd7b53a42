/* SPDX-License-Identifier: MIT */
/* Time: one monotonic clock for durations, one wall clock for records. */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_us(void);      /* CLOCK_MONOTONIC, microseconds */
uint64_t clock_ms(void);      /* CLOCK_MONOTONIC, milliseconds */
int64_t clock_wall_ms(void);  /* CLOCK_REALTIME, milliseconds since 1970 */
void clock_iso(int64_t wall_ms, char out[32]); /* "2026-01-02T03:04:05.678Z" */

#endif
