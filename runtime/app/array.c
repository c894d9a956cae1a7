/* IDX and .npy. Source of IDX: the MNIST page's description (two zero bytes, a type byte, a rank byte, big-endian 32-bit sizes). */
#include "array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "array_parse.h"
#include "npy_header.h"
#include "replace.h"
#include "report.h"

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

bool array_take_npy(struct array *a, struct bytes *b, const char *path)
{
    struct npy_header h;
    char error[512];
    if (!npy_header_read(&h, b->at, b->len, error, sizeof error))
        return report_error("%s: %s", path, error);
    a->dtype = h.dtype;
    a->type = h.type;
    a->rank = h.rank;
    memcpy(a->dim, h.dim, sizeof a->dim);
    return h.narrow ? take_narrow(a, b, h.length, h.narrow, path)
                    : take_payload(a, b, h.length, path);
}

static bool parse_npy(struct array *a, struct bytes *b, const char *path)
{
    if (is_archive(b))
        return report_error(
            "%s: an .npz archive: its arrays are read by npz(file, images = \"...\", "
            "labels = \"...\")",
            path);
    return array_take_npy(a, b, path);
}

bool array_read_npy(struct array *a, const char *path) { return read_with(a, path, parse_npy); }

static bool parse_any(struct array *a, struct bytes *b, const char *path)
{
    if (b->len > 1 && !b->at[0] && !b->at[1])
        return parse_idx(a, b, path);
    if (b->len > 0 && b->at[0] == 0x93)
        return array_take_npy(a, b, path);
    return report_error("%s: neither an .npy, .npz nor IDX file; pictures are named without --data",
                        path);
}

/* Whether it is an archive, or an array of one is named. */
static bool names_archive(const char *path)
{
    unsigned char head[4] = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return strchr(path, ':') != NULL;
    const struct bytes b = {.at = head, .len = fread(head, 1, sizeof head, f)};
    fclose(f);
    return is_archive(&b);
}

bool array_read(struct array *a, const char *path)
{
    return names_archive(path) ? array_read_npz(a, path) : read_with(a, path, parse_any);
}

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
