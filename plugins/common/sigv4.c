/* SPDX-License-Identifier: MIT */
/* Canonical request, string to sign, key, signature. Names of headers and members of the query are sorted as bytes. */
#include "sigv4.h"
#include "crypto.h"

#include <string.h>
#include <time.h>

#define MAX_LIST 64
#define MAX_TEXT ((size_t)128 << 10)

struct pair { /* offsets into the room, which may move */
    size_t name, nname, value, nvalue;
};

struct list {
    struct bytes room;
    struct pair pair[MAX_LIST];
    size_t n;
};

static struct sy_str part(const struct list *l, size_t at, size_t n)
{
    return (struct sy_str){l->room.p ? l->room.p + at : "", n};
}

static int compare(struct sy_str a, struct sy_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return r ? r : (a.n > b.n) - (a.n < b.n);
}

/* By name; equal names by value where `values`, else in the order they came. Lists are short. */
static void sort(struct list *l, int values)
{
    for (size_t i = 1; i < l->n; i++) {
        struct pair p = l->pair[i];
        size_t k = i;

        for (; k > 0; k--) {
            struct pair q = l->pair[k - 1];
            int r = compare(part(l, q.name, q.nname), part(l, p.name, p.nname));

            if (r == 0 && values)
                r = compare(part(l, q.value, q.nvalue), part(l, p.value, p.nvalue));
            if (r <= 0)
                break;
            l->pair[k] = q;
        }
        l->pair[k] = p;
    }
}

/* ---- the parts of a request ---- */

static void add_encoded(struct bytes *out, struct sy_str s, int slash)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        int plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.~", c)) ||
                    (slash && c == '/');

        if (plain)
            bytes_addc(out, (char)c);
        else
            bytes_addf(out, "%%%02X", c);
    }
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_decoded(struct bytes *out, struct sy_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? digit(s.p[i + 2]) : -1;

        bytes_addc(out, low >= 0 ? (char)(high << 4 | low) : s.p[i]);
        i += low >= 0 ? 2 : 0;
    }
}

struct url {
    struct sy_str host, path, query;
};

static struct url cut_url(struct sy_str url)
{
    const char *end = url.p + url.n, *from = memmem(url.p, url.n, "://", 3), *at, *mark;
    struct url u;

    from = from ? from + 3 : url.p;
    for (at = from; at < end && *at != '/' && *at != '?'; at++)
        ;
    u.host = (struct sy_str){from, (size_t)(at - from)};
    mark = memchr(at, '?', (size_t)(end - at));
    u.path = (struct sy_str){at, (size_t)((mark ? mark : end) - at)};
    u.query = mark ? (struct sy_str){mark + 1, (size_t)(end - mark - 1)} : (struct sy_str){end, 0};
    return u;
}

/* Appends the path without empty and dot segments. */
static void add_resolved(struct bytes *out, struct sy_str path)
{
    size_t from = out->n;
    int folder = 1;

    while (path.n > 0) {
        const char *slash = memchr(path.p, '/', path.n);
        struct sy_str s = {path.p, slash ? (size_t)(slash - path.p) : path.n};
        size_t used = s.n + (slash ? 1 : 0);

        folder = slash || text_eq(s, ".") || text_eq(s, "..");
        if (text_eq(s, "..")) {
            while (out->n > from && out->p[--out->n] != '/')
                ;
        } else if (s.n > 0 && !text_eq(s, ".")) {
            bytes_addc(out, '/');
            bytes_addstr(out, s);
        }
        path = (struct sy_str){path.p + used, path.n - used};
    }
    if (folder || out->n == from)
        bytes_addc(out, '/');
}

static void add_path(struct bytes *out, struct sy_str path, int keep)
{
    struct bytes room;

    bytes_init(&room, MAX_TEXT);
    if (keep || path.n == 0)
        bytes_addstr(&room, path.n > 0 ? path : TEXT("/"));
    else
        add_resolved(&room, path);
    add_encoded(out, bytes_str(&room), 1);
    out->failed |= room.failed;
    bytes_fini(&room);
}

static int add_query(struct bytes *out, struct sy_str query)
{
    struct list l = {.n = 0};
    struct bytes plain;

    bytes_init(&l.room, MAX_TEXT);
    bytes_init(&plain, MAX_TEXT);
    while (query.n > 0 && l.n < MAX_LIST) {
        const char *end = memchr(query.p, '&', query.n), *eq;
        struct sy_str s = {query.p, end ? (size_t)(end - query.p) : query.n};
        struct pair *p = &l.pair[l.n];

        query = (struct sy_str){query.p + s.n + (end != NULL), query.n - s.n - (end != NULL)};
        if (s.n == 0)
            continue;
        eq = memchr(s.p, '=', s.n);
        p->name = l.room.n;
        add_decoded(&plain, (struct sy_str){s.p, eq ? (size_t)(eq - s.p) : s.n});
        add_encoded(&l.room, bytes_str(&plain), 0);
        bytes_reset(&plain);
        p->value = l.room.n;
        p->nname = p->value - p->name;
        if (eq)
            add_decoded(&plain, (struct sy_str){eq + 1, (size_t)(s.p + s.n - eq - 1)});
        add_encoded(&l.room, bytes_str(&plain), 0);
        bytes_reset(&plain);
        p->nvalue = l.room.n - p->value;
        l.n++;
    }
    sort(&l, 1);
    for (size_t i = 0; i < l.n; i++) {
        bytes_addstr(out, text_c(i ? "&" : ""));
        bytes_addstr(out, part(&l, l.pair[i].name, l.pair[i].nname));
        bytes_addc(out, '=');
        bytes_addstr(out, part(&l, l.pair[i].value, l.pair[i].nvalue));
    }
    out->failed |= l.room.failed | plain.failed;
    bytes_fini(&l.room);
    bytes_fini(&plain);
    return query.n == 0;
}

/* ---- headers ---- */

/* Never signed, because proxies and transports change them. */
static int is_apart(struct sy_str name)
{
    static const char *const names[] = {"connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding",
                                        "upgrade", "user-agent", "x-amzn-trace-id", "authorization"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_eq_nocase(name, names[i]))
            return 1;
    return name.n > 6 && memcmp(name.p, "proxy-", 6) == 0;
}

static int list_header(struct list *l, struct sy_str name, struct sy_str value)
{
    struct pair *p = &l->pair[l->n];

    if (is_apart(name))
        return 1;
    if (l->n == MAX_LIST)
        return 0;
    p->name = l->room.n;
    for (size_t i = 0; i < name.n; i++)
        bytes_addc(&l->room, (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]));
    p->value = l->room.n;
    p->nname = p->value - p->name;
    value = text_trim(value);
    for (size_t i = 0; i < value.n; i++)
        if (i == 0 || value.p[i] != ' ' || value.p[i - 1] != ' ')
            bytes_addc(&l->room, value.p[i]);
    p->nvalue = l->room.n - p->value;
    l->n++;
    return 1;
}

static int list_headers(struct list *l, const struct sigv4_steps *s, const struct sigv4 *v, const struct sy_unsigned *what,
                        struct sy_str host)
{
    const char *at = (const char *)what->header;
    int ok = list_header(l, TEXT("host"), host) && list_header(l, TEXT("x-amz-date"), text_c(s->date));

    for (size_t i = 0; i < what->nheader && ok; i++, at += what->header_stride) {
        const struct sy_header *h = (const struct sy_header *)(const void *)at;

        ok = text_eq_nocase(h->name, "host") || text_eq_nocase(h->name, "x-amz-date") || list_header(l, h->name, h->value);
    }
    if (ok && v->token.n > 0 && !v->late_token)
        ok = list_header(l, TEXT("x-amz-security-token"), v->token);
    if (ok && !v->leave_body)
        ok = list_header(l, TEXT("x-amz-content-sha256"), text_c(s->hash));
    sort(l, 0);
    return ok && !l->room.failed;
}

static int same_name(const struct list *l, size_t i)
{
    return i > 0 && compare(part(l, l->pair[i - 1].name, l->pair[i - 1].nname), part(l, l->pair[i].name, l->pair[i].nname)) == 0;
}

static void add_headers(struct bytes *out, const struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (same_name(l, i)) {
            out->n--; /* the line end: values of one name are joined */
            bytes_addc(out, ',');
        } else {
            bytes_addstr(out, part(l, l->pair[i].name, l->pair[i].nname));
            bytes_addc(out, ':');
        }
        bytes_addstr(out, part(l, l->pair[i].value, l->pair[i].nvalue));
        bytes_addc(out, '\n');
    }
}

static void add_names(struct bytes *out, const struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (same_name(l, i))
            continue;
        bytes_addstr(out, text_c(i ? ";" : ""));
        bytes_addstr(out, part(l, l->pair[i].name, l->pair[i].nname));
    }
}

/* ---- the signature ---- */

static int hash_text(struct sy_str s, char out[65])
{
    unsigned char raw[SHA256_BYTES];
    struct bytes hex;

    if (!crypto_sha256(s, raw))
        return 0;
    bytes_init(&hex, 128);
    add_hex(&hex, raw, sizeof raw);
    if (hex.p)
        memcpy(out, hex.p, 65);
    bytes_fini(&hex);
    return 1;
}

static int make_canonical(struct sigv4_steps *s, const struct list *l, const struct sigv4 *v, const struct sy_unsigned *what,
                          const struct url *u)
{
    int ok;

    bytes_addf(&s->canonical, "%s\n", what->method);
    add_path(&s->canonical, u->path, v->keep_path);
    bytes_addc(&s->canonical, '\n');
    ok = add_query(&s->canonical, u->query);
    bytes_addc(&s->canonical, '\n');
    add_headers(&s->canonical, l);
    bytes_addc(&s->canonical, '\n');
    add_names(&s->canonical, l);
    bytes_addf(&s->canonical, "\n%s", s->hash);
    return ok && !s->canonical.failed;
}

static void add_scope(struct bytes *out, const struct sigv4_steps *s, const struct sigv4 *v)
{
    bytes_add(out, s->date, 8);
    bytes_addc(out, '/');
    bytes_addstr(out, v->region);
    bytes_addc(out, '/');
    bytes_addstr(out, v->service);
    bytes_addstr(out, TEXT("/aws4_request"));
}

static int make_signature(struct sigv4_steps *s, const struct sigv4 *v, unsigned char out[SHA256_BYTES])
{
    struct sy_str parts[] = {{s->date, 8}, v->region, v->service, TEXT("aws4_request"), bytes_str(&s->to_sign)};
    struct bytes key;
    int ok = 1;

    bytes_init(&key, 4096);
    bytes_addstr(&key, TEXT("AWS4"));
    bytes_addstr(&key, v->secret);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && ok; i++)
        ok = crypto_hmac_sha256(i ? (struct sy_str){(char *)out, SHA256_BYTES} : bytes_str(&key), parts[i], out);
    ok = ok && !key.failed;
    bytes_wipe(&key);
    return ok;
}

static int make_date(char out[17], int64_t now_ms)
{
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;

    return now_ms >= 0 && gmtime_r(&t, &tm) && strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm) == 16;
}

int sigv4_make(struct sigv4_steps *s, const struct sigv4 *v, const struct sy_unsigned *what)
{
    struct url u = cut_url(what->url);
    unsigned char signature[SHA256_BYTES];
    char hash[65] = "";
    struct list l = {.n = 0};
    int ok;

    *s = (struct sigv4_steps){.date = ""};
    bytes_init(&s->canonical, MAX_TEXT);
    bytes_init(&s->to_sign, 4096);
    bytes_init(&s->authorization, 8192);
    bytes_init(&l.room, MAX_TEXT);
    ok = make_date(s->date, what->now_ms) && hash_text(what->body, s->hash) && list_headers(&l, s, v, what, u.host) &&
         make_canonical(s, &l, v, what, &u) && hash_text(bytes_str(&s->canonical), hash);
    bytes_addf(&s->to_sign, "AWS4-HMAC-SHA256\n%s\n", s->date);
    add_scope(&s->to_sign, s, v);
    bytes_addf(&s->to_sign, "\n%s", hash);
    ok = ok && make_signature(s, v, signature);
    if (ok) {
        bytes_addf(&s->authorization, "AWS4-HMAC-SHA256 Credential=%.*s/", (int)v->id.n, v->id.p ? v->id.p : "");
        add_scope(&s->authorization, s, v);
        bytes_addstr(&s->authorization, TEXT(", SignedHeaders="));
        add_names(&s->authorization, &l);
        bytes_addstr(&s->authorization, TEXT(", Signature="));
        add_hex(&s->authorization, signature, sizeof signature);
    }
    bytes_wipe(&l.room);
    return ok && !s->to_sign.failed && !s->authorization.failed;
}

void sigv4_steps_fini(struct sigv4_steps *s)
{
    bytes_wipe(&s->canonical); /* it may hold the token */
    bytes_fini(&s->to_sign);
    bytes_fini(&s->authorization);
}

int sigv4_sign(const struct sigv4 *v, const struct sy_unsigned *what, const struct sy_http *http)
{
    struct sigv4_steps s;
    int r = sigv4_make(&s, v, what) ? SY_OK : SY_EINTERNAL;

    if (r == SY_OK)
        r = http->header(http->ctx, TEXT("X-Amz-Date"), text_c(s.date), 0);
    if (r >= 0 && v->token.n > 0)
        r = http->header(http->ctx, TEXT("X-Amz-Security-Token"), v->token, SY_SECRET);
    if (r >= 0 && !v->leave_body)
        r = http->header(http->ctx, TEXT("X-Amz-Content-Sha256"), text_c(s.hash), 0);
    if (r >= 0)
        r = http->header(http->ctx, TEXT("Authorization"), bytes_str(&s.authorization), SY_SECRET);
    sigv4_steps_fini(&s);
    return r;
}
