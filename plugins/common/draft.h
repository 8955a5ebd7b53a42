/* SPDX-License-Identifier: MIT */
/* What all request bodies have in common while they are written: the target's params laid over ours (a member there
 * replaces ours, null leaves it out), stop strings, other files, and the words with which a model that was only trained
 * to chat is asked to fill a hole. Knows no protocol. */
#ifndef PLUGINS_COMMON_DRAFT_H
#define PLUGINS_COMMON_DRAFT_H

#include "jsonw.h"
#include "service.h"

struct json_t;
struct fim_format;

#define DRAFT_MAX ((size_t)8 << 20)

struct draft {
    const struct service *s;
    const struct sy_request *req;
    struct json_t *params; /* NULL, or an object */
    struct bytes out, prompt;
    struct jsonw w;
    int no_blank_stops; /* the service refuses stop strings of nothing but blanks */
};

extern const char draft_hole_system[]; /* how a hole is explained to a chat model */

/* Reads the params; `ours`: members that they may not have, NULL at the end. draft_fini() is right after both. */
int draft_init(struct draft *d, struct service *s, const struct sy_request *req, const char *const *ours);
void draft_fini(struct draft *d);

/* May this member be written? By accepts and by params; params of the part `in` where that is not NULL. */
int draft_wants(const struct draft *d, const char *in, const char *member);
/* The params themselves, or those of one part of them. `but`: parts that are written elsewhere, NULL at the end. */
void draft_params(struct draft *d, const char *in, const char *const *but);

void draft_member(struct draft *d, const char *key, struct sy_str text);
void draft_stops(struct draft *d, const char *key, size_t max, const struct fim_format *f, int by_line);

/* Append to d->prompt. */
void draft_add_files(struct draft *d);
void draft_add_system(struct draft *d); /* the request's own, and its files */
void draft_add_hole(struct draft *d);

const struct sy_msg *draft_message(const struct draft *d, size_t i);
int draft_role(const struct sy_msg *m); /* SY_ROLE_*, whatever it said */

/* How a hole is to be sent, by request and option: *f is the family of a raw prompt, else *word is "suffix" (the service's
 * own way) or "chat". no_suffix: the service refused its own way before (2: also where there is no suffix), so the
 * provider's fim_format is used instead; where that names none, nothing is sent in vain. */
int draft_family(struct draft *d, int no_suffix, const struct fim_format **f, struct sy_str *word);

int draft_chat_only(struct draft *d); /* SY_OK, or the refusal of a format that a service without holes cannot take */

/* Messages of {role, content}, as OpenAI has them and others took over; for a hole, the words that ask a chat model. */
void draft_chat_message(struct draft *d, const char *role, struct sy_str text);
void draft_chat_messages(struct draft *d, int with_system);

/* Hands the finished body over, or says that it is too long. */
int draft_send(struct draft *d, const struct sy_http *http);

#endif
