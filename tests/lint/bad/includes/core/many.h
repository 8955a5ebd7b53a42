/* SPDX-License-Identifier: MIT */
#include "a.h"
#include "b.h"
#include "c.h"
#include <stdio.h>
