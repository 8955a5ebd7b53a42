/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
/* stdout may be said here, and "core/lsp/x.h" */
