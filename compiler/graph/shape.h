/* Types of values: a data type and a logical shape.
 *
 * Shapes are logical and row-major (NCHW); how a value lies in memory is its layout (layout.def).
 * The batch is symbolic: a batched shape has DIM_BATCH as its first dimension, and every entry of
 * the program takes any n from 1 to the program's maximum. */
#ifndef FTM_GRAPH_SHAPE_H
#define FTM_GRAPH_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ftmrt.h" /* enum ftmrt_dtype, enum ftmrt_layout: shared with the descriptor of the program */

enum { SHAPE_MAX_RANK = FTMRT_MAX_RANK };

/* The symbolic batch dimension; only ever dim[0]. */
#define DIM_BATCH (-1)

struct shape {
    uint32_t rank;               /* 0: a scalar */
    int64_t dim[SHAPE_MAX_RANK]; /* each >= 1, or DIM_BATCH at 0; unused ones are 0 */
};

struct type {
    enum ftmrt_dtype dtype;
    struct shape shape;
};

/* The data type of a word in small letters, "f32"; false: there is none. */
bool dtype_by_word(const char *word, enum ftmrt_dtype *dtype);

/* A shape of `rank` dimensions. */
struct shape shape_make(uint32_t rank, const int64_t *dim);
struct shape shape_scalar(void);
struct shape shape_1d(int64_t a);
struct shape shape_2d(int64_t a, int64_t b);
struct shape shape_4d(int64_t a, int64_t b, int64_t c, int64_t d);

bool shape_equal(const struct shape *a, const struct shape *b);
bool type_equal(const struct type *a, const struct type *b);
bool shape_batched(const struct shape *s);

/* Elements with the batch taken as n (n is ignored for a shape without a batch). */
int64_t shape_elements(const struct shape *s, int64_t n);

/* Writes "[N, 3, 64, 64]" (scalar: "[]") into buf of size bytes; returns buf. */
char *shape_text(const struct shape *s, char *buf, unsigned size);

#endif
