/* SPDX-License-Identifier: MIT */
/* Where the region and the credentials come from, in the order of the vendor's own tools: a bearer token, variables, a
 * profile's keys, a profile's command. What needs the vendor's login service (SSO, roles) is left to that command; the
 * sentence says how. Nothing is kept: the host remembers what the command printed, and wipes it. */
#include "../common/crypto.h"
#include "../common/ini.h"
#include "../common/jsonr.h"
#include "../common/sigv4.h"
#include "../ext/credentials.h"
#include "bedrock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SOON_MS 60000
#define FRESH_MS 10000

static struct sy_str variable(const struct bedrock *p, const char *name)
{
    return p->from ? p->from->env(p->s.host->ctx, name) : (struct sy_str){NULL, 0};
}

static struct sy_str first_variable(const struct bedrock *p, const char *a, const char *b)
{
    struct sy_str s = variable(p, a);

    return s.n > 0 ? s : variable(p, b);
}

static int read_file(const struct bedrock *p, const char *name, const char *standard, struct sy_str *text)
{
    struct sy_str path = variable(p, name);
    char room[1024];

    *text = (struct sy_str){NULL, 0};
    if (!p->from)
        return SY_OK;
    if (path.n >= sizeof room)
        return p->s.host->fail(p->s.host->ctx, SY_EREQUEST, "the path in %s is too long", name);
    snprintf(room, sizeof room, "%.*s", (int)path.n, path.p ? path.p : "");
    return p->from->file(p->s.host->ctx, path.n > 0 ? room : standard, text);
}

static int config_file(const struct bedrock *p, struct sy_str *text)
{
    return read_file(p, "AWS_CONFIG_FILE", "~/.aws/config", text);
}

/* The profile's name, and its section in the config file, where only the default goes without a prefix. */
static void profile_name(const struct bedrock *p, char name[120], char section[140])
{
    struct sy_str s = p->profile;

    if (s.n == 0)
        s = first_variable(p, "AWS_PROFILE", "AWS_DEFAULT_PROFILE");
    if (s.n == 0)
        s = TEXT("default");
    snprintf(name, 120, "%.*s", (int)(s.n > 119 ? 119 : s.n), s.p);
    snprintf(section, 140, "%s%s", strcmp(name, "default") == 0 ? "" : "profile ", name);
}

/* ---- region ---- */

/* The fourth part of an ARN. */
static struct sy_str region_of_arn(struct sy_str model)
{
    const char *at = model.p, *end = model.p + model.n, *next;

    if (model.n < 4 || memcmp(at, "arn:", 4) != 0)
        return (struct sy_str){NULL, 0};
    for (int i = 0; i < 3; i++) {
        at = memchr(at, ':', (size_t)(end - at));
        if (!at)
            return (struct sy_str){NULL, 0};
        at++;
    }
    next = memchr(at, ':', (size_t)(end - at));
    return (struct sy_str){at, next ? (size_t)(next - at) : 0};
}

static int is_region(struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
            return 0;
    return 1;
}

int bedrock_region(struct bedrock *p, struct sy_str model)
{
    struct sy_str s = p->region, text;
    char name[120], section[140];
    int r;

    if (s.n == 0)
        s = region_of_arn(model);
    if (s.n == 0)
        s = first_variable(p, "AWS_REGION", "AWS_DEFAULT_REGION");
    if (s.n == 0) {
        r = config_file(p, &text);
        if (r < 0)
            return r;
        profile_name(p, name, section);
        s = ini_get(text, section, "region");
        if (s.n == 0 && strcmp(name, "default") == 0)
            s = ini_get(text, "profile default", "region");
    }
    if (s.n == 0)
        return service_fail(&p->s, SY_EREQUEST, "no region: set the option region, or AWS_REGION");
    if (s.n >= sizeof p->signing_region || !is_region(s))
        return p->s.host->fail(p->s.host->ctx, SY_EREQUEST, "region '%.*s' is none, such as us-east-1",
                               (int)(s.n > 40 ? 40 : s.n), s.p);
    snprintf(p->signing_region, sizeof p->signing_region, "%.*s", (int)s.n, s.p);
    return SY_OK;
}

/* ---- credentials ---- */

struct found {
    struct sigv4 v;
    struct bytes room[3]; /* decoded strings */
};

static int expires_soon(struct sy_str iso, int64_t now_ms)
{
    struct tm tm;
    char text[40];
    const char *rest;
    int hours = 0, minutes = 0;
    int64_t at;

    memset(&tm, 0, sizeof tm);
    snprintf(text, sizeof text, "%.*s", (int)(iso.n > 39 ? 39 : iso.n), iso.p ? iso.p : "");
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return 0; /* long-term keys have no end */
    while (*rest == '.' || (*rest >= '0' && *rest <= '9'))
        rest++;
    at = (int64_t)timegm(&tm) * 1000;
    if (sscanf(rest, "%*1[+-]%2d:%2d", &hours, &minutes) >= 1)
        at += (int64_t)(hours * 60 + minutes) * 60000 * (*rest == '-' ? 1 : -1);
    return at < now_ms + SOON_MS;
}

static int read_output(struct bedrock *p, struct sy_str json, struct found *f)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken"};
    struct sy_str *const to[] = {&f->v.id, &f->v.secret, &f->v.token};

    json = text_trim(json);
    if (!jsonr_is_valid(json) || jsonr_kind(json) != '{')
        return service_fail(&p->s, SY_EAUTH, "the credential_process prints no JSON object");
    if (jsonr_count(jsonr_get(json, "Version")) != 1)
        return service_fail(&p->s, SY_EAUTH, "the credential_process prints something else than \"Version\": 1");
    for (size_t i = 0; i < 3; i++)
        *to[i] = jsonr_string(jsonr_get(json, names[i]), &f->room[i]);
    if (f->v.id.n == 0 || f->v.secret.n == 0)
        return service_fail(&p->s, SY_EAUTH, "the credential_process prints no AccessKeyId or no SecretAccessKey");
    return SY_OK;
}

static int from_command(struct bedrock *p, struct sy_str line, int64_t now_ms, struct found *f)
{
    struct sy_str out, end;
    struct bytes room;
    char text[2000];
    int r;

    if (line.n >= sizeof text)
        return service_fail(&p->s, SY_EREQUEST, "credential_process is too long");
    snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
    r = p->from->command(p->s.host->ctx, text, p->stale ? FRESH_MS : 0, &out);
    if (r < 0)
        return r;
    bytes_init(&room, 200);
    end = jsonr_is_valid(text_trim(out)) ? jsonr_string(jsonr_get(text_trim(out), "Expiration"), &room) : (struct sy_str){NULL, 0};
    if (expires_soon(end, now_ms))
        r = p->from->command(p->s.host->ctx, text, FRESH_MS, &out);
    bytes_fini(&room);
    if (r < 0)
        return r;
    p->stale = 0;
    return read_output(p, out, f);
}

static int from_section(struct sy_str text, const char *section, struct found *f)
{
    f->v.id = ini_get(text, section, "aws_access_key_id");
    f->v.secret = ini_get(text, section, "aws_secret_access_key");
    f->v.token = ini_get(text, section, "aws_session_token");
    return f->v.id.n > 0 && f->v.secret.n > 0;
}

/* Profiles that the vendor's own command line has to log in for. */
static int needs_tool(struct sy_str text, const char *section)
{
    static const char *const keys[] = {"sso_session", "sso_start_url", "role_arn", "web_identity_token_file", "login_session"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (ini_get(text, section, keys[i]).n > 0)
            return 1;
    return 0;
}

static int from_profile(struct bedrock *p, int64_t now_ms, struct found *f)
{
    const struct sy_host *host = p->s.host;
    struct sy_str config, keys, line;
    char name[120], section[140];
    int r = config_file(p, &config);

    if (r >= 0)
        r = read_file(p, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", &keys);
    if (r < 0)
        return r;
    profile_name(p, name, section);
    if (strcmp(name, "default") == 0 && ini_has(config, "profile default"))
        snprintf(section, sizeof section, "profile default");
    if (needs_tool(config, section) && ini_get(config, section, "credential_process").n == 0)
        return host->fail(host->ctx, SY_EAUTH, "profile '%s' needs a login: set credential_process to \"aws configure "
                          "export-credentials --profile %s\"", name, name);
    if (from_section(keys, name, f))
        return SY_OK;
    line = ini_get(config, section, "credential_process");
    if (line.n == 0)
        line = ini_get(keys, name, "credential_process");
    if (line.n > 0)
        return from_command(p, line, now_ms, f);
    if (from_section(config, section, f))
        return SY_OK;
    if (!ini_has(config, section) && !ini_has(keys, name) && strcmp(name, "default") != 0)
        return host->fail(host->ctx, SY_EAUTH, "there is no profile '%s' in ~/.aws/config or ~/.aws/credentials", name);
    return host->fail(host->ctx, SY_EAUTH, "no credentials: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and "
                      "AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws");
}

static int find(struct bedrock *p, int64_t now_ms, struct found *f)
{
    f->v.id = variable(p, "AWS_ACCESS_KEY_ID");
    f->v.secret = variable(p, "AWS_SECRET_ACCESS_KEY");
    f->v.token = variable(p, "AWS_SESSION_TOKEN");
    if (p->process.n > 0)
        return from_command(p, p->process, now_ms, f);
    if (p->profile.n == 0 && f->v.id.n > 0 && f->v.secret.n > 0)
        return SY_OK;
    return from_profile(p, now_ms, f);
}

static int add_bearer(struct bedrock *p, struct sy_str token, const struct sy_http *http)
{
    struct bytes value;
    int r;

    bytes_init(&value, 16 << 10);
    bytes_addstr(&value, TEXT("Bearer "));
    bytes_addstr(&value, text_trim(token));
    r = value.failed ? service_fail(&p->s, SY_EAUTH, "AWS_BEARER_TOKEN_BEDROCK is too long")
                     : http->header(http->ctx, TEXT("Authorization"), bytes_str(&value), SY_SECRET);
    bytes_wipe(&value);
    return r;
}

int bedrock_sign(void *self, void *x, const struct sy_unsigned *what, const struct sy_http *http)
{
    struct bedrock *p = self;
    struct found f = {.v = {.service = TEXT("bedrock"), .keep_path = 1}};
    struct sy_str bearer = variable(p, "AWS_BEARER_TOKEN_BEDROCK");
    int r;

    (void)x;
    if (what->has_key)
        return SY_OK;
    if (!p->from)
        return service_fail(&p->s, SY_EAUTH, "no key configured, and this program has no credentials to give");
    if (bearer.n > 0 && p->profile.n == 0 && p->process.n == 0)
        return add_bearer(p, bearer, http);
    for (size_t i = 0; i < 3; i++)
        bytes_init(&f.room[i], 16 << 10);
    f.v.region = text_c(p->signing_region);
    r = find(p, what->now_ms, &f);
    if (r >= 0)
        r = sigv4_sign(&f.v, what, http);
    if (r == SY_EINTERNAL)
        r = service_fail(&p->s, r, "the request could not be signed");
    for (size_t i = 0; i < 3; i++)
        bytes_wipe(&f.room[i]);
    return r;
}
