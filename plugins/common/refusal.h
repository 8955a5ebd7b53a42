/* SPDX-License-Identifier: MIT */
/* Learns from an answer that refuses a member of the request: it is not sent again to this service, and the error becomes
 * one that passes, because the next request will be another one. */
#ifndef PLUGINS_COMMON_REFUSAL_H
#define PLUGINS_COMMON_REFUSAL_H

#include "oaierr.h"
#include "service.h"

/* Returns 1 if a member was dropped that was sent until now. */
int refusal_learn(struct oaierr *e, struct service *s);
/* Makes the error one that passes; `words` say what was learnt. */
void refusal_remembered(struct oaierr *e, const char *words);

#endif
