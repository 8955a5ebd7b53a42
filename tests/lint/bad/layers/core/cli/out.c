/* SPDX-License-Identifier: MIT */
#include "core/base/json.h"
