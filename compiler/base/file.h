/* Files, mapped for reading, and their names. What is written replaces its target atomically: runtime/files/replace.h. */
#ifndef FTM_BASE_FILE_H
#define FTM_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct file_map {
    const unsigned char *data; /* not NULL when open, also for an empty file */
    size_t size;
    bool mapped;
};

/* Maps a regular file read-only; false with errno set. */
bool file_map_open(struct file_map *m, const char *path);
void file_map_close(struct file_map *m);

bool file_exists(const char *path);

/* "dir/" of a path ("./" if it has none); a path relative to a directory (absolute paths stay). */
char *file_dir(struct arena *a, const char *path);
char *file_join(struct arena *a, const char *dir, const char *path);
const char *file_base(const char *path);
/* "out" of "out//"; "/" stays. */
const char *file_without_slashes(struct arena *a, const char *path);

/* The way from one absolute folder to an absolute path, both canonical: "../data/x.npy"; "." where they are the same. */
char *file_relative(struct arena *a, const char *from, const char *to);

/* The folder of the running executable, or NULL. */
char *file_exe_dir(struct arena *a);

/* The folder above it, without a final slash: where bin/, lib/ and share/ are. Or NULL. */
char *file_install_dir(struct arena *a);

#endif
