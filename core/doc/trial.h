/* SPDX-License-Identifier: MIT */
/* What the syntax would be if some text were put in: does it add errors, where does its first unit end?
 *
 * The document is not touched: the text goes into a new rope and an edited copy of the tree, which is parsed within a
 * budget. One trial answers several questions about one candidate. Loop thread. */
#ifndef CORE_DOC_TRIAL_H
#define CORE_DOC_TRIAL_H

#include "core/doc/syntax.h"

struct trial;

#define TRIAL_BUDGET_US 70000

/* `text` instead of [start, end). NULL if it could not be parsed in time, which includes bringing the document's own
 * tree up to date first; then nothing is known. */
struct trial *trial_new(struct syntax *s, size_t start, size_t end, struct str text, uint64_t budget_us);
void trial_free(struct trial *t);

/* Broken places from three lines before the text to the end of what is parsed, without and with it. */
size_t trial_errors_before(const struct trial *t);
size_t trial_errors_after(const struct trial *t);

/* How much of the text, in bytes, belongs to what it begins on its first line: a statement, or the whole block if it
 * opens one. All of it if the unit reaches into what follows; 0 if there is no such unit. */
size_t trial_unit(const struct trial *t);

#endif
