/* Gradient of a convolution by its weight: each element is the inner product of an output channel's
 * gradient with one row of the columns of conv2d, summed over the images. */
#include "arena.h"
#include "convolution.h"
#include "eval_support.h"
#include "rules.h"

void eval_conv2d_grad_weight(struct eval *e)
{
    struct convolution c =
        convolution_of(e->attrs, &e->in[0].shape, &e->out.shape, &e->in[1].shape);
    struct arena arena;
    arena_init(&arena, "conv2d_grad_weight");
    double *columns = arena_array(&arena, double, c.taps *c.size);
    for (int64_t i = 0; i < c.n * c.groups; i++) {
        double *dw = e->out.data + i % c.groups * c.out * c.taps;
        const double *dy = e->in[1].data + i * c.y_group;
        window_columns(&c.window, c.in, e->in[0].data + i * c.x_group, columns);
        for (int64_t o = 0; o < c.out; o++)
            for (int64_t k = 0; k < c.taps; k++)
                dw[o * c.taps + k] += dot(c.size, dy + o * c.size, columns + k * c.size);
    }
    arena_clear(&arena);
}
