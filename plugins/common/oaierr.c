/* SPDX-License-Identifier: MIT */
/* Finds the message and the code word in the shapes that services use (an object, a string or an array under "error",
 * flat members, "detail"), and classifies by oaierr.def, then by HTTP status. Knows no request and no stream. */
#include "oaierr.h"
#include "jsonw.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- showing ---- */

/* Characters that may not reach a terminal or an editor's message line: controls, direction marks, line separators. */
static int is_hostile(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return 1;
    return 0;
}

static uint32_t character(const char *p, size_t len)
{
    uint32_t c = (unsigned char)p[0] & (len == 1 ? 0x7fu : 0xffu >> (len + 1));

    for (size_t i = 1; i < len; i++)
        c = c << 6 | ((unsigned char)p[i] & 0x3f);
    return c;
}

/* The next piece to show: a character, or one blank for what is hostile or no character at all. */
static struct sy_str next_piece(struct sy_str *rest)
{
    size_t len = utf8_length(rest->p, rest->n);
    struct sy_str piece = {rest->p, len};

    if (len == 0 || is_hostile(character(rest->p, len)))
        piece = TEXT(" ");
    rest->p += len ? len : 1;
    rest->n -= len ? len : 1;
    return piece;
}

void text_for_show(struct sy_str s, char *room, size_t n)
{
    size_t at = 0, fits = 0; /* fits: where "..." can go */

    while (s.n > 0) {
        struct sy_str piece = next_piece(&s);

        if (*piece.p == ' ' && (at == 0 || room[at - 1] == ' '))
            continue;
        if (at + piece.n >= n) {
            memcpy(room + fits, "...", 3);
            at = fits + 3;
            break;
        }
        memcpy(room + at, piece.p, piece.n);
        at += piece.n;
        if (at + 4 <= n)
            fits = at;
    }
    while (at > 0 && room[at - 1] == ' ')
        at--;
    room[at] = '\0';
}

/* ---- finding the words ---- */

struct words {
    struct sy_str message, param;
    struct sy_str code[3]; /* code, type and a nested code, whichever are strings */
    uint64_t retry_ms;
    int number;            /* a numeric code, or 0 */
};

static struct sy_str string_of(const json_t *v)
{
    return json_is_string(v) ? (struct sy_str){json_string_value(v), json_string_length(v)} : (struct sy_str){NULL, 0};
}

/* "34s" or "0.5s", as Google's details say when to come again. */
static uint64_t duration_ms(struct sy_str s)
{
    struct sy_str whole = {s.p, 0};
    uint64_t seconds = 0, tenths = 0;

    while (whole.n < s.n && s.p[whole.n] >= '0' && s.p[whole.n] <= '9')
        whole.n++;
    if (!text_u64(whole, &seconds) || seconds > 1000000 || s.n < 2 || s.p[s.n - 1] != 's')
        return 0;
    if (s.n > whole.n + 2 && s.p[whole.n] == '.')
        text_u64((struct sy_str){s.p + whole.n + 1, 1}, &tenths);
    return seconds * 1000 + tenths * 100;
}

static void words_of_details(const json_t *details, struct words *w)
{
    const json_t *d;
    size_t i;

    json_array_foreach(details, i, d) {
        uint64_t ms = duration_ms(string_of(json_object_get(d, "retryDelay")));

        if (ms > 0)
            w->retry_ms = ms;
    }
    if (w->code[2].n == 0)
        w->code[2] = string_of(json_object_get(details, "error_code"));
}

static void words_of_object(const json_t *o, struct words *w)
{
    const json_t *code = json_object_get(o, "code");
    const json_t *raw = json_object_get(json_object_get(o, "metadata"), "raw");
    struct sy_str says = string_of(json_object_get(o, "message"));

    /* A broker says only that its provider failed; the provider's own words are beside it. */
    if (json_is_string(raw) && json_string_length(raw) > 0)
        says = string_of(raw);
    if (says.n > 0)
        w->message = says;
    if (json_is_integer(code))
        w->number = (int)json_integer_value(code);
    w->code[0] = string_of(code);
    w->code[1] = string_of(json_object_get(o, "type"));
    w->code[2] = string_of(json_object_get(json_object_get(o, "innererror"), "code"));
    if (w->code[2].n == 0)
        w->code[2] = string_of(json_object_get(o, "status"));
    w->param = string_of(json_object_get(o, "param"));
    words_of_details(json_object_get(o, "details"), w);
}

static void words_of(const json_t *root, struct words *w)
{
    const json_t *error, *detail;

    *w = (struct words){.message = {NULL, 0}};
    if (json_is_array(root))
        root = json_array_get(root, 0);
    error = json_object_get(root, "error");
    detail = json_object_get(root, "detail");
    if (json_is_object(error)) {
        words_of_object(error, w);
        return;
    }
    words_of_object(root, w);
    if (w->message.n == 0)
        w->message = string_of(error);
    if (w->message.n == 0)
        w->message = string_of(json_object_get(root, "Message"));
    if (json_is_array(detail))
        detail = json_object_get(json_array_get(detail, 0), "msg");
    if (w->message.n == 0)
        w->message = string_of(detail);
}

/* ---- classes ---- */

enum { CODE, SAYS, VAGUE };

static const struct {
    int where;
    const char *text;
    int code;
    const char *hint;
} table[] = {
#define ERROR_WORD(where, text, code, hint) {where, text, code, hint},
#include "oaierr.def"
#undef ERROR_WORD
};

static const struct {
    int status, code;
} by_status[] = {
    {401, SY_EAUTH},        {402, SY_EQUOTA},       {403, SY_EAUTH},        {404, SY_EUNSUPPORTED},
    {405, SY_EUNSUPPORTED}, {408, SY_ETIMEOUT},     {409, SY_EAGAIN},       {413, SY_ETOOBIG},
    {424, SY_EAGAIN},       {425, SY_EAGAIN},       {429, SY_ERATE},        {451, SY_EREFUSED},
    {501, SY_EUNSUPPORTED}, {502, SY_EOVERLOADED},  {503, SY_EOVERLOADED},  {504, SY_ETIMEOUT},
    {529, SY_EOVERLOADED},
};

static int says(struct sy_str message, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= message.n; i++)
        if (strncasecmp(message.p + i, text, n) == 0)
            return 1;
    return 0;
}

static int class_of_status(int status, const struct words *w)
{
    if (status == 404 && says(w->message, "model"))
        return SY_EMODEL;
    for (size_t i = 0; i < sizeof by_status / sizeof by_status[0]; i++)
        if (by_status[i].status == status)
            return by_status[i].code;
    if (status >= 400 && status < 500)
        return SY_EREQUEST;
    return status >= 300 && status < 400 ? SY_EPROTO : SY_EAGAIN;
}

static int row_fits(size_t i, int status, const struct words *w)
{
    if (table[i].where == SAYS)
        return says(w->message, table[i].text);
    if (table[i].where == VAGUE && status != 0)
        return 0;
    for (size_t k = 0; k < sizeof w->code / sizeof w->code[0]; k++)
        if (text_eq(w->code[k], table[i].text))
            return 1;
    return 0;
}

static void classify(struct oaierr *e, int status, const struct words *w)
{
    const char *hint = NULL;
    size_t used;

    if (status == 0 && w->number >= 300 && w->number < 600)
        status = w->number;
    e->status = status;
    e->retry_ms = w->retry_ms;
    text_for_show(w->param, e->param, sizeof e->param);
    e->code = class_of_status(status, w);
    if (status == 404 && e->code == SY_EUNSUPPORTED)
        hint = "check base_url";
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (row_fits(i, status, w)) {
            e->code = table[i].code;
            hint = table[i].hint;
            break;
        }
    }
    text_for_show(w->message.n ? w->message : w->code[0].n ? w->code[0] : w->code[1], e->text, sizeof e->text - 64);
    used = strlen(e->text);
    if (hint)
        snprintf(e->text + used, sizeof e->text - used, used ? " (%s)" : "%s", hint);
}

void oaierr_from_json(struct oaierr *e, int status, const json_t *root)
{
    struct words w;

    words_of(root, &w);
    classify(e, status, &w);
}

/* What stands between the first <title> and its end; pages of proxies and gateways say there what happened. */
static struct sy_str title_of(struct sy_str html)
{
    const char *open = memmem(html.p, html.n, "<title>", 7);
    const char *close;
    size_t rest;

    if (!open)
        return TEXT("an HTML page");
    open += 7;
    rest = html.n - (size_t)(open - html.p);
    close = memmem(open, rest, "</title>", 8);
    return (struct sy_str){open, close ? (size_t)(close - open) : rest};
}

void oaierr_from_body(struct oaierr *e, int status, struct sy_str body, struct sy_str location)
{
    struct words w = {.message = text_trim(body)};
    char moved[200];
    json_t *root = json_loadb(body.p ? body.p : "", body.n, 0, NULL);

    if (root)
        words_of(root, &w);
    else if (w.message.n > 0 && w.message.p[0] == '<')
        w.message = title_of(w.message);
    if (status >= 300 && status < 400 && location.n > 0) {
        snprintf(moved, sizeof moved, "redirects to %.*s; set base_url to where it is", (int)(location.n > 120 ? 120 : location.n),
                 location.p);
        w.message = text_c(moved);
    }
    classify(e, status, &w);
    json_decref(root);
}

uint64_t oaierr_retry_ms(const struct sy_reply *reply)
{
    struct sy_str s = text_trim(reply->header(reply->ctx, "retry-after-ms"));
    const char *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
    uint64_t ms = 0;

    if (dot)
        s.n = (size_t)(dot - s.p);
    return text_u64(s, &ms) ? ms : 0;
}
