/* SPDX-License-Identifier: MIT */
#include "core/engine/session.h"
#include "core/io/http.h"
#include <tree_sitter/api.h>
