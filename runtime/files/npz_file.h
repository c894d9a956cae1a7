/* NumPy's arrays in one file, as numpy.savez and savez_compressed write them: a zip archive with a member NAME.npy for each. */
#ifndef FTMRT_NPZ_FILE_H
#define FTMRT_NPZ_FILE_H

#include "npy_header.h"
#include "zip_archive.h"

enum { NPZ_MAX_ARRAYS = 1024 };

struct npz_array {
    char *name; /* owned; without ".npy" */
    struct zip_member member;
    struct npy_header header;
    char *problem; /* owned; why its head cannot be read, or NULL */
};

struct npz_file {
    struct zip_archive zip;
    struct npz_array *arrays; /* owned; in the file's order */
    int count;
};

/* Opens a file and reads the heads of its arrays. FTMRT_OK, or `error` says why not, without the path; to be closed in any case. */
enum ftmrt_status npz_open(struct npz_file *f, const char *path, char *error, size_t error_size);
void npz_close(struct npz_file *f);

/* The array of a name whose head can be read. NULL: `error` says why, or which there are. */
const struct npz_array *npz_find(const struct npz_file *f, const char *name, char *error,
                                 size_t error_size);
/* "x_train uint8 [60000, 28, 28], y_train uint8 [60000]": all of them, as far as there is room. */
void npz_list(const struct npz_file *f, char *out, size_t size);

/* Unpacks the first `count` bytes of an array, of its head first. NULL, or why not. */
const char *npz_read(const struct npz_file *f, const struct npz_array *a, void *out, size_t count);

#endif
