/* The safetensors format: 8 bytes little-endian header length, a JSON header, the tensors' data.
 *
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets":
 * [0, 24]}, ...}
 *
 * Files are untrusted. What the format demands is checked: no duplicate names, shape and type agree
 * with the range of offsets, ranges cover the data exactly (no hole, no overlap, nothing behind the
 * last). Source of the rules: the format section of the safetensors README (Hugging Face). */
#ifndef FTMRT_SAFETENSORS_H
#define FTMRT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "ftmrt.h"

enum { ST_MAX_RANK = 8 };

#define ST_MAX_HEADER                                                                              \
    100000000U /* bytes, the limit of the reference implementation                                 \
                */

struct st_tensor {
    const char *name;
    enum ftmrt_dtype dtype;
    uint32_t rank;
    int64_t dim[ST_MAX_RANK];
    const unsigned char
        *data; /* row-major, little-endian; when read: inside the buffer, any alignment */
    uint64_t bytes;
    const char *unsupported; /* NULL; else why it cannot be used ("F8_E4M3"): only name, data
                                and bytes are set */
};

struct st_metadata {
    const char *key, *value;
};

struct st_file {
    struct st_tensor *tensors; /* in the header's order */
    size_t tensor_count;
    struct st_metadata *metadata;
    size_t metadata_count;
    void *header; /* owns the strings of a file that was read; NULL otherwise */
};

/* Reads a file that is in memory; the buffer must outlive `f`. On failure `f` is empty and `error`
 * (if not NULL) says what is wrong and where. */
enum ftmrt_status st_read(struct st_file *f, const void *buffer, size_t size, char *error,
                          size_t error_size);

/* Frees what st_read allocated; not for a struct that the caller filled to be written. */
void st_free(struct st_file *f);

/* The tensor of that name, or NULL. */
const struct st_tensor *st_find(const struct st_file *f, const char *name);

/* The value of a metadata key, or NULL. */
const char *st_find_metadata(const struct st_file *f, const char *key);

/* Writes a file, replacing it as replace.h describes. The caller fills tensors (bytes must be shape
 * times type) and metadata. Data is laid out by falling element size, in the given order within
 * one, so that every tensor is aligned; the bytes of the file depend on nothing but `f`. */
enum ftmrt_status st_write(const struct st_file *f, const char *path, char *error,
                           size_t error_size);

#endif
