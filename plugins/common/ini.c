/* SPDX-License-Identifier: MIT */
/* Line by line. A comment begins with '#' or ';' at the start of a line, or after a blank behind a value. */
#include "ini.h"

#include <string.h>

static struct sy_str next_line(struct sy_str *rest)
{
    const char *end = memchr(rest->p, '\n', rest->n);
    struct sy_str line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
    size_t used = line.n + (end ? 1 : 0);

    *rest = (struct sy_str){rest->p + used, rest->n - used};
    return line;
}

/* Is the line "[section]"? */
static int is_section(struct sy_str line, const char *name)
{
    const char *end = memchr(line.p, ']', line.n);
    struct sy_str s;
    size_t i = 0;

    if (!end)
        return 0;
    s = text_trim((struct sy_str){line.p + 1, (size_t)(end - line.p - 1)});
    for (; *name; name++) {
        if (i == s.n || (*name == ' ' ? s.p[i] != ' ' && s.p[i] != '\t' : s.p[i] != *name))
            return 0;
        for (i++; *name == ' ' && i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'); i++)
            ;
    }
    return i == s.n;
}

static struct sy_str without_comment(struct sy_str s)
{
    for (size_t i = 1; i < s.n; i++)
        if ((s.p[i] == '#' || s.p[i] == ';') && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
            s.n = i;
    return text_trim(s);
}

static struct sy_str find(struct sy_str text, const char *section, const char *key, int *found)
{
    struct sy_str value = {NULL, 0};
    int inside = 0;

    while (text.n > 0) {
        struct sy_str line = next_line(&text);
        const char *eq = line.n ? memchr(line.p, '=', line.n) : NULL;

        if (line.n == 0 || strchr(" \t#;\r", *line.p))
            continue;
        if (*line.p == '[') {
            inside = is_section(line, section);
            *found |= inside;
        } else if (inside && eq && key && text_eq_nocase(text_trim((struct sy_str){line.p, (size_t)(eq - line.p)}), key)) {
            value = without_comment((struct sy_str){eq + 1, (size_t)(line.p + line.n - eq - 1)});
        }
    }
    return value;
}

struct sy_str ini_get(struct sy_str text, const char *section, const char *key)
{
    int found = 0;

    return find(text, section, key, &found);
}

int ini_has(struct sy_str text, const char *section)
{
    int found = 0;

    find(text, section, NULL, &found);
    return found;
}
