/* What the readers of arrays share: a file's bytes, and an array that they become. */
#ifndef FTMRT_APP_ARRAY_PARSE_H
#define FTMRT_APP_ARRAY_PARSE_H

#include <stddef.h>

#include "array.h"

/* A data set file may not be larger than this once unpacked: a packed bomb must not eat the memory. */
#define ARRAY_MAX_BYTES ((size_t)8 << 30)

struct bytes {
    unsigned char *at; /* owned until an array has them */
    size_t len, cap;
};

/* Makes an array of the bytes of an .npy file, called `path` in messages; false after a message. The bytes are the array's then. */
bool array_take_npy(struct array *a, struct bytes *b, const char *path);

#endif
