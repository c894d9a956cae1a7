/* Sends each window's gradient to the first element, in row-major order, that equals its maximum, or to its last NaN: PyTorch
 * takes a place over where it is greater or NaN. */
#include "eval_support.h"
#include "rules.h"
#include "window.h"

/* Index in the map of the element of window (i, j) whose value max is, or -1. */
static int64_t find_maximum(const struct window *w, int64_t i, int64_t j, const double *x,
                            double max)
{
    int64_t found = -1;
    for (int64_t p = 0; p < w->kernel[0]; p++)
        for (int64_t q = 0; q < w->kernel[1]; q++) {
            int64_t row = i * w->stride[0] + p * w->dilation[0] - w->pad[0];
            int64_t col = j * w->stride[1] + q * w->dilation[1] - w->pad[1];
            if (row < 0 || row >= w->in[0] || col < 0 || col >= w->in[1])
                continue;
            double v = x[row * w->in[1] + col];
            if (isnan(max) ? isnan(v) : found < 0 && v == max)
                found = row * w->in[1] + col;
        }
    return found;
}

void eval_max_pool_grad(struct eval *e)
{
    const struct tensor *dy = &e->in[0], *x = &e->in[1], *y = &e->in[2];
    struct window w = window_of(e->attrs, &x->shape, &y->shape, e->attrs->kernel);
    int64_t maps = x->shape.dim[0] * x->shape.dim[1], plane = w.in[0] * w.in[1],
            size = w.out[0] * w.out[1];
    for (int64_t m = 0; m < maps; m++)
        for (int64_t o = 0; o < size; o++) {
            int64_t at = find_maximum(&w, o / w.out[1], o % w.out[1], x->data + m * plane,
                                      y->data[m * size + o]);
            if (at >= 0)
                e->out.data[m * plane + at] += dy->data[m * size + o];
        }
}
