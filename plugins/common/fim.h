/* SPDX-License-Identifier: MIT */
/* Prompts for models that fill a hole, by family name (fim.def). An unknown name is refused, never guessed: a model
 * answers a wrong template too, only with nonsense. */
#ifndef PLUGINS_COMMON_FIM_H
#define PLUGINS_COMMON_FIM_H

#include "bytes.h"

struct fim_format;

const struct fim_format *fim_find(struct sy_str name); /* NULL: unknown */
const struct fim_format *fim_next(const struct fim_format *after); /* all of them; NULL begins and ends */
const char *fim_name(const struct fim_format *f);

/* Appends the prompt for a FIM request; with other files where the request has some and the family knows how. */
void fim_prompt(const struct fim_format *f, const struct sy_request *req, struct bytes *out);

/* The stop strings, most important first; NULL begins and ends. */
const char *fim_stop(const struct fim_format *f, const char *after);

/* The sentence for a name that fim_find() does not know; it lists the names. */
const char *fim_unknown(struct sy_str name, struct bytes *room);

#endif
