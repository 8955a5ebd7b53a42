/* SPDX-License-Identifier: MIT */
/* Look-up in the language table, and small lexical questions about one line.
 *
 * Does not know documents, trees or grammars. Surprising: patterns are tried over the whole table for every look-up;
 * seventy short strings cost less than a hash table would to build. */
#include "core/doc/lang.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

static const struct lang languages[] = {
#define LANG(id, aliases, patterns, grammar, line, open, close, quotes, blocks, openers) \
    { id, aliases, patterns, grammar, line, open, close, quotes, LANG_##blocks, openers },
#include "grammars/languages.def"
#undef LANG
};

const struct lang *lang_plain(void)
{
    return &languages[0];
}

size_t lang_count(void)
{
    return ARRAY_LEN(languages);
}

const struct lang *lang_at(size_t i)
{
    return i < ARRAY_LEN(languages) ? &languages[i] : NULL;
}

/* The next word of a blank-separated list; empty at its end. */
static struct str next_word(const char **list)
{
    const char *p = *list + strspn(*list, " ");
    size_t n = strcspn(p, " ");

    *list = p + n;
    return (struct str){ p, n };
}

static bool same_word(struct str a, struct str b)
{
    return a.n == b.n && a.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static bool has_word(const char *list, struct str word)
{
    struct str w;

    while ((w = next_word(&list)).n)
        if (same_word(w, word))
            return true;
    return false;
}

const struct lang *lang_by_id(struct str id)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(languages); i++)
        if (same_word(str_c(languages[i].id), id))
            return &languages[i];
    for (i = 0; i < ARRAY_LEN(languages); i++)
        if (has_word(languages[i].aliases, id))
            return &languages[i];
    return NULL;
}

static bool pattern_fits(struct str pattern, const char *name)
{
    char text[64];

    if (pattern.n >= sizeof text || str_starts(pattern, STR("#!")))
        return false;
    memcpy(text, pattern.p, pattern.n);
    text[pattern.n] = '\0';
    return fnmatch(text, name, 0) == 0;
}

const struct lang *lang_by_path(const char *path)
{
    const struct lang *best = NULL;
    const char *name, *list;
    size_t best_n = 0, i;
    struct str w;

    if (!path)
        return NULL;
    name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (i = 0; i < ARRAY_LEN(languages); i++) {
        list = languages[i].patterns;
        while ((w = next_word(&list)).n) {
            if (w.n > best_n && pattern_fits(w, name)) {
                best = &languages[i];
                best_n = w.n;
            }
        }
    }
    return best;
}

/* "#!/usr/bin/env -S python3.11 -u" gives "python3". */
static struct str interpreter(struct str line)
{
    const char *p = line.p + 2, *end = line.p + line.n, *word, *slash;
    struct str w = STR_NULL;

    while (p < end) {
        while (p < end && isblank((unsigned char)*p))
            p++;
        word = p;
        while (p < end && !isspace((unsigned char)*p))
            p++;
        slash = memrchr(word, '/', (size_t)(p - word));
        w = (struct str){ slash ? slash + 1 : word, 0 };
        w.n = (size_t)(p - w.p);
        if (w.n && *w.p != '-' && !memchr(w.p, '=', w.n) && !str_eqc(w, "env"))
            break;
    }
    if (w.n && memchr(w.p, '.', w.n))
        w.n = (size_t)((const char *)memchr(w.p, '.', w.n) - w.p);
    return w;
}

const struct lang *lang_by_shebang(struct str text)
{
    struct str line, name, w;
    const char *list;
    size_t i;

    if (!str_starts(text, STR("#!")))
        return NULL;
    line = str_line(&text);
    line.n = MIN(line.n, (size_t)256);
    name = interpreter(line);
    for (i = 0; i < ARRAY_LEN(languages); i++) {
        list = languages[i].patterns;
        while ((w = next_word(&list)).n)
            if (str_starts(w, STR("#!")) && same_word(str_sub(w, 2, w.n), name))
                return &languages[i];
    }
    return NULL;
}

const struct lang *lang_of(struct str id, const char *path, struct str text)
{
    const struct lang *said = lang_by_id(id), *named = lang_by_path(path), *l;

    /* Editors disagree on these two names; the file name does not. */
    if (said && named && !strcmp(said->id, "typescript") && !strcmp(named->id, "typescriptreact"))
        return named;
    if (said && said != lang_plain())
        return said;
    l = named && named != lang_plain() ? named : lang_by_shebang(text);
    return l ? l : lang_plain();
}

/* "$#" and "a#b" are no comments where "#" starts one. */
static bool starts_comment(struct str token, struct str line, size_t at)
{
    return token.p[0] != '#' || at == 0 || isblank((unsigned char)line.p[at - 1]);
}

/* One pass over a line. *ret_code_n is where a comment that reaches the line's end begins, or the line's length. */
static enum lang_scope scan_line(const struct lang *l, struct str line, size_t *ret_code_n)
{
    struct str comment = str_c(l->line_comment), open = str_c(l->block_open), close = str_c(l->block_close), rest;
    ptrdiff_t at;
    char quote = 0;
    size_t i;

    *ret_code_n = line.n;
    for (i = 0; i < line.n; i++) {
        rest = str_sub(line, i, line.n);
        if (quote) {
            if (line.p[i] == '\\')
                i++;
            else if (line.p[i] == quote)
                quote = 0;
        } else if (open.n && str_starts(rest, open)) {
            at = str_find(str_sub(rest, open.n, rest.n), close);
            if (at < 0) {
                *ret_code_n = i;
                return LANG_COMMENT;
            }
            i += open.n + (size_t)at + close.n - 1;
        } else if (comment.n && str_starts(rest, comment) && starts_comment(comment, line, i)) {
            *ret_code_n = i;
            return LANG_COMMENT;
        } else if (line.p[i] && strchr(l->quotes, line.p[i])) {
            quote = line.p[i];
        }
    }
    return quote ? LANG_STRING : LANG_CODE;
}

enum lang_scope lang_line_scope(const struct lang *l, struct str line)
{
    size_t code_n;

    return scan_line(l, line, &code_n);
}

/* The line without a comment at its end and without blanks around it; nothing if it ends in a string. */
static struct str line_code(const struct lang *l, struct str line)
{
    size_t code_n;

    if (scan_line(l, line, &code_n) == LANG_STRING)
        return STR_NULL;
    return str_trim(str_sub(line, 0, code_n));
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static struct str first_word(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_word_char(s.p[n]))
        n++;
    return (struct str){ s.p, n };
}

static struct str last_word(struct str s)
{
    size_t n = s.n;

    while (n && is_word_char(s.p[n - 1]))
        n--;
    if (n == s.n) /* "->" and "{" count as words */
        while (n && ispunct((unsigned char)s.p[n - 1]) && s.n - n < 2)
            n--;
    return str_sub(s, n, s.n);
}

/* A function may begin anywhere on a line ("local function", "return function"), other openers at its start or end. */
static bool words_open(const struct lang *l, struct str code)
{
    struct str last = last_word(code), rest;
    ptrdiff_t at;

    if (has_word(l->openers, last) || (last.n == 2 && has_word(l->openers, str_sub(last, 1, 2))))
        return true;
    if (code.p[code.n - 1] == '|') /* ruby's block parameters */
        return str_find(code, STR("do |")) >= 0 || str_find(code, STR("{ |")) >= 0;
    if (str_ends(code, STR(";")) || str_find(code, STR(" end")) >= 0)
        return false;
    if (has_word(l->openers, first_word(code)))
        return true;
    at = str_find(code, STR(" function"));
    rest = at < 0 ? STR_NULL : str_sub(code, (size_t)at + 1, code.n);
    return rest.n && has_word(l->openers, first_word(rest));
}

bool lang_line_opens(const struct lang *l, struct str line)
{
    struct str code;
    char c;

    code = line_code(l, str_sub(line, line.n > 2000 ? line.n - 2000 : 0, line.n));
    if (!code.n || l->blocks == LANG_NONE)
        return false;
    c = code.p[code.n - 1];
    if (memchr("{([", c, 3))
        return true;
    if (l->blocks == LANG_INDENT)
        return c == ':' || c == '=' || str_ends(code, STR(" where")) || str_ends(code, STR(" do")) || str_ends(code, STR("->"));
    if (l->blocks == LANG_BRACES) /* an arrow whose body comes next */
        return str_ends(code, STR("=>"));
    return words_open(l, code);
}

bool lang_line_closes(const struct lang *l, struct str line)
{
    static const char words[] = "end fi done esac endif endfunction endfor endwhile endmodule";
    struct str s = str_trim(line);

    if (!s.n)
        return false;
    if (memchr("})]", s.p[0], 3) || (l->block_close && str_starts(s, str_c(l->block_close))))
        return true;
    return l->blocks == LANG_END && has_word(words, first_word(s));
}
