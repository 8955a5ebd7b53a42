/* SPDX-License-Identifier: MIT */
/* Fills the templates of fim.def. In them a control character stands for each variable part, so that a template is one
 * string constant and nothing has to be parsed. */
#include "fim.h"

#include <string.h>

#define P "\1"
#define S "\2"
#define FILES "\3"
#define PATH "\4"
#define CODE "\5"
#define LANGUAGE "\6"
#define END "\0"

struct fim_format {
    const char *name, *single, *repo, *file, *stops;
};

static const struct fim_format formats[] = {
#define FIM(name, single, repo, file, stops) {name, single, repo, file, stops},
#include "fim.def"
#undef FIM
};
#define NFORMATS (sizeof formats / sizeof formats[0])

const struct fim_format *fim_find(struct sy_str name)
{
    for (size_t i = 0; i < NFORMATS; i++)
        if (text_eq(name, formats[i].name))
            return &formats[i];
    return NULL;
}

const struct fim_format *fim_next(const struct fim_format *after)
{
    const struct fim_format *f = after ? after + 1 : formats;

    return f < formats + NFORMATS ? f : NULL;
}

const char *fim_name(const struct fim_format *f)
{
    return f->name;
}

const char *fim_stop(const struct fim_format *f, const char *after)
{
    const char *s = after ? after + strlen(after) + 1 : f->stops;

    return *s ? s : NULL;
}

static void add_files(const struct fim_format *f, const struct sy_request *req, struct bytes *out);

static void expand(const struct fim_format *f, const char *pattern, const struct sy_request *req,
                   const struct sy_file *file, struct bytes *out)
{
    while (*pattern) {
        size_t n = strcspn(pattern, P S FILES PATH CODE LANGUAGE);

        bytes_add(out, pattern, n);
        pattern += n;
        switch (*pattern) {
        case '\0': return;
        case '\1': bytes_addstr(out, req->prefix); break;
        case '\2': bytes_addstr(out, req->suffix); break;
        case '\3': add_files(f, req, out); break;
        case '\4': bytes_addstr(out, file ? file->path : req->path); break;
        case '\5': bytes_addstr(out, file->text); break;
        default: bytes_addstr(out, req->language); break;
        }
        pattern++;
    }
}

static void add_files(const struct fim_format *f, const struct sy_request *req, struct bytes *out)
{
    const char *at = (const char *)req->extra;

    for (size_t i = 0; i < req->nextra; i++, at += req->extra_stride)
        expand(f, f->file, req, (const struct sy_file *)(const void *)at, out);
}

void fim_prompt(const struct fim_format *f, const struct sy_request *req, struct bytes *out)
{
    expand(f, f->repo && req->nextra > 0 ? f->repo : f->single, req, NULL, out);
}

const char *fim_unknown(struct sy_str name, struct bytes *room)
{
    bytes_reset(room);
    bytes_addf(room, "unknown fim_format '%.*s'; set fim_format to one of:", (int)(name.n > 40 ? 40 : name.n), name.p);
    for (const struct fim_format *f = fim_next(NULL); f; f = fim_next(f))
        bytes_addf(room, " %s", f->name);
    bytes_addstr(room, TEXT(" suffix chat"));
    return room->failed ? "unknown fim_format" : room->p;
}
