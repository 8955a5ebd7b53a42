/* SPDX-License-Identifier: MIT */
#include "plugins/provider.h"
#include <jansson.h>
#include <sqlite3.h>
int f(void) { return printf("x"); }
