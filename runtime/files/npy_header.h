/* The head of a NumPy array in a file: its type and shape. Source: NumPy's NEP 1 (magic, version, a Python dictionary as text). */
#ifndef FTMRT_NPY_HEADER_H
#define FTMRT_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ftmrt.h"

enum { NPY_MAX_RANK = 4 };

struct npy_header {
    const char *type;       /* by NumPy's name: "int16" */
    enum ftmrt_dtype dtype; /* as what it is kept: U8, I32, I64, F32 or F64 */
    int narrow; /* bytes of an integer that is widened to 64 bits, below 0: signed; 0: it lies as it is kept */
    int rank;
    int64_t dim[NPY_MAX_RANK];
    size_t length; /* of the head: data begins there */
};

/* Reads a head from the first bytes of a file, row-major and little-endian. false: `error` says why, or what to save instead. */
bool npy_header_read(struct npy_header *h, const unsigned char *bytes, size_t size, char *error,
                     size_t error_size);

#endif
