/* SPDX-License-Identifier: MIT */
/* Answers in the shape of OpenAI's chat and text completions, which many services share, as functions of a reader_kind. */
#ifndef PLUGINS_COMMON_CHOICES_H
#define PLUGINS_COMMON_CHOICES_H

#include "reader.h"

void choices_event(struct reader *r, struct sy_str type, struct sy_str json);
int choices_document(struct reader *r, struct sy_str json);
int choices_conclude(struct reader *r);

/* Is there an error in this object? Then it was told. */
int choices_failed(struct reader *r, struct sy_str json);
/* Usage as chat and text completions tell it. */
void choices_usage(struct reader *r, struct sy_str usage, int final);

/* The list of models in the shape of GET /models. */
extern const struct reader_kind choices_models;

#endif
