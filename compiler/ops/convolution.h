/* What the three convolution evaluations share: sizes and strides of one group of one image. */
#ifndef FTM_OPS_CONVOLUTION_H
#define FTM_OPS_CONVOLUTION_H

#include "window.h"

struct convolution {
    struct window window;
    int64_t n, groups;
    int64_t in, out;          /* channels of one group */
    int64_t taps;             /* rows of a group's columns: in * KH * KW */
    int64_t size;             /* outputs per channel: OH * OW */
    int64_t x_group, y_group; /* elements of one group of one image of x and of y */
};

/* x: [N,C,H,W], w: [O,C/groups,KH,KW], y: [N,O,OH,OW]. */
struct convolution convolution_of(const struct attrs *a, const struct shape *x,
                                  const struct shape *w, const struct shape *y);

#endif
