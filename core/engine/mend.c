/* SPDX-License-Identifier: MIT */
/* What to change when an exchange failed, in the words of the configuration: added to the service's own words, which know
 * nothing of it. Silent where there is nothing to change (a busy service) or where the words say it (a bad parameter). */
#include "core/base/mem.h"
#include "core/base/utf.h"
#include "core/engine/provider_priv.h"

#include <stdio.h>
#include <string.h>

/* "providers.x.base_url", or the region's, if the address depends on one of them. */
static const char *address_key(const struct config_provider *cfg, char *room, size_t size)
{
    static const char *const keys[] = {"base_url", "region"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (json_object_get(cfg->options, keys[i])) {
            snprintf(room, size, " and providers.%.40s.%s", cfg->name, keys[i]);
            return room;
        }
    return "";
}

static bool is_about_trust(const struct err *e)
{
    return strstr(e->text, "no secure connection") && strstr(e->text, "certificate");
}

static void mend_text(const struct config_provider *cfg, const struct exchange_report *r, const struct err *e, char *out, size_t size)
{
    bool region = json_object_get(cfg->options, "region") != NULL;
    char room[80];

    switch (e->code) {
    case ERR_AUTH:
        if (!r->http_status)
            break; /* our own sentence, or the plugin's, which names the place already */
        if (cfg->key_source == KEY_NONE)
            snprintf(out, size, "check %s%.40s%s", region ? "the credentials" : "providers.", region ? "" : cfg->name, region ? "" : ".key");
        else
            snprintf(out, size, "check the key in %s%.60s", cfg->key_source == KEY_ENV ? "" : "the file ", cfg->key_ref);
        if (region)
            snprintf(out + strlen(out), size - strlen(out), "%s", address_key(cfg, room, sizeof room));
        break;
    case ERR_NOT_FOUND:
        snprintf(out, size, "check the target's model%s", address_key(cfg, room, sizeof room));
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
            snprintf(out, size, "check%s, or name the certificate in SSL_CERT_FILE",
                     *address_key(cfg, room, sizeof room) ? room + 4 : " the network");
        else if (!r->http_status)
            snprintf(out, size, "check the network%s", address_key(cfg, room, sizeof room));
        break;
    default:
        break;
    }
}

void provider_mend(const struct config_provider *cfg, const struct exchange_report *r, struct err *e)
{
    char mend[160] = "";
    struct err whole = {0};
    size_t room;

    mend_text(cfg, r, e, mend, sizeof mend);
    if (!mend[0])
        return;
    room = sizeof e->text - 3 - strlen(mend);
    if (strlen(e->text) > room)
        e->text[utf8_whole((struct str){e->text, room})] = '\0';
    err_set(&whole, e->code, "%s; %s", e->text, mend);
    *e = whole;
}
