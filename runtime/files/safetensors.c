/* Reader of safetensors files; the rules are in safetensors.h. The JSON header is parsed by
 * jansson, which rejects duplicate keys and limits nesting; everything numeric is checked here
 * before it is used. */
#include "safetensors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Where to say what is wrong. */
struct reader {
    const unsigned char *data; /* first byte after the header */
    uint64_t data_size;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static enum ftmrt_status fail(const struct reader *r,
                                                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (r->error && r->error_size)
        vsnprintf(r->error, r->error_size, format, args);
    va_end(args);
    return FTMRT_ERROR_FORMAT;
}

/* Types of the format that the program does not compute with. */
static int known_type(const char *text)
{
    static const char *const names[] = {"U16",     "U32", "U64",     "F8_E4M3", "F8_E5M2",
                                        "F8_E8M0", "C64", "F6_E2M3", "F6_E3M2", "F4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0)
            return 1;
    }
    return 0;
}

static enum ftmrt_status read_type(const struct reader *r, struct st_tensor *t, const json_t *json)
{
    const char *text = json_string_value(json);
    if (!text)
        return fail(r, "tensor '%.200s': dtype is not a string", t->name);
    for (int i = 0; i < FTMRT_DTYPE_COUNT; i++) {
        if (strcmp(ftmrt_dtype_name((enum ftmrt_dtype)i), text) == 0) {
            t->dtype = (enum ftmrt_dtype)i;
            return FTMRT_OK;
        }
    }
    if (!known_type(text))
        return fail(r, "tensor '%.200s': unknown dtype '%.40s'", t->name, text);
    t->unsupported = text;
    return FTMRT_OK;
}

static enum ftmrt_status read_shape(const struct reader *r, struct st_tensor *t, const json_t *json)
{
    if (!json_is_array(json))
        return fail(r, "tensor '%.200s': shape is not an array", t->name);
    const size_t rank = json_array_size(json);
    if (rank > ST_MAX_RANK) {
        t->unsupported = "more than 8 dimensions";
        return FTMRT_OK;
    }
    t->rank = (uint32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(json, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return fail(r, "tensor '%.200s': shape[%zu] is not a natural number", t->name, i);
        t->dim[i] = (int64_t)json_integer_value(dim);
    }
    return FTMRT_OK;
}

/* What is most often the matter where data ends before it should. */
static const char cut_short[] = "cut short, copy it again: ";

static enum ftmrt_status read_offsets(const struct reader *r, struct st_tensor *t,
                                      const json_t *json)
{
    const json_t *first = json_array_get(json, 0), *last = json_array_get(json, 1);
    if (json_array_size(json) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return fail(r, "tensor '%.200s': data_offsets is not a pair of integers", t->name);
    const json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > r->data_size)
        return fail(r,
                    "%stensor '%.200s': data_offsets [%" PRId64 ", %" PRId64
                    "] outside the %" PRIu64 " bytes of data",
                    begin < 0 || end < begin ? "" : cut_short, t->name, (int64_t)begin,
                    (int64_t)end, r->data_size);
    t->data = r->data + begin;
    t->bytes = (uint64_t)(end - begin);
    return FTMRT_OK;
}

/* Bytes that shape and type ask for; UINT64_MAX if that overflows, or would if no axis were empty.
 */
static uint64_t wanted_bytes(const struct st_tensor *t)
{
    uint64_t bytes = ftmrt_dtype_size(t->dtype);
    int empty = 0;
    for (uint32_t i = 0; i < t->rank; i++) {
        empty |= t->dim[i] == 0;
        if (t->dim[i] &&
            (__builtin_mul_overflow(bytes, (uint64_t)t->dim[i], &bytes) || bytes > INT64_MAX))
            return UINT64_MAX;
    }
    return empty ? 0 : bytes;
}

static enum ftmrt_status read_tensor(const struct reader *r, struct st_tensor *t, const char *name,
                                     const json_t *json)
{
    t->name = name;
    if (!json_is_object(json) || json_object_size(json) != 3)
        return fail(r, "tensor '%.200s': not an object of dtype, shape and data_offsets", name);
    enum ftmrt_status status = read_type(r, t, json_object_get(json, "dtype"));
    if (status == FTMRT_OK)
        status = read_shape(r, t, json_object_get(json, "shape"));
    if (status == FTMRT_OK)
        status = read_offsets(r, t, json_object_get(json, "data_offsets"));
    if (status != FTMRT_OK || t->unsupported)
        return status;
    const uint64_t wanted = wanted_bytes(t);
    if (wanted != t->bytes)
        return fail(r,
                    "tensor '%.200s': its %s shape takes %" PRIu64
                    " bytes but data_offsets span %" PRIu64,
                    name, ftmrt_dtype_name(t->dtype), wanted, t->bytes);
    return FTMRT_OK;
}

static enum ftmrt_status read_metadata(const struct reader *r, struct st_file *f, json_t *json)
{
    if (!json_is_object(json))
        return fail(r, "__metadata__ is not an object");
    f->metadata = calloc(json_object_size(json) + 1, sizeof *f->metadata);
    if (!f->metadata)
        return FTMRT_ERROR_MEMORY;
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        if (!json_is_string(value))
            return fail(r, "__metadata__: the value of '%.200s' is not a string", key);
        f->metadata[f->metadata_count++] = (struct st_metadata){key, json_string_value(value)};
    }
    return FTMRT_OK;
}

static enum ftmrt_status read_header(const struct reader *r, struct st_file *f)
{
    json_t *header = f->header, *value;
    const char *key;
    f->tensors = calloc(json_object_size(header) + 1, sizeof *f->tensors);
    if (!f->tensors)
        return FTMRT_ERROR_MEMORY;
    json_object_foreach(header, key, value)
    {
        const enum ftmrt_status status =
            strcmp(key, "__metadata__") == 0
                ? read_metadata(r, f, value)
                : read_tensor(r, &f->tensors[f->tensor_count++], key, value);
        if (status != FTMRT_OK)
            return status;
    }
    return FTMRT_OK;
}

static int by_range(const void *a, const void *b)
{
    const struct st_tensor *x = *(const struct st_tensor *const *)a,
                           *y = *(const struct st_tensor *const *)b;
    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Ranges must cover the data once. */
static enum ftmrt_status check_ranges(const struct reader *r, const struct st_file *f)
{
    const struct st_tensor **order = malloc((f->tensor_count + 1) * sizeof *order);
    if (!order)
        return FTMRT_ERROR_MEMORY;
    for (size_t i = 0; i < f->tensor_count; i++)
        order[i] = &f->tensors[i];
    qsort(order, f->tensor_count, sizeof *order, by_range);
    const unsigned char *end = r->data;
    enum ftmrt_status status = FTMRT_OK;
    for (size_t i = 0; i < f->tensor_count && status == FTMRT_OK; i++) {
        if (order[i]->data != end)
            status = fail(r, "tensor '%.200s': its data %s", order[i]->name,
                          order[i]->data < end ? "overlaps another tensor's" : "follows a hole");
        end = order[i]->data + order[i]->bytes;
    }
    free(order);
    if (status == FTMRT_OK && end != r->data + r->data_size)
        return fail(r, "%" PRIu64 " bytes after the last tensor",
                    r->data_size - (uint64_t)(end - r->data));
    return status;
}

static enum ftmrt_status parse(struct reader *r, struct st_file *f, const unsigned char *buffer,
                               size_t size)
{
    if (size < 8)
        return fail(r, "%zu bytes are too short for a safetensors file", size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | buffer[i];
    if (length > ST_MAX_HEADER)
        return fail(r, "the header length %" PRIu64 " is over the limit of 100 MB", length);
    if (length > size - 8)
        return fail(r, "%sthe header length %" PRIu64 " is more than the file's %zu bytes",
                    size > 8 && buffer[8] == '{' ? cut_short : "", length, size);
    if (length == 0 || buffer[8] != '{')
        return fail(r, "the header does not begin with '{'");
    json_error_t json_error;
    f->header = json_loadb((const char *)buffer + 8, length, JSON_REJECT_DUPLICATES, &json_error);
    if (!f->header)
        return fail(r, "header, byte %d: %s", 8 + json_error.position, json_error.text);
    r->data = buffer + 8 + length;
    r->data_size = size - 8 - length;
    const enum ftmrt_status status = read_header(r, f);
    return status == FTMRT_OK ? check_ranges(r, f) : status;
}

enum ftmrt_status st_read(struct st_file *f, const void *buffer, size_t size, char *error,
                          size_t error_size)
{
    struct reader r = {.error = error, .error_size = error_size};
    *f = (struct st_file){0};
    const enum ftmrt_status status = parse(&r, f, buffer, size);
    if (status == FTMRT_OK)
        return FTMRT_OK;
    if (status == FTMRT_ERROR_MEMORY)
        fail(&r, "%s", ftmrt_status_text(status));
    st_free(f);
    return status;
}

void st_free(struct st_file *f)
{
    free(f->tensors);
    free(f->metadata);
    json_decref(f->header);
    *f = (struct st_file){0};
}

const struct st_tensor *st_find(const struct st_file *f, const char *name)
{
    for (size_t i = 0; i < f->tensor_count; i++) {
        if (strcmp(f->tensors[i].name, name) == 0)
            return &f->tensors[i];
    }
    return NULL;
}

const char *st_find_metadata(const struct st_file *f, const char *key)
{
    for (size_t i = 0; i < f->metadata_count; i++) {
        if (strcmp(f->metadata[i].key, key) == 0)
            return f->metadata[i].value;
    }
    return NULL;
}
