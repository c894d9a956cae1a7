/* Arrays read from files: IDX and NumPy's .npy, both row-major. Files are untrusted: headers are
 * checked against sizes. */
#ifndef FTMRT_APP_ARRAY_H
#define FTMRT_APP_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "ftmrt.h"

enum { ARRAY_MAX_RANK = 4 }; /* NPY_MAX_RANK */

struct array {
    enum ftmrt_dtype dtype; /* U8, I32, I64, F32 or F64 */
    const char *type;       /* of the file, by NumPy's name: "int16", which is I64 here */
    int rank;
    int64_t dim[ARRAY_MAX_RANK];
    void *data;
};

/* "[60000, 28, 28]"; to be freed. */
char *array_shape_text(const struct array *a);

/* Reads a file by its content (gzipped files too); false after a message. */
bool array_read_idx(struct array *a, const char *path);
bool array_read_npy(struct array *a, const char *path);
/* An array of an .npz file: "FILE:NAME", or FILE alone where it has but one. */
bool array_read_npz(struct array *a, const char *path);
/* One of these, as its first bytes say. */
bool array_read(struct array *a, const char *path);

/* Element i of an array of integers. */
int64_t array_integer(const struct array *a, int64_t i);

/* Writes f32 data as .npy (version 1.0) through a temporary file; false after a message. */
bool array_write_npy(const char *path, const float *data, int rank, const int64_t *dim);

void array_free(struct array *a);

#endif
