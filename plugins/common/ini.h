/* SPDX-License-Identifier: MIT */
/* Files of sections with `key = value` lines, in which clouds keep profiles. Read in place; nothing is built. Indented lines
 * go on with something that nobody here asks for, and are skipped. */
#ifndef PLUGINS_COMMON_INI_H
#define PLUGINS_COMMON_INI_H

#include "bytes.h"

/* The last value of the key in any section of that name; empty if there is none. Section names are compared after the
 * blanks in them are made one, keys without regard to case. */
struct sy_str ini_get(struct sy_str text, const char *section, const char *key);
int ini_has(struct sy_str text, const char *section);

#endif
