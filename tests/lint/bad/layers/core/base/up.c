/* SPDX-License-Identifier: MIT */
#include "core/lsp/rpc.h"
#include <curl/curl.h>
int session;
