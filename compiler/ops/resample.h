/* Maps whose places are weighted sums of places of another map, an axis at a time: what interpolation and padding are made of.
 *
 * Along an axis each place of the result has a few taps: places of the operand and their weights. They follow from sizes and
 * attributes, so both the reference evaluation and the kernels read them from tables. The gradient has the taps turned around
 * (resample_turned): each place of the operand sums over the places of the result that read it, in their order. So it is
 * a gather, too. */
#ifndef FTM_OPS_RESAMPLE_H
#define FTM_OPS_RESAMPLE_H

#include "op.h"

struct resample_axis {
    int64_t in, out; /* places of the operand and of the result */
    int64_t taps;    /* room in the tables for each place of the result: the most that one has */
    int64_t *count;  /* [out]: how many it has */
    int64_t *from;   /* [out][taps]: places of the operand, in rising order */
    double *weight;  /* [out][taps] */
    bool weighted;   /* some weight is not 1 */
};

/* How a place of a result larger or smaller than the operand is found: the words of interpolate's parameter. */
enum interpolate_mode { INTERPOLATE_NEAREST, INTERPOLATE_NEAREST_EXACT, INTERPOLATE_BILINEAR };
/* What lies around a map: the words of pad's parameter. */
enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_REPLICATE };

/* Of an op's attributes, from `in` to `out` places; axis 0: rows. A place without taps is constant. Everything is allocated in
 * the arena. */
struct resample_axis interpolate_axis(struct arena *arena, const struct attrs *a, int axis,
                                      int64_t in, int64_t out);
struct resample_axis pad_axis(struct arena *arena, const struct attrs *a, int axis, int64_t in);

/* An axis whose places have no taps yet; and adds one to place i. */
struct resample_axis resample_axis_new(struct arena *arena, int64_t in, int64_t out, int64_t taps);
void resample_tap(struct resample_axis *r, int64_t i, int64_t from, double weight);

/* The taps seen from the operand; those of weight 0, as edges have, are left out: they would make more taps for all places. */
struct resample_axis resample_turned(struct arena *arena, const struct resample_axis *r);

/* y[i,j] = sum of weights times x over the taps of row i and column j, or `value` where there are none. x: [N,C,rows.in,columns.in],
 * y: [N,C,rows.out,columns.out]. */
void resample_eval(const struct resample_axis *rows, const struct resample_axis *columns,
                   double value, const struct tensor *x, const struct tensor *y);

#endif
