/* SPDX-License-Identifier: MIT */
/* How long a service asks to be left alone: Retry-After in its forms. Pure; knows neither HTTP nor providers. */
#ifndef CORE_ENGINE_RETRY_H
#define CORE_ENGINE_RETRY_H

#include "core/base/str.h"
#include <stdint.h>

/* Milliseconds to wait, 0 if nothing usable was told. `ms` is the value of retry-after-ms, `after` of retry-after: seconds,
 * whole or not, or an HTTP date in any of its three forms. A date counts from `date`, the answer's own Date header, so that
 * a wrong clock here does no harm; without one from wall_ms. More than a day is cut to a day. */
uint64_t retry_after_ms(struct str ms, struct str after, struct str date, int64_t wall_ms);

#endif
