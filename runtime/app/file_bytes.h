/* A file in memory, read only. */
#ifndef FTMRT_APP_FILE_BYTES_H
#define FTMRT_APP_FILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct file_bytes {
    const unsigned char *at; /* mapped */
    size_t size;             /* at least 1 */
};

/* Maps a regular file. false after a message: it cannot be read, or is empty. */
bool file_bytes_open(struct file_bytes *f, const char *path);
void file_bytes_close(struct file_bytes *f);

#endif
