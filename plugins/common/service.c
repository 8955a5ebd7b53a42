/* SPDX-License-Identifier: MIT */
/* Reads what all services over HTTP are configured with, and says at the option what is wrong with it. A URL is shown to
 * the user only if it can hold no password. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

struct sy_str service_option(const struct sy_host *host, const char *key)
{
    return text_trim(host->option(host->ctx, key));
}

int service_fail(const struct service *s, int code, const char *sentence)
{
    return s->host->fail(s->host->ctx, code, "%s", sentence);
}

/* The part of a URL between "://" and the first of "/?#". */
static struct sy_str host_of(struct sy_str url)
{
    const char *from = memmem(url.p, url.n, "://", 3);
    struct sy_str s;

    if (!from)
        return (struct sy_str){url.p, 0};
    s = (struct sy_str){from + 3, 0};
    while (s.p + s.n < url.p + url.n && !strchr("/?#", s.p[s.n]))
        s.n++;
    return s;
}

static int has_prefix(struct sy_str s, const char *prefix)
{
    return s.n >= strlen(prefix) && memcmp(s.p, prefix, strlen(prefix)) == 0;
}

static int has_suffix(struct sy_str s, const char *suffix)
{
    size_t n = strlen(suffix);

    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

/* Why a URL cannot be used, or NULL. */
static const char *base_problem(struct sy_str url)
{
    struct sy_str host = host_of(url);

    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
            return "has a blank or a control character in it";
    if (!has_prefix(url, "http://") && !has_prefix(url, "https://"))
        return "must begin with http:// or https://";
    if (host.n == 0 || *host.p == ':')
        return "names no host";
    if (memchr(host.p, '@', host.n))
        return "must not contain a user or a password; keys have a setting of their own";
    if (memchr(url.p, '#', url.n))
        return "must not contain a fragment (#)";
    return NULL;
}

static int is_loopback(struct sy_str host)
{
    return has_prefix(host, "127.") || has_prefix(host, "localhost") || has_prefix(host, "[::1]");
}

static int refuse_base(const struct sy_host *host, struct sy_str url, const char *problem, const char *rest)
{
    /* What stands before an @ may be a password, and the sentence will be shown and logged. */
    if (memchr(url.p, '@', url.n))
        return host->fail(host->ctx, SY_EREQUEST, "base_url %s%s", problem, rest);
    return host->fail(host->ctx, SY_EREQUEST, "base_url '%.*s' %s%s", (int)(url.n > 100 ? 100 : url.n), url.p, problem, rest);
}

/* Cuts a URL into the part before its query, without slashes at the end, and the query with its mark. */
static void split_query(struct sy_str url, struct sy_str *where, struct sy_str *query)
{
    const char *mark = memchr(url.p, '?', url.n);

    *where = url;
    if (mark)
        where->n = (size_t)(mark - url.p);
    *query = (struct sy_str){url.p + where->n, url.n - where->n};
    while (where->n > 0 && where->p[where->n - 1] == '/')
        where->n--;
}

static int set_base(struct service *s, const struct service_kind *kind)
{
    const struct sy_host *host = s->host;
    struct sy_str url = service_option(host, "base_url"), where, query;
    const char *problem;

    if (url.n == 0)
        url = text_c(kind->base);
    problem = base_problem(url);
    if (problem)
        return refuse_base(host, url, problem, "");
    split_query(url, &where, &query);
    for (const char *const *tail = kind->tails; *tail; tail++)
        if (has_suffix(where, *tail))
            return refuse_base(host, url, "must be ", kind->base_is);
    s->base = strndup(where.p, where.n);
    s->query = strndup(query.p ? query.p : "", query.n);
    if (!s->base || !s->query)
        return host->fail(host->ctx, SY_EINTERNAL, "out of memory");
    if (has_prefix(url, "http://") && !is_loopback(host_of(url)))
        host->log(host->ctx, SY_LOG_WARN, "base_url is http to another machine: texts and key travel unencrypted");
    return SY_OK;
}

int service_header_option(const struct sy_host *host, const char *key, struct sy_str *ret)
{
    *ret = service_option(host, key);
    for (size_t i = 0; i < ret->n; i++)
        if ((unsigned char)ret->p[i] < ' ' || ret->p[i] == 0x7f)
            return host->fail(host->ctx, SY_EREQUEST, "%s has a control character in it", key);
    return SY_OK;
}

static int member_index(const struct service *s, struct sy_str member)
{
    for (int i = 0; s->members[i] && i < 32; i++)
        if (text_eq(member, s->members[i]))
            return i;
    return -1;
}

static int check_accepts(const struct service *s)
{
    struct sy_str rest = s->accepts;
    struct bytes known;
    int r = SY_OK;

    bytes_init(&known, 400);
    for (size_t i = 0; s->members[i]; i++)
        bytes_addf(&known, "%s%s", i == 0 ? "" : s->members[i + 1] ? ", " : " and ", s->members[i]);
    for (struct sy_str word = text_word(&rest); word.n > 0 && r == SY_OK; word = text_word(&rest))
        if (member_index(s, word) < 0)
            r = s->host->fail(s->host->ctx, SY_EREQUEST, "accepts has an unknown word '%.*s'; it knows %s",
                              (int)(word.n > 40 ? 40 : word.n), word.p, known.p);
    bytes_fini(&known);
    return r;
}

int service_init(struct service *s, const struct sy_host *host, const struct service_kind *kind)
{
    int r;

    *s = (struct service){.host = host, .members = kind->members, .auth = kind->auth, .key_optional = kind->key_optional};
    if (kind->key_header)
        memcpy(s->key_header, kind->key_header, strlen(kind->key_header) + 1);
    s->about = s->learnt;
    s->accepts = service_option(host, "accepts");
    s->fim_format = service_option(host, "fim_format");
    r = set_base(s, kind);
    return r < 0 ? r : check_accepts(s);
}

void service_fini(struct service *s)
{
    free(s->base);
    free(s->query);
    s->base = s->query = NULL;
}

int service_takes(const struct service *s, const char *member)
{
    int i = member_index(s, text_c(member));

    return i < 0 || ((s->accepts.n == 0 || text_has(s->accepts, member)) && !(s->about->dropped >> i & 1));
}

int service_drop(struct service *s, struct sy_str member)
{
    int i = member_index(s, member);

    if (i < 0 || !service_takes(s, s->members[i]))
        return 0;
    s->about->dropped |= (uint32_t)1 << i;
    return 1;
}

void service_about(struct service *s, struct sy_str model)
{
    struct learnt *l;

    if (model.n >= sizeof s->about->model)
        model.n = sizeof s->about->model - 1;
    for (l = s->learnt; l < s->learnt + SERVICE_LEARNS; l++) {
        if (l->model[0] && text_eq(model, l->model)) {
            s->about = l;
            return;
        }
    }
    s->about = &s->learnt[s->next++ % SERVICE_LEARNS];
    *s->about = (struct learnt){.dropped = 0};
    if (model.n > 0)
        memcpy(s->about->model, model.p, model.n);
}

struct sy_str service_host(const struct service *s)
{
    return host_of(text_c(s->base));
}

int service_is_at(const struct service *s, const char *domain)
{
    struct sy_str host = service_host(s);
    size_t n = strlen(domain);
    const char *port = memchr(host.p, ':', host.n);

    if (port)
        host.n = (size_t)(port - host.p);
    if (host.n > n && host.p[host.n - n - 1] == '.') {
        host.p += host.n - n;
        host.n = n;
    }
    return text_eq_nocase(host, domain);
}

int service_describe(const struct service *s, const struct sy_http *http, const char *method, struct sy_str path)
{
    struct bytes url;
    int r;

    bytes_init(&url, 4096);
    bytes_addstr(&url, text_c(s->base));
    bytes_addstr(&url, path);
    /* A path may bring a query of its own. */
    if (s->query[0] && path.n > 0 && memchr(path.p, '?', path.n))
        bytes_addf(&url, "&%s", s->query + 1);
    else
        bytes_addstr(&url, text_c(s->query));
    r = url.failed ? service_fail(s, SY_EREQUEST, "base_url is too long") : http->line(http->ctx, method, bytes_str(&url));
    bytes_fini(&url);
    if (r < 0 || s->auth == SY_AUTH_NONE)
        return r;
    return http->auth(http->ctx, s->auth, s->auth == SY_AUTH_HEADER ? s->key_header : NULL, s->key_optional);
}

int service_header(const struct sy_http *http, const char *name, struct sy_str value)
{
    return value.n > 0 ? http->header(http->ctx, text_c(name), value, 0) : SY_OK;
}
