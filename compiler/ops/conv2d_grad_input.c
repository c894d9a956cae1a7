/* Gradient of a convolution by its input: the adjoint of conv2d in x. As a layer it is the transposed convolution, whose own
 * gradients are then a convolution and the same gradient of its weight, with x and dy exchanged.
 *
 * The gradient of the columns is the transposed kernel matrix times dy; scattering the columns back
 * adds what every output took from a pixel. */
#include "arena.h"
#include "convolution.h"
#include "eval_support.h"
#include "rules.h"

/* columns[k][i] = sum_o w[o][k] dy[o][i]. */
static void multiply(const struct convolution *c, const double *w, const double *dy,
                     double *columns)
{
    memset(columns, 0, (size_t)(c->taps * c->size) * sizeof(double));
    for (int64_t o = 0; o < c->out; o++) {
        const double *row = w + o * c->taps;
        if (c->size == 1) /* a linear layer: the columns are one vector */
            axpy(c->taps, dy[o], row, columns);
        else
            for (int64_t k = 0; k < c->taps; k++)
                axpy(c->size, row[k], dy + o * c->size, columns + k * c->size);
    }
}

void eval_conv2d_grad_input(struct eval *e)
{
    struct convolution c =
        convolution_of(e->attrs, &e->out.shape, &e->in[1].shape, &e->in[0].shape);
    struct arena arena;
    arena_init(&arena, "conv2d_grad_input");
    double *columns = arena_array(&arena, double, c.taps *c.size);
    for (int64_t i = 0; i < c.n * c.groups; i++) {
        multiply(&c, e->in[1].data + i % c.groups * c.out * c.taps, e->in[0].data + i * c.y_group,
                 columns);
        window_scatter(&c.window, c.in, columns, e->out.data + i * c.x_group);
    }
    arena_clear(&arena);
}

void grad_conv2d_grad_input(struct grad *g)
{
    value_id y = grad_in(g, 0), w = grad_in(g, 1);
    struct attrs a = *graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_conv2d, &a, g->dy, w));
    if (grad_wanted(g, 1)) {
        memcpy(a.kernel, graph_shape(g->graph, w)->dim + 2, sizeof a.kernel);
        grad_accumulate(g, 1, graph_op(g->graph, OP_conv2d_grad_weight, &a, g->dy, y));
    }
}
