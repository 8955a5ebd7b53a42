/* SPDX-License-Identifier: MIT */
/* Grammars: shared objects that tree-sitter's generator made, found on this machine and loaded when first asked for.
 *
 * Looked for in our library folder, the user's own, and where Neovim, Emacs, Helix and distribution packages keep theirs;
 * never in a project. A file that others could have written is refused. A grammar stays loaded for the life of the
 * process, since trees on other threads point into it. Belongs to the loop thread; a loaded `struct grammar` is constant
 * and may be read from any thread. */
#ifndef CORE_DOC_GRAMMAR_H
#define CORE_DOC_GRAMMAR_H

#include "core/base/err.h"
#include "core/base/str.h"

struct lang;
struct query;
struct TSLanguage;

struct grammar {
    const struct TSLanguage *ts;
    char *name;             /* "c_sharp" */
    char *path;             /* where it was found */
    unsigned abi;
    struct query *scopes, *blocks, *symbols; /* our queries; an empty query where there is none */
};

struct grammars;

/* `lib_dir` is our library folder, with grammars/ and queries/ in it; copied. */
struct grammars *grammars_new(const char *lib_dir);
void grammars_free(struct grammars *gs); /* documents that use one of its grammars must be gone; NULL is fine */

/* The grammar called `name` (as in struct lang), loaded on first use. NULL with ERR_NOT_FOUND if there is none, or with
 * the sentence about the first file that could not be used; a failure is remembered too. Borrowed from gs. */
const struct grammar *grammars_get(struct grammars *gs, const char *name, struct err *e);

/* The folders that are searched, in order: for reports. The pattern may hold wildcards. NULL past the last one. */
const char *grammars_place(const struct grammars *gs, size_t i);

/* Loads one file without any cache: for tests and reports. The checks are: private file, ELF, symbol, ABI range. */
const struct TSLanguage *grammar_load(const char *path, const char *name, unsigned *ret_abi, struct err *e);

#endif
