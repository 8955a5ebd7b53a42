/* SPDX-License-Identifier: MIT */
/* What to change when an exchange failed, in the words of the configuration: added to the service's own words, which know
 * nothing of it. Silent where there is nothing to change (a busy service) or where the words say it (a bad parameter). */
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/provider_priv.h"

#include <stdio.h>
#include <string.h>

/* " and providers.x.base_url", or the region's, if the address depends on one of them. */
static const char *address_key(const struct provider *p, char *room, size_t size)
{
    const struct config_provider *cfg = p->cfg;
    static const char *const keys[] = {"base_url", "region"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (json_object_get(cfg->options, keys[i])) {
            snprintf(room, size, " and providers.%.40s.%s", cfg->name, keys[i]);
            return room;
        }
    return provider_signs(p) ? " and the region" : "";
}

static void mend_key(const struct provider *p, char *out, size_t size)
{
    const struct config_provider *cfg = p->cfg;
    bool vendor = cfg->key_source == KEY_NONE && provider_signs(p);
    char room[80];

    if (vendor)
        snprintf(out, size, "check the credentials");
    else if (cfg->key_source == KEY_NONE)
        snprintf(out, size, "check providers.%.40s.key", cfg->name);
    else
        snprintf(out, size, "check the key in %s%.60s", cfg->key_source == KEY_ENV ? "" : "the file ", cfg->key_ref);
    if (provider_signs(p))
        snprintf(out + strlen(out), size - strlen(out), "%s", address_key(p, room, sizeof room));
}

static bool is_about_trust(const struct err *e)
{
    return strstr(e->text, "no secure connection") && strstr(e->text, "certificate");
}

static void mend_text(const struct provider *p, const struct exchange_report *r, const struct err *e, char *out, size_t size)
{
    char room[80];
    const char *address = address_key(p, room, sizeof room); /* "" or " and ..." */

    switch (e->code) {
    case ERR_AUTH:
        if (r->http_status) /* else it is our own sentence, or the plugin's, which names the place already */
            mend_key(p, out, size);
        break;
    case ERR_NOT_FOUND:
        snprintf(out, size, "check the target's model%s", address);
        break;
    case ERR_QUOTA:
        snprintf(out, size, "check the plan and the balance of the account");
        break;
    case ERR_RATE:
        if (r->retry_after_ms)
            snprintf(out, size, "ask again in %llu s", (unsigned long long)(r->retry_after_ms + 999) / 1000);
        break;
    case ERR_LOADING:
        snprintf(out, size, "ask again in a moment");
        break;
    case ERR_IO:
    case ERR_PROTO:
    case ERR_TIMEOUT:
        if (is_about_trust(e))
            snprintf(out, size, "check%s, or name the certificate in SSL_CERT_FILE", *address ? address + 4 : " the network");
        else if (!r->http_status)
            snprintf(out, size, "check the network%s", address);
        break;
    default:
        break;
    }
}

void provider_mend(const struct provider *p, const struct exchange_report *r, struct err *e)
{
    char mend[160] = "";
    struct err whole = {0};
    size_t room;

    mend_text(p, r, e, mend, sizeof mend);
    if (!mend[0])
        return;
    room = sizeof e->text - 3 - strlen(mend);
    if (strlen(e->text) > room)
        e->text[utf8_whole((struct str){e->text, room})] = '\0';
    err_set(&whole, e->code, "%s; %s", e->text, mend);
    *e = whole;
}
