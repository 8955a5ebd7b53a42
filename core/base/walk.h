/* SPDX-License-Identifier: MIT */
/* The files of a folder that a person would call the project's: .gitignore honoured, hidden and usual build folders left
 * out, links not followed, everything capped. Runs anywhere; touches no shared state. */
#ifndef CORE_BASE_WALK_H
#define CORE_BASE_WALK_H

#include "core/base/str.h"
#include <stdatomic.h>
#include <stdint.h>

struct walk_options {
    size_t max_files;          /* stops after that many */
    size_t max_file_bytes;     /* larger files are passed over */
    unsigned max_depth;
    const atomic_bool *cancelled; /* may be NULL */
};

/* Calls fn for each file, folder by folder in order of name, files of a folder before its subfolders; `path` is relative
 * to root. fn returns false to stop. Folders that cannot be read are passed over. Returns the number of files told. */
size_t walk_files(const char *root, const struct walk_options *o, bool (*fn)(void *ctx, const char *path, size_t bytes),
                  void *ctx);

/* One .gitignore, usable by itself: patterns as gitignore(5) describes them. */
struct ignore;
struct ignore *ignore_new(struct str text);
void ignore_free(struct ignore *ig); /* NULL is fine */
/* 1 ignored, 0 explicitly not ("!pattern"), -1 no pattern matches. `path` is relative to the file's folder. */
int ignore_match(const struct ignore *ig, const char *path, bool is_dir);

#endif
