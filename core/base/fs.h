/* SPDX-License-Identifier: MIT */
/* Files: read whole with a cap, write atomically, find the XDG folders. Knows nothing of what is in the files. */
#ifndef CORE_BASE_FS_H
#define CORE_BASE_FS_H

#include "core/base/err.h"
#include "core/base/str.h"

/* Reads a regular file into b (appended), up to b->max. ERR_NOT_FOUND, ERR_IO, ERR_TOO_BIG name the path. */
int fs_read(const char *path, struct buf *b, struct err *e);

/* Writes via a temporary file and rename; mode 0600 whatever the umask. The old file is whole until the new one is. */
int fs_write_atomic(const char *path, struct str content, struct err *e);

/* mkdir -p with mode 0700 for what is created. */
int fs_mkdirs(const char *path, struct err *e);

bool fs_is_file(const char *path);
bool fs_is_dir(const char *path);

/* Is this file safe to take code or configuration from: a regular file, owned by us or root, and neither it nor its
 * folder writable by group or others (a sticky folder such as /tmp counts as unsafe)? The sentence names the mend. */
int fs_check_private(const char *path, struct err *e);

enum fs_dir { FS_CONFIG, FS_STATE, FS_CACHE, FS_DATA };
/* Our folder below the XDG base directory, e.g. "~/.config/switchyard"; heap, or NULL when there is no HOME. */
char *fs_xdg(enum fs_dir which);
char *fs_join(const char *a, const char *b); /* heap; exactly one slash between */
char *fs_lib_dir(void);  /* "<prefix>/lib/switchyard" beside the running program; heap */

/* file: URIs to paths and back (percent-decoded; only empty or localhost authority). NULL if it is no file URI. */
char *fs_uri_to_path(struct str uri);
char *fs_path_to_uri(const char *path);

#endif
