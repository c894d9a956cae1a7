/* IDX and .npy. Sources of the formats: the MNIST page's description of IDX (two zero bytes, a type
 * byte, a rank byte, big-endian 32-bit sizes) and NumPy's NEP 1 (magic, version, a Python
 * dictionary as text, raw data). */
#include "array.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "replace.h"
#include "report.h"

/* A data set file may not be larger than this once unpacked: a gzipped bomb must not eat the
 * memory. */
#define ARRAY_MAX_BYTES ((size_t)8 << 30)

struct bytes {
    unsigned char *at;
    size_t len, cap;
};

static bool bytes_grow(struct bytes *b)
{
    size_t cap = b->cap ? 2 * b->cap : (size_t)1 << 20;
    unsigned char *at = cap > 2 * ARRAY_MAX_BYTES ? NULL : realloc(b->at, cap);
    if (!at)
        return false;
    b->at = at;
    b->cap = cap;
    return true;
}

/* The whole file, unpacked if it is gzipped (zlib reads plain files as they are). */
static bool read_all(struct bytes *b, const char *path)
{
    *b = (struct bytes){0};
    gzFile f = gzopen(path, "rb");
    if (!f)
        return report_error("%s: %s", path, strerror(errno));
    gzbuffer(f, 1 << 17);
    int got = 1;
    while (got > 0) {
        if (b->len == b->cap && !bytes_grow(b)) {
            got = -2;
            break;
        }
        size_t room = b->cap - b->len;
        got = gzread(f, b->at + b->len, room > (1U << 30) ? 1U << 30 : (unsigned)room);
        if (got > 0)
            b->len += (size_t)got;
        if (b->len > ARRAY_MAX_BYTES)
            got = -2;
    }
    int code = Z_OK;
    gzerror(f, &code);
    const char *why = got == -2         ? "larger than the limit for a data file (8 GiB)"
                      : code == Z_ERRNO ? strerror(errno)
                                        : "cannot be read (damaged or truncated gzip data?)";
    if (gzclose_r(f) == Z_OK && got == 0)
        return true;
    free(b->at);
    *b = (struct bytes){0};
    return report_error("%s: %s", path, why);
}

char *array_shape_text(const struct array *a)
{
    char *text = app_strdup("[");
    for (int i = 0; i < a->rank; i++) {
        char *next = app_format("%s%s%lld", text, i ? ", " : "", (long long)a->dim[i]);
        free(text);
        text = next;
    }
    char *closed = app_format("%s]", text);
    free(text);
    return closed;
}

/* Multiplies the sizes up, refusing overflow and more than the limit. */
static bool count_elements(const struct array *a, size_t *bytes)
{
    size_t n = ftmrt_dtype_size(a->dtype);
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] < 0 || (a->dim[i] > 0 && n > ARRAY_MAX_BYTES / (size_t)a->dim[i]))
            return false;
        n *= (size_t)a->dim[i];
    }
    *bytes = n;
    return true;
}

/* Whether so many bytes, and no more, are behind the header. */
static bool check_payload(const struct bytes *b, size_t header, size_t want, const char *path)
{
    if (b->len < header || b->len - header < want)
        return report_error(
            "%s: the header asks for more data than the file holds (%zu bytes behind the header)",
            path, b->len < header ? 0 : b->len - header);
    return b->len - header == want ||
           report_error("%s: %zu bytes behind the end of the array", path, b->len - header - want);
}

/* Moves the payload behind the header into the array. */
static bool take_payload(struct array *a, struct bytes *b, size_t header, const char *path)
{
    size_t want;
    if (!count_elements(a, &want))
        want = SIZE_MAX;
    if (!check_payload(b, header, want, path))
        return false;
    memmove(b->at, b->at + header, want);
    a->data = b->at;
    return true;
}

static bool parse_idx(struct array *a, struct bytes *b, const char *path)
{
    if (b->len < 4 || b->at[0] || b->at[1])
        return report_error("%s: not an IDX file (it must begin with two zero bytes)", path);
    if (b->at[2] != 0x08)
        return report_error("%s: IDX element type 0x%02x; only unsigned bytes (0x08) are read",
                            path, b->at[2]);
    a->dtype = FTMRT_U8;
    a->type = "uint8";
    a->rank = b->at[3];
    if (a->rank < 1 || a->rank > ARRAY_MAX_RANK)
        return report_error("%s: IDX rank %d; 1 to %d are read", path, a->rank, ARRAY_MAX_RANK);
    size_t header = 4 + 4 * (size_t)a->rank;
    if (b->len < header)
        return report_error("%s: truncated IDX header", path);
    for (int i = 0; i < a->rank; i++) {
        const unsigned char *p = b->at + 4 + 4 * (size_t)i;
        a->dim[i] = (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    }
    return take_payload(a, b, header, path);
}

static bool read_with(struct array *a, const char *path,
                      bool (*parse)(struct array *, struct bytes *, const char *))
{
    struct bytes b;
    *a = (struct array){0};
    if (!read_all(&b, path))
        return false;
    if (!parse(a, &b, path)) {
        free(b.at);
        a->data = NULL;
        return false;
    }
    return true;
}

bool array_read_idx(struct array *a, const char *path) { return read_with(a, path, parse_idx); }

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

/* Integer i of so many bytes, below 0: signed; the lowest byte is the first. */
static int64_t narrow_integer(const unsigned char *at, int64_t i, int bytes)
{
    const int size = abs(bytes);
    uint64_t v = 0;
    for (int k = size - 1; k >= 0; k--)
        v = v << 8 | at[i * size + k];
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    return bytes < 0 && v & sign ? (int64_t)v - (int64_t)(2 * sign) : (int64_t)v;
}

static bool npy_shape(struct array *a, const char *p)
{
    if (*p++ != '(')
        return false;
    for (;;) {
        while (*p == ' ' || *p == ',')
            p++;
        if (*p == ')')
            return true;
        if (!isdigit((unsigned char)*p) || a->rank == ARRAY_MAX_RANK)
            return false;
        char *end;
        errno = 0;
        long long v = strtoll(p, &end, 10);
        if (errno)
            return false;
        a->dim[a->rank++] = v;
        p = end + (*end == 'L'); /* as Python 2 wrote a long */
    }
}

/* What is read of a kind of numbers instead: of floating point, and of all else. */
static bool refuse_npy_type(const char *descr, const char *path)
{
    const bool text = descr[0] == '\'' && descr[1] && strchr("USO", descr[2]);
    const bool real = descr[0] == '\'' && descr[1] && descr[2] == 'f';
    return report_error("%s: .npy element type %.*s is not read; %s", path,
                        (int)strcspn(descr, ",}"), descr,
                        text   ? "classes are integers from 0, with their names in `labels`"
                        : real ? "save it with astype(numpy.float32)"
                               : "save it with astype(numpy.int64), or pixels with "
                                 "astype(numpy.uint8)");
}

static bool parse_npy_header(struct array *a, const char *header, int *narrow, const char *path)
{
    const char *descr = npy_field(header, "'descr'");
    const char *order = npy_field(header, "'fortran_order'");
    const char *shape = npy_field(header, "'shape'");
    if (!descr || !order || !shape)
        return report_error("%s: damaged .npy header", path);
    const struct npy_type *type = npy_type(descr);
    if (!type)
        return refuse_npy_type(descr, path);
    a->dtype = type->dtype;
    a->type = type->name;
    *narrow = type->narrow;
    if (strncmp(order, "False", 5) != 0)
        return report_error("%s: a Fortran-ordered array; save it with numpy.ascontiguousarray",
                            path);
    if (!npy_shape(a, shape))
        return report_error("%s: unreadable shape, or more than %d dimensions", path,
                            ARRAY_MAX_RANK);
    return true;
}

/* Takes integers of fewer bytes as 64-bit ones. */
static bool take_narrow(struct array *a, struct bytes *b, size_t header, int narrow,
                        const char *path)
{
    size_t want;
    if (!count_elements(a, &want))
        want = SIZE_MAX;
    const size_t count = want / sizeof(int64_t);
    if (!check_payload(b, header, want == SIZE_MAX ? want : count * (size_t)abs(narrow), path))
        return false;
    int64_t *to = app_alloc(count, sizeof *to);
    for (size_t i = 0; i < count; i++)
        to[i] = narrow_integer(b->at + header, (int64_t)i, narrow);
    free(b->at);
    a->data = b->at = (unsigned char *)to;
    return true;
}

/* Several arrays in a zip archive. */
static bool is_archive(const struct bytes *b) { return b->len > 3 && !memcmp(b->at, "PK\3\4", 4); }

static bool refuse_archive(const char *path)
{
    return report_error("%s: an .npz archive; save its array by itself, with numpy.save", path);
}

static bool parse_npy(struct array *a, struct bytes *b, const char *path)
{
    if (is_archive(b))
        return refuse_archive(path);
    if (b->len < 12 || memcmp(b->at, "\x93NUMPY", 6) != 0)
        return report_error("%s: not a .npy file", path);
    if (b->at[6] < 1 || b->at[6] > 3)
        return report_error("%s: version %d of .npy; 1 to 3 are read", path, b->at[6]);
    size_t at = b->at[6] == 1 ? 10 : 12;
    size_t length = (size_t)b->at[8] | (size_t)b->at[9] << 8;
    if (b->at[6] > 1)
        length |= (size_t)b->at[10] << 16 | (size_t)b->at[11] << 24;
    if (length > b->len - at)
        return report_error("%s: truncated .npy header", path);
    char *header = app_alloc(length + 1, 1);
    memcpy(header, b->at + at, length);
    int narrow = 0;
    bool ok = parse_npy_header(a, header, &narrow, path);
    free(header);
    return ok && (narrow ? take_narrow(a, b, at + length, narrow, path)
                         : take_payload(a, b, at + length, path));
}

bool array_read_npy(struct array *a, const char *path) { return read_with(a, path, parse_npy); }

static bool parse_any(struct array *a, struct bytes *b, const char *path)
{
    if (b->len > 1 && !b->at[0] && !b->at[1])
        return parse_idx(a, b, path);
    if (b->len > 0 && b->at[0] == 0x93)
        return parse_npy(a, b, path);
    if (is_archive(b))
        return refuse_archive(path);
    return report_error("%s: neither an .npy nor an IDX file; pictures are named without --data",
                        path);
}

bool array_read(struct array *a, const char *path) { return read_with(a, path, parse_any); }

int64_t array_integer(const struct array *a, int64_t i)
{
    if (a->dtype == FTMRT_U8)
        return ((const unsigned char *)a->data)[i];
    return a->dtype == FTMRT_I32 ? ((const int32_t *)a->data)[i] : ((const int64_t *)a->data)[i];
}

bool array_write_npy(const char *path, const float *data, int rank, const int64_t *dim)
{
    char shape[128] = "", header[256];
    size_t count = 1, used = 0;
    for (int i = 0; i < rank; i++) {
        used += (size_t)snprintf(shape + used, sizeof(shape) - used, "%lld,", (long long)dim[i]);
        count *= (size_t)dim[i];
    }
    int n = snprintf(header, sizeof(header),
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
    int padded = (10 + n + 1 + 63) / 64 * 64 - 10; /* data begins at a multiple of 64 */
    unsigned char magic[10] = {0x93,
                               'N',
                               'U',
                               'M',
                               'P',
                               'Y',
                               1,
                               0,
                               (unsigned char)(padded & 255),
                               (unsigned char)(padded >> 8)};
    struct replace_file f;
    char error[512], text[320];
    snprintf(text, sizeof(text), "%s%*s\n", header, padded - n - 1, "");
    bool ok = replace_open(&f, path, error, sizeof(error)) == FTMRT_OK;
    if (ok && (replace_write(&f, magic, sizeof(magic), error, sizeof(error)) != FTMRT_OK ||
               replace_write(&f, text, (size_t)padded, error, sizeof(error)) != FTMRT_OK ||
               replace_write(&f, data, count * sizeof(float), error, sizeof(error)) != FTMRT_OK)) {
        replace_abort(&f);
        ok = false;
    }
    ok = ok && replace_commit(&f, error, sizeof(error)) == FTMRT_OK;
    return ok || report_error("%s", error);
}

void array_free(struct array *a)
{
    free(a->data);
    *a = (struct array){0};
}
