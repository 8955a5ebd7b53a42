/* SPDX-License-Identifier: MIT */
/* "sy.credentials/1": a host extension for providers whose vendor keeps credentials in places of its own.
 *
 * Ask for it with host->extension(); ctx is that of struct sy_host. The host reads, the plugin understands: what a file
 * or a command's output means is the vendor's format and the plugin's business. Results are borrowed until the present
 * call of begin(), models() or sign() returns, and are wiped then: derive, do not keep. No other call may ask. */
#ifndef SWITCHYARD_EXT_CREDENTIALS_H
#define SWITCHYARD_EXT_CREDENTIALS_H

#include "../provider.h"

#define SY_EXT_CREDENTIALS "sy.credentials/1"

struct sy_credentials {
    uint32_t size;
    /* A variable of the environment; p is NULL if it is not set or empty. */
    struct sy_str (*env)(void *ctx, const char *name);
    /* A whole file of at most 64 KiB. The path is absolute or begins with "~/". No such file: SY_OK, p is NULL. A file that
     * is not the user's own, or that others may write, is refused: then, as for every failure, the sentence is set. */
    int (*file)(void *ctx, const char *path, struct sy_str *ret);
    /* What a command of the user's own configuration prints, at most 64 KiB. It is cut into words as a shell would, but no
     * shell runs. max_age_ms: 0 takes any output that is remembered, else only one as young as that. SY_EAGAIN: it is
     * running now; return that from the present call, and the host begins the exchange anew once it has ended. */
    int (*command)(void *ctx, const char *line, uint64_t max_age_ms, struct sy_str *ret);
};

#endif
