/* SPDX-License-Identifier: MIT */
/* HTTP signatures by the user's RSA key, as the vendor's config file names it. A profile's section inherits from DEFAULT.
 * Signed are the date, the target, the host, and the body with its type and length. */
#include "../common/crypto.h"
#include "../common/ini.h"
#include "../ext/credentials.h"
#include "../ext/sign.h"
#include "oracle.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct sy_str variable(const struct oracle *p, const char *name)
{
    return p->from ? p->from->env(p->s.host->ctx, name) : (struct sy_str){NULL, 0};
}

static struct sy_str first_variable(const struct oracle *p, const char *a, const char *b)
{
    struct sy_str s = variable(p, a);

    return s.n > 0 ? s : variable(p, b);
}

static int read_file(const struct oracle *p, struct sy_str path, struct sy_str *text)
{
    char room[1024];

    *text = (struct sy_str){NULL, 0};
    if (!p->from)
        return SY_OK;
    if (path.n >= sizeof room)
        return service_fail(&p->s, SY_EREQUEST, "the path of a credential file is too long");
    snprintf(room, sizeof room, "%.*s", (int)path.n, path.p);
    return p->from->file(p->s.host->ctx, room, text);
}

struct profile {
    struct sy_str text;
    char name[120];
};

static int read_profile(struct oracle *p, struct profile *f)
{
    struct sy_str path = p->config_file, name = p->profile;

    if (path.n == 0)
        path = first_variable(p, "OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE");
    if (path.n == 0)
        path = TEXT("~/.oci/config");
    if (name.n == 0)
        name = first_variable(p, "OCI_CONFIG_PROFILE", "OCI_CLI_PROFILE");
    if (name.n == 0)
        name = TEXT("DEFAULT");
    snprintf(f->name, sizeof f->name, "%.*s", (int)(name.n > 119 ? 119 : name.n), name.p);
    return read_file(p, path, &f->text);
}

static struct sy_str get(const struct profile *f, const char *key)
{
    struct sy_str s = ini_get(f->text, f->name, key);

    return s.n > 0 ? s : ini_get(f->text, "DEFAULT", key);
}

/* ---- the place ---- */

static int is_region(struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
            return 0;
    return s.n > 0 && s.n < 40;
}

int oracle_place(struct oracle *p, struct oracle_place *place)
{
    struct sy_str region = p->region, compartment = p->compartment;
    struct profile f;
    int r = read_profile(p, &f);

    if (r < 0)
        return r;
    if (region.n == 0)
        region = first_variable(p, "OCI_REGION", "OCI_CLI_REGION");
    if (region.n == 0)
        region = get(&f, "region");
    if (compartment.n == 0)
        compartment = variable(p, "OCI_COMPARTMENT_ID");
    if (compartment.n == 0)
        compartment = get(&f, "tenancy"); /* the root compartment has the tenancy's name */
    if (region.n == 0 && !p->has_base)
        return service_fail(&p->s, SY_EREQUEST, "no region: set the option region, or region in ~/.oci/config");
    if (region.n > 0 && !is_region(region))
        return p->s.host->fail(p->s.host->ctx, SY_EREQUEST, "region '%.*s' is none, such as us-chicago-1",
                               (int)(region.n > 40 ? 40 : region.n), region.p);
    if (compartment.n >= sizeof place->compartment)
        return service_fail(&p->s, SY_EREQUEST, "compartment is too long");
    snprintf(place->region, sizeof place->region, "%.*s", (int)region.n, region.p ? region.p : "");
    snprintf(place->compartment, sizeof place->compartment, "%.*s", (int)compartment.n, compartment.p ? compartment.p : "");
    return SY_OK;
}

/* ---- the signature ---- */

static struct sy_str header_of(const struct sy_unsigned *what, const char *name)
{
    const char *at = (const char *)what->header;

    for (size_t i = 0; i < what->nheader; i++, at += what->header_stride) {
        const struct sy_header *h = (const struct sy_header *)(const void *)at;

        if (text_eq_nocase(h->name, name))
            return h->value;
    }
    return (struct sy_str){NULL, 0};
}

static int add_date(struct bytes *out, int64_t now_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;

    if (now_ms < 0 || !gmtime_r(&t, &tm))
        return 0;
    bytes_addf(out, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
               tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return 1;
}

struct signing {
    struct bytes date, hash, text, signature, authorization;
    struct sy_str key, pass, token;
    struct profile f;
};

static void write_text(struct signing *s, const struct sy_unsigned *what)
{
    const char *from = memmem(what->url.p, what->url.n, "://", 3), *end = what->url.p + what->url.n, *slash;
    struct sy_str type = header_of(what, "content-type");

    from = from ? from + 3 : what->url.p;
    slash = memchr(from, '/', (size_t)(end - from));
    bytes_addf(&s->text, "x-date: %s\n(request-target): ", s->date.p);
    for (const char *m = what->method; *m; m++)
        bytes_addc(&s->text, (char)(*m | 0x20));
    bytes_addc(&s->text, ' ');
    bytes_addstr(&s->text, slash ? (struct sy_str){slash, (size_t)(end - slash)} : TEXT("/"));
    bytes_addstr(&s->text, TEXT("\nhost: "));
    bytes_addstr(&s->text, (struct sy_str){from, (size_t)((slash ? slash : end) - from)});
    bytes_addstr(&s->text, TEXT("\ncontent-type: "));
    bytes_addstr(&s->text, type);
    bytes_addf(&s->text, "\ncontent-length: %zu\nx-content-sha256: %s", what->body.n, s->hash.p);
}

static void write_authorization(struct signing *s)
{
    bytes_addstr(&s->authorization, TEXT("Signature version=\"1\",keyId=\""));
    if (s->token.n > 0) {
        bytes_addstr(&s->authorization, TEXT("ST$"));
        bytes_addstr(&s->authorization, text_trim(s->token));
    } else {
        bytes_addstr(&s->authorization, get(&s->f, "tenancy"));
        bytes_addc(&s->authorization, '/');
        bytes_addstr(&s->authorization, get(&s->f, "user"));
        bytes_addc(&s->authorization, '/');
        bytes_addstr(&s->authorization, get(&s->f, "fingerprint"));
    }
    bytes_addstr(&s->authorization, TEXT("\",algorithm=\"rsa-sha256\",headers=\"x-date (request-target) host content-type "
                                         "content-length x-content-sha256\",signature=\""));
    add_base64(&s->authorization, bytes_str(&s->signature));
    bytes_addc(&s->authorization, '"');
}

/* What the profile must say; a session's token stands for the names. */
static int check_profile(const struct oracle *p, const struct profile *f)
{
    static const char *const needed[] = {"key_file", "tenancy", "user", "fingerprint"};
    size_t n = get(f, "security_token_file").n > 0 ? 1 : 4;
    const struct sy_host *host = p->s.host;

    if (f->text.n == 0)
        return service_fail(&p->s, SY_EAUTH, "no credentials: configure a key, or make ~/.oci/config with 'oci setup config'");
    if (!ini_has(f->text, f->name))
        return host->fail(host->ctx, SY_EAUTH, "there is no profile '%s' in the config file", f->name);
    for (size_t i = 0; i < n; i++)
        if (get(f, needed[i]).n == 0)
            return host->fail(host->ctx, SY_EAUTH, "profile '%s' has no %s", f->name, needed[i]);
    return SY_OK;
}

static int read_keys(struct oracle *p, struct signing *s)
{
    const struct sy_host *host = p->s.host;
    struct sy_str path, token;
    int r = read_profile(p, &s->f);

    if (r >= 0)
        r = check_profile(p, &s->f);
    if (r < 0)
        return r;
    path = get(&s->f, "key_file");
    token = get(&s->f, "security_token_file");
    s->pass = get(&s->f, "pass_phrase");
    r = read_file(p, path, &s->key);
    if (r >= 0 && s->key.n == 0)
        r = host->fail(host->ctx, SY_EAUTH, "there is no key_file '%.*s'", (int)(path.n > 120 ? 120 : path.n), path.p);
    if (r >= 0 && token.n > 0)
        r = read_file(p, token, &s->token);
    if (r >= 0 && token.n > 0 && s->token.n == 0)
        r = service_fail(&p->s, SY_EAUTH, "there is no security_token_file; run 'oci session authenticate'");
    return r;
}

static int make(struct oracle *p, struct signing *s, const struct sy_unsigned *what)
{
    unsigned char raw[SHA256_BYTES];
    const char *problem;
    int r = read_keys(p, s);

    if (r < 0)
        return r;
    if (!add_date(&s->date, what->now_ms) || !crypto_sha256(what->body, raw))
        return service_fail(&p->s, SY_EINTERNAL, "the request could not be signed");
    add_base64(&s->hash, (struct sy_str){(char *)raw, sizeof raw});
    write_text(s, what);
    problem = crypto_rsa_sha256(s->key, s->pass, bytes_str(&s->text), &s->signature);
    if (problem)
        return p->s.host->fail(p->s.host->ctx, SY_EAUTH, "the key_file of profile '%s' %s", s->f.name, problem);
    write_authorization(s);
    if (s->text.failed || s->authorization.failed)
        return service_fail(&p->s, SY_EINTERNAL, "the request could not be signed");
    return SY_OK;
}

int oracle_sign(void *self, void *x, const struct sy_unsigned *what, const struct sy_http *http)
{
    struct oracle *p = self;
    struct signing s = {.key = {NULL, 0}};
    int r;

    (void)x;
    if (what->has_key)
        return SY_OK;
    if (!p->from)
        return service_fail(&p->s, SY_EAUTH, "no key configured, and this program has no credentials to give");
    bytes_init(&s.date, 64);
    bytes_init(&s.hash, 64);
    bytes_init(&s.text, 16 << 10);
    bytes_init(&s.signature, 2048);
    bytes_init(&s.authorization, 12 << 10);
    r = make(p, &s, what);
    if (r >= 0)
        r = http->header(http->ctx, TEXT("X-Date"), bytes_str(&s.date), 0);
    if (r >= 0)
        r = http->header(http->ctx, TEXT("X-Content-Sha256"), bytes_str(&s.hash), 0);
    if (r >= 0)
        r = http->header(http->ctx, TEXT("Authorization"), bytes_str(&s.authorization), SY_SECRET);
    bytes_fini(&s.date);
    bytes_fini(&s.hash);
    bytes_fini(&s.text);
    bytes_fini(&s.signature);
    bytes_wipe(&s.authorization); /* a session's token is a secret */
    return r;
}
