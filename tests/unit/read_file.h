/* A whole file for a test. */
#ifndef FTM_READ_FILE_H
#define FTM_READ_FILE_H

#include <stdio.h>

/* Reads at most `most` bytes of a file; returns how many, 0 if it cannot be read. */
static inline size_t read_file(const char *path, unsigned char *bytes, size_t most)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    const size_t size = fread(bytes, 1, most, f);
    fclose(f);
    return size;
}

#endif
