/* SPDX-License-Identifier: MIT */
#include "own.h"
#include "plugins/provider.h"
#include "core/base/str.h"
#include "plugins/local/copy.h"
