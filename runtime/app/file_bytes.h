/* A file in memory, read only. */
#ifndef FTMRT_APP_FILE_BYTES_H
#define FTMRT_APP_FILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct file_bytes {
    const unsigned char *at; /* owned */
    size_t size;             /* at least 1 */
};

/* Reads a file, or what a pipe gives until it ends; "-": standard input. It is read and not mapped, as a mapped file that somebody
 * makes shorter would end the process. NULL, or why not: it cannot be read, is empty, or is larger than 1 GiB. */
const char *file_bytes_try(struct file_bytes *f, const char *path);
/* The same; false after a message. */
bool file_bytes_open(struct file_bytes *f, const char *path);
void file_bytes_close(struct file_bytes *f);

/* Whether a file can be written, for what is written at the end of long work; false after a message. Leaves nothing. */
bool file_can_be_written(const char *path);

#endif
