/* SPDX-License-Identifier: MIT */
#include "plugins/provider.h"
