/* SPDX-License-Identifier: MIT */
/* The languages: what an editor, a file name or a first line says, and what can be told from a line without a parser.
 *
 * The table is grammars/languages.def. Entries are static and never change; a language without a grammar is an ordinary
 * one. Knows no tree: the answers about lines are what is used until (or unless) there is a syntax tree. */
#ifndef CORE_DOC_LANG_H
#define CORE_DOC_LANG_H

#include "core/base/str.h"

enum lang_blocks { LANG_NONE, LANG_BRACES, LANG_INDENT, LANG_END };

struct lang {
    const char *id;           /* LSP languageId */
    const char *aliases;      /* separated by blanks, like the next */
    const char *patterns;
    const char *grammar;      /* NULL if none is known */
    const char *line_comment; /* NULL if it has none, like the next two */
    const char *block_open, *block_close;
    const char *quotes;       /* each character opens and closes a string */
    enum lang_blocks blocks;
    const char *openers;      /* LANG_END: words that open a block at the start or end of a line */
};

const struct lang *lang_plain(void);                 /* "plaintext" */
const struct lang *lang_by_id(struct str id);        /* id or alias, any case; NULL if unknown */
const struct lang *lang_by_path(const char *path);   /* by the file's name; NULL if unknown or path is NULL */
const struct lang *lang_by_shebang(struct str text); /* by a "#!" line at the start of the text; NULL if none */
size_t lang_count(void);
const struct lang *lang_at(size_t i);

/* The language of a document: what the editor says if it is known, else the name (path may be NULL), else the first
 * line; never NULL. "plaintext" from the editor counts as unknown, and a .tsx file is tsx whatever the editor calls it. */
const struct lang *lang_of(struct str id, const char *path, struct str text);

enum lang_scope { LANG_CODE, LANG_COMMENT, LANG_STRING, LANG_TEXT };

/* What the end of `line` (a line's text up to the caret) is in, as far as one line tells: strings and comments that
 * began on an earlier line are not seen. LANG_TEXT is never the answer here. */
enum lang_scope lang_line_scope(const struct lang *l, struct str line);

/* Does this line, ended here, open a block: a brace, a colon, an opening word? Comments at its end are skipped. */
bool lang_line_opens(const struct lang *l, struct str line);

/* Is the first thing on this line a closer ("}", ")", "end", "fi", "*" + "/")? */
bool lang_line_closes(const struct lang *l, struct str line);

#endif
