/* SPDX-License-Identifier: MIT */
/* The host's side of signed requests: files, variables and commands that hold credentials (sy.credentials/1), and the
 * signing of a finished request (sy.sign/1). A command runs on a worker; exchanges that need it wait here meanwhile. Knows
 * no vendor's format. What plugins are lent is wiped when their call ends, what is remembered when the provider closes. */
#ifndef CORE_ENGINE_HOST_AUTH_H
#define CORE_ENGINE_HOST_AUTH_H

#include "core/engine/request.h"

/* The table of sy.credentials/1; its ctx is a struct provider. */
#define HOST_CREDENTIALS "sy.credentials/1"
const void *host_credentials(void);

/* Opens and ends a call in which the plugin may ask. True from end: a command is running that the call asked for. */
void host_auth_begin(struct provider *p);
bool host_auth_end(struct provider *p);
void host_auth_close(struct provider *p); /* with the provider */

/* Has exchange_http_resume() called for x when the command ends; host_auth_forget() if x is cancelled before. */
void host_auth_wait(struct exchange *x);
void host_auth_forget(struct exchange *x);

/* Lets the plugin sign what it described. SY_OK where it has no need. */
int host_sign(struct request *r, const struct sy_http *http);

#endif
