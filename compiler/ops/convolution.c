#include "convolution.h"

struct convolution convolution_of(const struct attrs *a, const struct shape *x,
                                  const struct shape *w, const struct shape *y)
{
    struct convolution c = {
        .window = window_of(a, x, y, w->dim + 2),
        .n = x->dim[0],
        .groups = a->groups,
        .in = w->dim[1],
        .out = w->dim[0] / a->groups,
        .taps = w->dim[1] * w->dim[2] * w->dim[3],
        .size = y->dim[2] * y->dim[3],
    };
    c.x_group = c.in * x->dim[2] * x->dim[3];
    c.y_group = c.out * c.size;
    return c;
}
