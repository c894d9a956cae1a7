/* Writing a file so that a reader sees the old one or the new one, never a part: a temporary file
 * beside it, fsync, rename over the target, fsync of the folder. A process that is killed before
 * leaves nothing, where the file system has files without names (O_TMPFILE). */
#ifndef FTMRT_REPLACE_H
#define FTMRT_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "ftmrt.h"

struct replace_file {
    char *path, *temporary;
    int fd;       /* -1: closed */
    bool unnamed; /* the temporary file has no name yet */
};

/* Starts a replacement of `path`. On failure the text in `error` (if not NULL) names file and
 * reason, as with all of them, errno is the reason, and `f` needs no further call. */
enum ftmrt_status replace_open(struct replace_file *f, const char *path, char *error,
                               size_t error_size);

/* Whether a replacement could begin, for what is written at the end of long work; leaves nothing. */
enum ftmrt_status replace_check(const char *path, char *error, size_t error_size);

/* Appends bytes. After a failure only replace_abort may follow. */
enum ftmrt_status replace_write(struct replace_file *f, const void *data, size_t size, char *error,
                                size_t error_size);

/* Makes the new contents the file's, durably; `f` is closed in any case and nothing temporary is
 * left. */
enum ftmrt_status replace_commit(struct replace_file *f, char *error, size_t error_size);

/* All of it at once: the file's contents become these bytes. */
enum ftmrt_status replace_whole(const char *path, const void *data, size_t size, char *error,
                                size_t error_size);

/* Gives up: the target stays as it was. Harmless after a commit. */
void replace_abort(struct replace_file *f);

#endif
