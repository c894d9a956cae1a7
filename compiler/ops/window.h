/* The geometry of a window that slides over a map (convolution, pooling), and the map cut into
 * columns.
 *
 * Output (i, j) and tap (p, q) meet input (i * stride[0] + p * dilation[0] - pad[0], the same for
 * columns). Everything outside the map is padding. */
#ifndef FTM_OPS_WINDOW_H
#define FTM_OPS_WINDOW_H

#include "op.h"

struct window {
    int64_t in[2], out[2], kernel[2], stride[2], pad[2],
        dilation[2]; /* height, width; pad: top, left */
};

/* The window of an op with attributes `a` that takes a map of shape x [N,C,H,W] to y [N,D,OH,OW].
 */
struct window window_of(const struct attrs *a, const struct shape *x, const struct shape *y,
                        const int64_t *kernel);

/* The outputs first <= o < end whose input for tap `tap` along `axis` lies inside the map; *in is
 * the input of the first. */
struct window_range {
    int64_t first, end, in;
};
struct window_range window_range(const struct window *w, int axis, int64_t tap);

/* The first place of part i of an axis of `in` places that is cut into `out` parts as evenly as whole places allow, and how many
 * it has: floor(i in / out) up to ceil((i + 1) in / out). Neighbours may share a place. */
int64_t window_part(int64_t in, int64_t out, int64_t i, int64_t *count);

/* columns[(c, p, q)][(i, j)]: the input of each tap at each output, zero for padding. x: [c][H*W].
 */
void window_columns(const struct window *w, int64_t channels, const double *x, double *columns);

/* The adjoint: adds columns back into x. */
void window_scatter(const struct window *w, int64_t channels, const double *columns, double *x);

#endif
