/* SPDX-License-Identifier: MIT */
/* The lexer: one line of any language into tokens. It knows comments, quotes and secrets, but no grammar and no files.
 *
 * A line is lexed from its bytes and one byte of mode alone, so an edit costs the lines it touched. Comments give no
 * tokens; what looks like a key or password material gives one TK_WALL, which nothing is ever copied across. */
#ifndef LOCAL_LEX_H
#define LOCAL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind { TK_LINE, TK_WORD, TK_KEY, TK_NUM, TK_PUNCT, TK_CLOSE, TK_WALL };

enum {
    LEX_TOKENS = 512,     /* per line; the rest of a longer line is one TK_WALL */
    LEX_LINE_BYTES = 1024 /* likewise */
};

struct lex_lang; /* comment and quote rules of a language */

struct lex_token {
    uint32_t off, len;
    uint8_t kind;  /* TK_WORD also for keywords: the vocabulary tells them apart */
    uint8_t space; /* code of the white space before it, see lex_space_put() */
};

struct lex_line {
    struct lex_token tok[LEX_TOKENS];
    size_t n;
    uint8_t tabs, spaces; /* indentation */
    bool comment;         /* the line ends inside a comment or in secret material */
    bool blank;           /* nothing but white space */
};

/* Rules for an LSP language id; never NULL. */
const struct lex_lang *lex_lang(const char *id, size_t n);

/* Languages of one group learn from each other (C and C++, JavaScript and TypeScript). */
uint32_t lex_group(const char *id, size_t n);

/* Lexes a line without its line end. `*mode` is 0 for the first line and carries over. With open_end the line goes on
 * (the caret stands there), so a quote that is not closed yet opens a string. */
void lex_line(const struct lex_lang *l, const char *p, size_t n, bool open_end, uint8_t *mode, struct lex_line *ret);

/* Writes the white space of a code; returns its length, at most 31. */
size_t lex_space_put(uint8_t code, char *ret);

bool lex_is_word(unsigned char c);

#endif
