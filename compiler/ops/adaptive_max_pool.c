/* The maximum of each of `size` parts of a map, cut as for adaptive_avg_pool (window_part), and its gradient. A NaN wins; of
 * equal ones the first in row-major order takes the gradient, of NaNs the last, as in PyTorch. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"
#include "window.h"

/* Operands dy, x, y. */
bool shape_adaptive_max_pool_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !shape_want_rank4(g, n, 1))
        return false;
    struct shape y = shape_in(g, n, 1).shape;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "size", n->attrs->size[k], 1, SHAPE_ATTR_MAX))
            return false;
        y.dim[2 + k] = n->attrs->size[k];
    }
    return shape_of_maxima_grad(g, n, &y);
}

/* Where part (i, j) of the map of one channel, x: [in[0]][in[1]], has its maximum. */
static int64_t place_of_maximum(const int64_t *in, const int64_t *out, int64_t i, int64_t j,
                                const double *x)
{
    int64_t rows, columns, row = window_part(in[0], out[0], i, &rows);
    int64_t column = window_part(in[1], out[1], j, &columns), best = row * in[1] + column;
    for (int64_t p = 0; p < rows * columns; p++) {
        int64_t at = (row + p / columns) * in[1] + column + p % columns;
        if (x[at] > x[best] || isnan(x[at]))
            best = at;
    }
    return best;
}

void eval_adaptive_max_pool(struct eval *e)
{
    const int64_t *in = e->in[0].shape.dim, *out = e->out.shape.dim, size = out[2] * out[3];
    for (int64_t m = 0; m < in[0] * in[1]; m++)
        for (int64_t o = 0; o < size; o++) {
            const double *x = e->in[0].data + m * in[2] * in[3];
            e->out.data[m * size + o] =
                x[place_of_maximum(in + 2, out + 2, o / out[3], o % out[3], x)];
        }
}

void eval_adaptive_max_pool_grad(struct eval *e)
{
    const struct tensor *dy = &e->in[0], *x = &e->in[1];
    const int64_t *in = x->shape.dim, *out = dy->shape.dim, size = out[2] * out[3];
    for (int64_t m = 0; m < in[0] * in[1]; m++)
        for (int64_t o = 0; o < size; o++) {
            int64_t map = m * in[2] * in[3],
                    at = place_of_maximum(in + 2, out + 2, o / out[3], o % out[3], x->data + map);
            e->out.data[map + at] += dy->data[m * size + o];
        }
}

void grad_adaptive_max_pool(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0, graph_op(g->graph, OP_adaptive_max_pool_grad, a, g->dy, grad_in(g, 0), g->node));
}
