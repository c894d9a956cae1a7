/* Heads of NumPy arrays. */
#include "npy_header.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where it is told what is wrong. */
struct npy_error {
    char *text;
    size_t size;
};

static bool refuse(const struct npy_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool refuse(const struct npy_error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, e->size, format, args);
    va_end(args);
    return false;
}

/* The text behind `'key':` in the header's dictionary, or NULL. */
static const char *npy_field(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    if (!p || !(p = strchr(p, ':')))
        return NULL;
    p++;
    while (*p == ' ')
        p++;
    return p;
}

/* An element of a NumPy file, and as what it is kept. */
struct npy_type {
    const char *code, *name;
    enum ftmrt_dtype dtype;
    int narrow; /* bytes of an integer that is widened to 64 bits, below 0: signed; 0: it lies as it is kept */
};

static const struct npy_type npy_types[] = {
    {"u1", "uint8", FTMRT_U8, 0},    {"b1", "bool", FTMRT_U8, 0},
    {"i1", "int8", FTMRT_I64, -1},   {"i2", "int16", FTMRT_I64, -2},
    {"u2", "uint16", FTMRT_I64, 2},  {"i4", "int32", FTMRT_I32, 0},
    {"u4", "uint32", FTMRT_I64, 4},  {"i8", "int64", FTMRT_I64, 0},
    {"u8", "uint64", FTMRT_I64, 0},  {"f4", "float32", FTMRT_F32, 0},
    {"f8", "float64", FTMRT_F64, 0},
};

/* The type of "'<i2'"; of one byte every order is the same. NULL: it is not read. */
static const struct npy_type *npy_type(const char *descr)
{
    if (*descr != '\'' || !descr[1] || !strchr("<|>", descr[1]))
        return NULL;
    for (size_t i = 0; i < sizeof npy_types / sizeof *npy_types; i++) {
        const struct npy_type *t = &npy_types[i];
        if (!strncmp(descr + 2, t->code, 2) && descr[4] == '\'' &&
            (descr[1] != '>' || t->code[1] == '1'))
            return t;
    }
    return NULL;
}

static bool npy_shape(struct npy_header *h, const char *p)
{
    if (*p++ != '(')
        return false;
    for (;;) {
        while (*p == ' ' || *p == ',')
            p++;
        if (*p == ')')
            return true;
        if (!isdigit((unsigned char)*p) || h->rank == NPY_MAX_RANK)
            return false;
        char *end;
        errno = 0;
        long long v = strtoll(p, &end, 10);
        if (errno)
            return false;
        h->dim[h->rank++] = v;
        p = end + (*end == 'L'); /* as Python 2 wrote a long */
    }
}

/* What is read of a kind of numbers instead: of floating point, and of all else. */
static bool refuse_type(const char *descr, const struct npy_error *e)
{
    const bool text = descr[0] == '\'' && descr[1] && strchr("USO", descr[2]);
    const bool real = descr[0] == '\'' && descr[1] && descr[2] == 'f';
    return refuse(e, ".npy element type %.*s is not read; %s", (int)strcspn(descr, ",}"), descr,
                  text   ? "classes are integers from 0, with their names in `labels`"
                  : real ? "save it with astype(numpy.float32)"
                         : "save it with astype(numpy.int64), or pixels with "
                           "astype(numpy.uint8)");
}

static bool read_dictionary(struct npy_header *h, const char *text, const struct npy_error *e)
{
    const char *descr = npy_field(text, "'descr'");
    const char *order = npy_field(text, "'fortran_order'");
    const char *shape = npy_field(text, "'shape'");
    if (!descr || !order || !shape)
        return refuse(e, "damaged .npy header");
    const struct npy_type *type = npy_type(descr);
    if (!type)
        return refuse_type(descr, e);
    h->dtype = type->dtype;
    h->type = type->name;
    h->narrow = type->narrow;
    if (strncmp(order, "False", 5) != 0)
        return refuse(e, "a Fortran-ordered array; save it with numpy.ascontiguousarray");
    return npy_shape(h, shape) ||
           refuse(e, "unreadable shape, or more than %d dimensions", NPY_MAX_RANK);
}

bool npy_header_read(struct npy_header *h, const unsigned char *bytes, size_t size, char *error,
                     size_t error_size)
{
    const struct npy_error e = {error, error_size};
    *h = (struct npy_header){0};
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return refuse(&e, "not a .npy file");
    if (bytes[6] < 1 || bytes[6] > 3)
        return refuse(&e, "version %d of .npy; 1 to 3 are read", bytes[6]);
    const size_t at = bytes[6] == 1 ? 10 : 12;
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    char *text = length > size - at ? NULL : calloc(length + 1, 1);
    if (!text)
        return refuse(&e, "truncated .npy header");
    memcpy(text, bytes + at, length);
    const bool ok = read_dictionary(h, text, &e);
    free(text);
    h->length = at + length;
    return ok;
}
