#include "window.h"

#include "rounding.h"

#include <string.h>

struct window window_of(const struct attrs *a, const struct shape *x, const struct shape *y,
                        const int64_t *kernel)
{
    struct window w;
    for (int axis = 0; axis < 2; axis++) {
        w.in[axis] = x->dim[2 + axis];
        w.out[axis] = y->dim[2 + axis];
        w.kernel[axis] = kernel[axis];
        w.stride[axis] = a->stride[axis];
        w.pad[axis] = a->padding[axis];
        w.dilation[axis] = a->dilation[axis] ? a->dilation[axis] : 1; /* means have none */
    }
    return w;
}

struct window_range window_range(const struct window *w, int axis, int64_t tap)
{
    int64_t stride = w->stride[axis];
    int64_t start = tap * w->dilation[axis] - w->pad[axis]; /* input of output 0 */
    int64_t first = start >= 0 ? 0 : (stride - 1 - start) / stride;
    int64_t room = w->in[axis] - start; /* outputs o with o * stride < room are inside */
    int64_t end = room > 0 ? ceil_div(room, stride) : 0;
    if (end > w->out[axis])
        end = w->out[axis];
    if (first > end)
        first = end;
    return (struct window_range){.first = first, .end = end, .in = first * stride + start};
}

int64_t window_part(int64_t in, int64_t out, int64_t i, int64_t *count)
{
    int64_t start = i * in / out;
    *count = ceil_div((i + 1) * in, out) - start;
    return start;
}

void window_columns(const struct window *w, int64_t channels, const double *x, double *columns)
{
    int64_t plane = w->in[0] * w->in[1], size = w->out[0] * w->out[1],
            taps = w->kernel[0] * w->kernel[1];
    memset(columns, 0, (size_t)(channels * taps * size) * sizeof(double));
    for (int64_t row = 0; row < channels * taps; row++) {
        int64_t c = row / taps, p = row % taps / w->kernel[1], q = row % w->kernel[1];
        struct window_range rows = window_range(w, 0, p), cols = window_range(w, 1, q);
        for (int64_t i = rows.first; i < rows.end; i++) {
            const double *from =
                x + c * plane + (rows.in + (i - rows.first) * w->stride[0]) * w->in[1] + cols.in;
            double *to = columns + row * size + i * w->out[1] + cols.first;
            for (int64_t j = 0; j < cols.end - cols.first; j++)
                to[j] = from[j * w->stride[1]];
        }
    }
}

void window_scatter(const struct window *w, int64_t channels, const double *columns, double *x)
{
    int64_t plane = w->in[0] * w->in[1], size = w->out[0] * w->out[1],
            taps = w->kernel[0] * w->kernel[1];
    for (int64_t row = 0; row < channels * taps; row++) {
        int64_t c = row / taps, p = row % taps / w->kernel[1], q = row % w->kernel[1];
        struct window_range rows = window_range(w, 0, p), cols = window_range(w, 1, q);
        for (int64_t i = rows.first; i < rows.end; i++) {
            double *to =
                x + c * plane + (rows.in + (i - rows.first) * w->stride[0]) * w->in[1] + cols.in;
            const double *from = columns + row * size + i * w->out[1] + cols.first;
            for (int64_t j = 0; j < cols.end - cols.first; j++)
                to[j * w->stride[1]] += from[j];
        }
    }
}
