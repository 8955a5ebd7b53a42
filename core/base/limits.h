/* SPDX-License-Identifier: MIT */
/* Every cap in one list, quoted in the README. Bytes unless the name says otherwise. */
#ifndef CORE_BASE_LIMITS_H
#define CORE_BASE_LIMITS_H

#define MAX_MESSAGE_BYTES (64u << 20)     /* one JSON-RPC message */
#define MAX_HEADER_BYTES (8u << 10)       /* its header block */
#define MAX_JSON_DEPTH 256                /* nesting in any JSON from outside */
#define MAX_DOCUMENT_BYTES (48u << 20)    /* one open document */
#define MAX_DOCUMENTS 1000                /* open at once */
#define MAX_CONFIG_BYTES (1u << 20)
#define MAX_TARGETS 64
#define MAX_ROUTE_TARGETS 16
#define MAX_ATTEMPTS 4                    /* targets tried for one request */
#define MAX_HTTP_REQUEST_BYTES (8u << 20)
#define MAX_HTTP_HEADER_BYTES (64u << 10) /* response headers */
#define MAX_HTTP_REPLY_BYTES (16u << 20)  /* one response body */
#define MAX_COMPLETION_BYTES (64u << 10)  /* text of one completion */
#define MAX_REPLY_TEXT_BYTES (4u << 20)   /* text of one chat answer */
#define MAX_EXPLAIN_BYTES (256u << 10)
#define MAX_PENDING_REQUESTS 1024         /* unanswered requests of one client */
#define MAX_OUTPUT_BYTES (64u << 20)      /* bytes waiting to be read by the client */
#define MAX_DECISIONS 64                  /* decision records kept in memory */
#define MAX_DECISION_FILE_BYTES (1u << 20)
#define MAX_KEY_BYTES (8u << 10)
#define MAX_INDEX_FILES 2000              /* workspace files offered to corpus plugins */
#define MAX_INDEX_FILE_BYTES (512u << 10)
#define MAX_INDEX_BYTES (64u << 20)

#endif
