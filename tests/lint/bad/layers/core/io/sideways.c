/* SPDX-License-Identifier: MIT */
#include "core/doc/rope.h"
