/* Memory layouts: how many floats a tensor takes in each, and copies from and to row-major order.
 *
 * Every layout is described by two blocked axes (rows of blocks) over a row-major tensor seen as
 * [A, B, S]:
 *     PLAIN      A = 1, B = 1, S = everything
 *     BLOCKED    A = N, B = C, S = H*W    at [a][b/16][s][b%16]
 *     VECTOR     A = R, B = C, S = 1      the same formula
 *     DEPTHWISE  A = 1, B = C, S = KH*KW  the same formula
 *     CONV       A = O, B = I, S = KH*KW  at [a/16][b/16][s][b%16][a%16]
 *     CONV_T     A and B exchanged        at [b/16][a/16][s][a%16][b%16]
 * so one formula serves the activations and one the dense weights. */
#include "core.h"
#include "rounding.h"

#include <string.h>

enum { B = FTMRT_CB };

struct view {
    int64_t a, b, s; /* extents of the row-major tensor [a, b, s] */
};

static int64_t blocks(int64_t n) { return ceil_div(n, B); }

int64_t ftmrt_elements(uint32_t rank, const int64_t *dim)
{
    int64_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dim[i];
    return count;
}

static int is_dense(enum ftmrt_layout layout)
{
    return layout == FTMRT_LAYOUT_CONV || layout == FTMRT_LAYOUT_CONV_T;
}

static struct view view_of(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim)
{
    const int64_t all = ftmrt_elements(rank, dim);
    if (layout == FTMRT_LAYOUT_PLAIN || rank == 0)
        return (struct view){1, 1, all};
    if (layout == FTMRT_LAYOUT_VECTOR) {
        const int64_t last = dim[rank - 1];
        return (struct view){ftmrt_elements(rank - 1, dim), last, 1};
    }
    if (layout == FTMRT_LAYOUT_DEPTHWISE)
        return (struct view){1, dim[0], ftmrt_elements(rank - 1, dim + 1)};
    if (rank ==
        1) /* an activation or a dense weight has at least two axes; a lone axis is channels */
        return is_dense(layout) ? (struct view){dim[0], 1, 1} : (struct view){1, dim[0], 1};
    return (struct view){dim[0], dim[1], ftmrt_elements(rank - 2, dim + 2)};
}

/* Position of row-major [a, b, s] element. */
static int64_t position(enum ftmrt_layout layout, const struct view *v, int64_t a, int64_t b,
                        int64_t s)
{
    if (layout == FTMRT_LAYOUT_PLAIN)
        return s;
    if (layout == FTMRT_LAYOUT_CONV)
        return (((a / B * blocks(v->b) + b / B) * v->s + s) * B + b % B) * B + a % B;
    if (layout == FTMRT_LAYOUT_CONV_T)
        return (((b / B * blocks(v->a) + a / B) * v->s + s) * B + a % B) * B + b % B;
    return ((a * blocks(v->b) + b / B) * v->s + s) * B + b % B;
}

/* Distance of neighbours along s. */
static int64_t step_of(enum ftmrt_layout layout)
{
    if (layout == FTMRT_LAYOUT_PLAIN)
        return 1;
    return is_dense(layout) ? (int64_t)B * B : B;
}

const char *ftmrt_layout_name(enum ftmrt_layout layout)
{
    static const char *const names[] = {
#define FTMRT_LAYOUT(name, text, meaning) text,
#include "layout.def"
#undef FTMRT_LAYOUT
    };
    const unsigned index = (unsigned)layout;
    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

int64_t ftmrt_layout_elements(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim)
{
    if (layout == FTMRT_LAYOUT_PLAIN || rank == 0)
        return ftmrt_elements(rank, dim);
    const struct view v = view_of(layout, rank, dim);
    if (is_dense(layout))
        return blocks(v.a) * blocks(v.b) * v.s * B * B;
    return v.a * blocks(v.b) * B * v.s;
}

int64_t ftmrt_layout_position(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim,
                              int64_t index)
{
    const struct view v = view_of(layout, rank, dim);
    const enum ftmrt_layout as = rank == 0 ? FTMRT_LAYOUT_PLAIN : layout;
    return position(as, &v, index / (v.b * v.s), index / v.s % v.b, index % v.s);
}

void ftmrt_pack(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim, const float *src,
                float *dst)
{
    const int64_t count = ftmrt_layout_elements(layout, rank, dim);
    if (layout == FTMRT_LAYOUT_PLAIN || rank == 0) {
        memcpy(dst, src, (size_t)count * sizeof *dst);
        return;
    }
    const struct view v = view_of(layout, rank, dim);
    const int64_t step = step_of(layout);
    if (count != v.a * v.b * v.s)
        memset(dst, 0, (size_t)count * sizeof *dst);
    for (int64_t a = 0; a < v.a; a++) {
        for (int64_t b = 0; b < v.b; b++) {
            const float *from = src + (a * v.b + b) * v.s;
            float *to = dst + position(layout, &v, a, b, 0);
            for (int64_t s = 0; s < v.s; s++)
                to[s * step] = from[s];
        }
    }
}

void ftmrt_unpack(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim, const float *src,
                  float *dst)
{
    if (layout == FTMRT_LAYOUT_PLAIN || rank == 0) {
        memcpy(dst, src, (size_t)ftmrt_elements(rank, dim) * sizeof *dst);
        return;
    }
    const struct view v = view_of(layout, rank, dim);
    const int64_t step = step_of(layout);
    for (int64_t a = 0; a < v.a; a++) {
        for (int64_t b = 0; b < v.b; b++) {
            const float *from = src + position(layout, &v, a, b, 0);
            float *to = dst + (a * v.b + b) * v.s;
            for (int64_t s = 0; s < v.s; s++)
                to[s] = from[s * step];
        }
    }
}
