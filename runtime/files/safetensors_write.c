/* Writer of safetensors files; see safetensors.h. The header is padded with spaces to a multiple of
 * 8 bytes and data lies by falling element size, so every tensor is aligned to its type when the
 * file is mapped. */
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "replace.h"

static enum ftmrt_status fail(enum ftmrt_status status, const char *what, const char *why,
                              char *error, size_t error_size)
{
    if (error && error_size)
        snprintf(error, error_size, "%s: %s", what, why);
    return status;
}

static int has_exact_size(const struct st_tensor *t)
{
    uint64_t bytes = ftmrt_dtype_size(t->dtype);
    if (bytes == 0 || t->rank > ST_MAX_RANK || t->unsupported)
        return 0;
    for (uint32_t i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0 || __builtin_mul_overflow(bytes, (uint64_t)t->dim[i], &bytes))
            return 0;
    }
    return bytes == t->bytes;
}

/* Indices of the tensors in the order of their data. */
static size_t *data_order(const struct st_file *f)
{
    size_t *order = malloc((f->tensor_count + 1) * sizeof *order), count = 0;
    for (size_t size = 8; order && size >= 1; size /= 2) {
        for (size_t i = 0; i < f->tensor_count; i++) {
            if (ftmrt_dtype_size(f->tensors[i].dtype) == size)
                order[count++] = i;
        }
    }
    return order;
}

static json_t *describe(const struct st_tensor *t, uint64_t offset)
{
    const uint64_t end = offset + t->bytes;
    json_t *shape = json_array();
    for (uint32_t i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->dim[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", ftmrt_dtype_name(t->dtype), "shape", shape,
                     "data_offsets", (json_int_t)offset, (json_int_t)end);
}

/* Adds a value and takes it over; names must be UTF-8 and used once. */
static int add(json_t *object, const char *key, json_t *value)
{
    if (!json_object_get(object, key))
        return json_object_set_new(object, key, value) == 0;
    json_decref(value);
    return 0;
}

static json_t *make_metadata(const struct st_file *f, const char **culprit)
{
    json_t *metadata = json_object();
    for (size_t i = 0; i < f->metadata_count; i++) {
        *culprit = f->metadata[i].key;
        if (!add(metadata, f->metadata[i].key, json_string(f->metadata[i].value))) {
            json_decref(metadata);
            return NULL;
        }
    }
    return metadata;
}

/* The header's text, or NULL; *culprit is then the name that cannot be written. */
static char *make_header(const struct st_file *f, const size_t *order, const char **culprit)
{
    json_t *header = json_object();
    int ok = 1;
    if (f->metadata_count) {
        json_t *metadata = make_metadata(f, culprit);
        ok = metadata && add(header, "__metadata__", metadata);
    }
    uint64_t offset = 0;
    for (size_t i = 0; i < f->tensor_count && ok; i++) {
        const struct st_tensor *t = &f->tensors[order[i]];
        *culprit = t->name;
        ok = add(header, t->name, describe(t, offset));
        offset += t->bytes;
    }
    char *text = ok ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    return text;
}

static enum ftmrt_status write_header(struct replace_file *out, const char *text, char *error,
                                      size_t error_size)
{
    const size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    if (padded > ST_MAX_HEADER)
        return fail(FTMRT_ERROR_LIMIT, out->path, "the header is over 100 MB", error, error_size);
    enum ftmrt_status status = replace_write(out, prefix, sizeof prefix, error, error_size);
    if (status == FTMRT_OK)
        status = replace_write(out, text, length, error, error_size);
    if (status == FTMRT_OK)
        status = replace_write(out, "       ", padded - length, error, error_size);
    return status;
}

static enum ftmrt_status write_all(const struct st_file *f, const size_t *order, const char *header,
                                   const char *path, char *error, size_t error_size)
{
    struct replace_file out;
    enum ftmrt_status status = replace_open(&out, path, error, error_size);
    if (status != FTMRT_OK)
        return status;
    status = write_header(&out, header, error, error_size);
    for (size_t i = 0; i < f->tensor_count && status == FTMRT_OK; i++)
        status = replace_write(&out, f->tensors[order[i]].data, f->tensors[order[i]].bytes, error,
                               error_size);
    if (status == FTMRT_OK)
        return replace_commit(&out, error, error_size);
    replace_abort(&out);
    return status;
}

enum ftmrt_status st_write(const struct st_file *f, const char *path, char *error,
                           size_t error_size)
{
    size_t *order = data_order(f);
    if (!order)
        return fail(FTMRT_ERROR_MEMORY, path, "out of memory", error, error_size);
    const char *culprit = "";
    for (size_t i = 0; i < f->tensor_count; i++) {
        if (!has_exact_size(&f->tensors[i])) {
            free(order);
            return fail(FTMRT_ERROR_ARGUMENT, f->tensors[i].name,
                        "its size is not that of its shape and type", error, error_size);
        }
    }
    char *header = make_header(f, order, &culprit);
    enum ftmrt_status status = FTMRT_ERROR_ARGUMENT;
    if (header)
        status = write_all(f, order, header, path, error, error_size);
    else
        fail(status, culprit, "a name or value that is not UTF-8 or occurs twice", error,
             error_size);
    free(header);
    free(order);
    return status;
}
