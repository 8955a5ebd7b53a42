/* SPDX-License-Identifier: MIT */
#include "lex.h"

#include "secret.h"

#include <string.h>

enum { MODE_CODE, MODE_COMMENT, MODE_TRIPLE2, MODE_TRIPLE1, MODE_BACKTICK, MODE_PEM };

struct lex_lang {
    const char *line[2];      /* line comments */
    const char *open, *close; /* block comment */
    bool triple, backtick;    /* strings over several lines: Python's, and those in back quotes */
    const char *ids;          /* LSP language ids, space-separated */
};

static const struct lex_lang langs[] = {
    { { "//", NULL }, "/*", "*/", false, false,
      " c cpp objective-c objective-cpp cuda-cpp java csharp rust swift kotlin scala zig dart proto glsl jsonc json5 " },
    { { "//", NULL }, "/*", "*/", false, true, " javascript javascriptreact typescript typescriptreact go vue svelte " },
    { { "#", NULL }, NULL, NULL, true, false, " python starlark " },
    { { "#", NULL }, NULL, NULL, false, false,
      " shellscript ruby perl r makefile dockerfile toml yaml cmake elixir nix tcl julia properties powershell coffeescript " },
    { { "//", "#" }, "/*", "*/", false, false, " php " },
    { { NULL, NULL }, "/*", "*/", false, false, " css " },
    { { "//", NULL }, "/*", "*/", false, false, " scss less " },
    { { "--", NULL }, "--[[", "]]", false, false, " lua " },
    { { "--", NULL }, "/*", "*/", false, false, " sql " },
    { { "--", NULL }, "{-", "-}", false, false, " haskell elm purescript " },
    { { ";", NULL }, NULL, NULL, false, false, " lisp clojure scheme emacs-lisp ini asm " },
    { { NULL, NULL }, "(*", "*)", false, false, " ocaml fsharp " },
    { { "%", NULL }, NULL, NULL, false, false, " latex tex erlang matlab prolog " },
    { { NULL, NULL }, "<!--", "-->", false, false, " html xml markdown " },
    { { NULL, NULL }, NULL, NULL, false, false, "" },
};

static const char *const groups[] = {
    " c cpp objective-c objective-cpp cuda-cpp ",
    " javascript javascriptreact typescript typescriptreact vue svelte ",
    " css scss less ",
    " json jsonc json5 ",
};

static bool has_id(const char *ids, const char *id, size_t n)
{
    const char *p = ids;

    while (n > 0 && (p = memmem(p, strlen(p), id, n)) != NULL) {
        if (p > ids && p[-1] == ' ' && p[n] == ' ')
            return true;
        p++;
    }
    return false;
}

const struct lex_lang *lex_lang(const char *id, size_t n)
{
    size_t i, last = sizeof langs / sizeof langs[0] - 1;

    for (i = 0; i < last; i++)
        if (has_id(langs[i].ids, id, n))
            return &langs[i];
    return &langs[last];
}

uint32_t lex_group(const char *id, size_t n)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (has_id(groups[i], id, n))
            return (uint32_t)i;
    for (i = 0; i < n; i++)
        h = (h ^ (unsigned char)id[i]) * 16777619u;
    return h | 256;
}

bool lex_is_word(unsigned char c)
{
    static const bool word[256] = { ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
                                    ['_'] = true,         ['$'] = true,         [0x80 ... 0xff] = true };

    return word[c];
}

size_t lex_space_put(uint8_t code, char *ret)
{
    size_t n = code < 32 ? code : code - 32u;

    memset(ret, code < 32 ? ' ' : '\t', n > 31 ? 31 : n);
    return n > 31 ? 31 : n;
}

static uint8_t space_code(const char *p, size_t n)
{
    size_t tabs = 0, i;

    for (i = 0; i < n; i++)
        tabs += p[i] == '\t';
    if (tabs == 0)
        return n < 32 ? (uint8_t)n : 31;
    return tabs == n && n < 16 ? (uint8_t)(32 + n) : 1;
}

struct scan { /* where lex_line() stands */
    const struct lex_lang *l;
    const char *p;
    size_t n, at;
    size_t str_end; /* no comment and no other quote starts before this closing quote */
    size_t run_end; /* secrets were looked for up to here */
    size_t gap;     /* end of the last token: white space starts here */
    uint8_t mode;
    bool open_end;
};

static bool starts(const struct scan *s, const char *word)
{
    size_t n;

    if (!word || *word != s->p[s->at])
        return false;
    n = strlen(word);
    return s->n - s->at >= n && memcmp(s->p + s->at, word, n) == 0;
}

static void push(struct scan *s, struct lex_line *out, size_t len, uint8_t kind)
{
    if (out->n == LEX_TOKENS - 1 && kind != TK_WALL) {
        len = s->n - s->at;
        kind = TK_WALL;
    }
    if (out->n == LEX_TOKENS)
        return;
    out->tok[out->n++] = (struct lex_token){ (uint32_t)s->at, (uint32_t)len, kind,
                                             space_code(s->p + s->gap, s->at - s->gap) };
    s->at += len;
    s->gap = s->at;
}

/* Finds the closing quote of the string that opens at s->at, or n. */
static size_t string_end(const struct scan *s, char q)
{
    size_t i;

    for (i = s->at + 1; i < s->n && s->p[i] != q; i++)
        if (s->p[i] == '\\')
            i++;
    return i < s->n ? i : s->n;
}

static const char *const mode_close[] = { [MODE_TRIPLE2] = "\"\"\"", [MODE_TRIPLE1] = "'''", [MODE_BACKTICK] = "`" };

static void lex_quote(struct scan *s, struct lex_line *out)
{
    char q = s->p[s->at];
    size_t end;

    if (s->str_end > 0) {
        bool close = s->at == s->str_end;

        if (close)
            s->str_end = 0;
        push(s, out, 1, close ? TK_CLOSE : TK_PUNCT);
        return;
    }
    if (s->l->triple && (starts(s, "\"\"\"") || starts(s, "'''"))) {
        s->mode = q == '"' ? MODE_TRIPLE2 : MODE_TRIPLE1;
        push(s, out, 3, TK_PUNCT);
        return;
    }
    if (q == '`' && s->l->backtick) {
        s->mode = MODE_BACKTICK;
        push(s, out, 1, TK_PUNCT);
        return;
    }
    end = string_end(s, q);
    if (end < s->n || s->open_end)
        s->str_end = end;
    push(s, out, 1, TK_PUNCT);
}

static size_t operator_len(const struct scan *s)
{
    static const char two[] = "-> => == != <= >= && || :: := += -= *= /= |= ++ -- << >> .. ?. ?? ** ";
    const char *p = s->p + s->at, *f;

    if (starts(s, "...") || starts(s, "===") || starts(s, "!=="))
        return 3;
    if (s->n - s->at < 2 || !strchr("-=!<>&|:+*/.?", p[0]) || !strchr(">=&|:+-<.?*", p[1]))
        return 1;
    f = memmem(two, sizeof two - 1, p, 2);
    return f && (f - two) % 3 == 0 ? 2 : 1;
}

/* Looks for a secret at the start of each run of characters that keys are made of. */
static bool lex_secret(struct scan *s, struct lex_line *out)
{
    size_t run;
    bool secret;

    if (s->at < s->run_end)
        return false;
    secret = secret_is_run(s->p + s->at, s->n - s->at, &run);
    s->run_end = s->at + run;
    if (secret)
        push(s, out, run, TK_WALL);
    return secret;
}

static void lex_word(struct scan *s, struct lex_line *out)
{
    size_t i = s->at;
    bool num = s->p[i] >= '0' && s->p[i] <= '9';

    while (i < s->n && (lex_is_word((unsigned char)s->p[i]) ||
                        (num && s->p[i] == '.' && i + 1 < s->n && s->p[i + 1] >= '0' && s->p[i + 1] <= '9')))
        i++;
    push(s, out, i - s->at, i - s->at > 200 ? TK_WALL : num ? TK_NUM : TK_WORD);
}

/* One token at s->at, which is neither white space nor the start of a comment. */
static void lex_token(struct scan *s, struct lex_line *out)
{
    unsigned char c = (unsigned char)s->p[s->at];

    if (lex_secret(s, out))
        return;
    if (s->mode >= MODE_TRIPLE2 && starts(s, mode_close[s->mode])) {
        push(s, out, strlen(mode_close[s->mode]), TK_CLOSE);
        s->mode = MODE_CODE;
    } else if (lex_is_word(c)) {
        lex_word(s, out);
    } else if (s->mode == MODE_CODE && (c == '"' || c == '\'' || c == '`')) {
        lex_quote(s, out);
    } else if (c == '\\' && s->at + 1 < s->n && s->p[s->at + 1] > ' ' && s->p[s->at + 1] < 127) {
        push(s, out, 2, TK_PUNCT);
    } else if (c < ' ' || c == 127) {
        push(s, out, 1, TK_WALL);
    } else {
        push(s, out, operator_len(s), TK_PUNCT);
    }
}

/* Skips a comment at s->at. Returns false if none starts here. */
static bool skip_comment(struct scan *s, struct lex_line *out)
{
    const char *end;

    if (s->mode == MODE_CODE) {
        if (s->str_end > 0)
            return false;
        if (starts(s, s->l->open)) {
            s->mode = MODE_COMMENT;
            s->at += strlen(s->l->open);
        } else if (starts(s, s->l->line[0]) || starts(s, s->l->line[1])) {
            /* "$#" and "a#b" are no comments in a shell; "#include" is none anywhere else. */
            if (s->p[s->at] == '#' && s->at > 0 && s->p[s->at - 1] != ' ' && s->p[s->at - 1] != '\t')
                return false;
            s->at = s->n;
            out->comment = true;
            return true;
        } else {
            return false;
        }
    }
    if (s->mode != MODE_COMMENT)
        return false;
    end = memmem(s->p + s->at, s->n - s->at, s->l->close, strlen(s->l->close));
    if (end) {
        s->at = (size_t)(end - s->p) + strlen(s->l->close);
        s->mode = MODE_CODE;
        s->gap = s->at;
    } else {
        s->at = s->n;
        out->comment = true;
    }
    return true;
}

/* Lines of a PEM block become one wall each. Returns false when the line is not part of one. */
static bool lex_pem(struct scan *s, struct lex_line *out)
{
    if (s->mode == MODE_PEM && !secret_is_pem_end(s->p, s->n) && !secret_is_pem_body(s->p, s->n))
        s->mode = MODE_CODE;
    if (s->mode != MODE_PEM && !secret_is_pem_begin(s->p, s->n))
        return false;
    s->mode = secret_is_pem_end(s->p, s->n) ? MODE_CODE : MODE_PEM;
    push(s, out, s->n - s->at, TK_WALL);
    out->comment = true;
    return true;
}

static void read_indent(struct scan *s, struct lex_line *out)
{
    out->tabs = out->spaces = 0;
    for (; s->at < s->n && (s->p[s->at] == ' ' || s->p[s->at] == '\t'); s->at++) {
        if (s->p[s->at] == '\t' && out->tabs < 60)
            out->tabs++;
        else if (s->p[s->at] == ' ' && out->spaces < 250)
            out->spaces++;
    }
    out->blank = s->at == s->n;
    s->gap = s->at;
}

void lex_line(const struct lex_lang *l, const char *p, size_t n, bool open_end, uint8_t *mode, struct lex_line *ret)
{
    struct scan s = { .l = l, .p = p, .n = n, .mode = *mode, .open_end = open_end };
    bool cut = n > LEX_LINE_BYTES;
    unsigned char c;

    ret->n = 0;
    ret->comment = false;
    if (cut)
        s.n = LEX_LINE_BYTES;
    while (s.n > 0 && !open_end && (p[s.n - 1] == '\r' || p[s.n - 1] == ' '))
        s.n--;
    read_indent(&s, ret);
    if (!ret->blank && !lex_pem(&s, ret)) {
        while (s.at < s.n) {
            c = (unsigned char)p[s.at];
            if (c == ' ' || c == '\t' || c == '\r')
                s.at++;
            else if (!skip_comment(&s, ret))
                lex_token(&s, ret);
        }
        if (cut) /* what was not read may hold anything, so nothing is copied across it */
            push(&s, ret, 0, TK_WALL);
    }
    *mode = s.mode;
}
