/* 2-D convolution (a cross-correlation, as in every framework) with stride, asymmetric padding,
 * dilation and groups.
 *
 * Evaluated one group of one image at a time: the map is cut into columns, one row per input
 * channel and tap, and each output channel is the sum of the rows weighted by its kernel. The inner
 * loop runs over the outputs of a whole map. */
#include "arena.h"
#include "convolution.h"
#include "eval_support.h"
#include "rules.h"

/* y[o][i] = sum_k w[o][k] columns[k][i]. */
static void multiply(const struct convolution *c, const double *w, const double *columns, double *y)
{
    for (int64_t o = 0; o < c->out; o++) {
        const double *row = w + o * c->taps;
        if (c->size == 1) /* a linear layer: the columns are one vector */
            y[o] = dot(c->taps, row, columns);
        else
            for (int64_t k = 0; k < c->taps; k++)
                axpy(c->size, row[k], columns + k * c->size, y + o * c->size);
    }
}

void eval_conv2d(struct eval *e)
{
    struct convolution c =
        convolution_of(e->attrs, &e->in[0].shape, &e->in[1].shape, &e->out.shape);
    struct arena arena;
    arena_init(&arena, "conv2d");
    double *columns = arena_array(&arena, double, c.taps *c.size);
    for (int64_t i = 0; i < c.n * c.groups; i++) {
        window_columns(&c.window, c.in, e->in[0].data + i * c.x_group, columns);
        multiply(&c, e->in[1].data + i % c.groups * c.out * c.taps, columns,
                 e->out.data + i * c.y_group);
    }
    arena_clear(&arena);
}

void grad_conv2d(struct grad *g)
{
    value_id x = grad_in(g, 0), w = grad_in(g, 1);
    struct attrs a = *graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0)) {
        struct attrs ax = a;
        memcpy(ax.in_size, graph_shape(g->graph, x)->dim + 2, sizeof ax.in_size);
        grad_accumulate(g, 0, graph_op(g->graph, OP_conv2d_grad_input, &ax, g->dy, w));
    }
    if (grad_wanted(g, 1)) {
        struct attrs aw = a;
        memcpy(aw.kernel, graph_shape(g->graph, w)->dim + 2, sizeof aw.kernel);
        grad_accumulate(g, 1, graph_op(g->graph, OP_conv2d_grad_weight, &aw, x, g->dy));
    }
}
