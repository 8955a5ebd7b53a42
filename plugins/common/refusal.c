/* SPDX-License-Identifier: MIT */
/* A service names the member it refuses in a field, or quotes it in its sentence. Only members that could be left out are
 * looked for, so a wrong guess costs a setting of taste, never a text. */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

void refusal_remembered(struct oaierr *e, const char *words)
{
    char *hint = strstr(e->text, " (");
    size_t used = hint ? (size_t)(hint - e->text) : strlen(e->text);

    e->code = SY_EAGAIN;
    e->retry_ms = 1;
    if (used > sizeof e->text - 80)
        used = sizeof e->text - 80;
    snprintf(e->text + used, sizeof e->text - used, " (%s)", words);
}

/* Is the word there, with no letter beside it? */
static int names(const char *text, const char *word)
{
    const char *at = text;
    size_t n = strlen(word);

    while ((at = strstr(at, word)) != NULL) {
        if ((at == text || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1])) &&
            (!at[n] || !strchr("abcdefghijklmnopqrstuvwxyz_", at[n])))
            return 1;
        at += n;
    }
    return 0;
}

static int is_about_members(const struct oaierr *e)
{
    static const char *const signs[] = {"nsupported", "not support", "not allowed", "deprecated", "not permitted",
                                        "nrecognized", "nknown", "removed", "does not take"};

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strstr(e->text, signs[i]))
            return 1;
    return 0;
}

int refusal_learn(struct oaierr *e, struct service *s)
{
    char words[100];

    if (e->code != SY_EREQUEST || (e->status != 400 && e->status != 422) || !is_about_members(e))
        return 0;
    for (size_t i = 0; s->members[i]; i++) {
        if (strcmp(e->param, s->members[i]) != 0 && (e->param[0] || !names(e->text, s->members[i])))
            continue;
        if (!service_drop(s, text_c(s->members[i])))
            continue;
        snprintf(words, sizeof words, "%s is left out from now on", s->members[i]);
        refusal_remembered(e, words);
        return 1;
    }
    return 0;
}
