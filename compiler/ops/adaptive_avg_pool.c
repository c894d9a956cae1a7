/* The mean of each of `size` parts of a map, cut as evenly as whole places allow: part i of an axis of H
 * places begins at floor(i H / size) and ends before ceil((i + 1) H / size), so neighbours may share
 * a place, as in PyTorch. And its gradient. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"
#include "window.h"

bool shape_adaptive_avg_pool_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
        x.dim[2 + k] = n->attrs->in_size[k];
    }
    n->type = shape_f32(x);
    return true;
}

/* Over the map of one channel: y[i,j] += mean of its part of x, or backward x += y[i,j] / places. */
static void average_map(const int64_t *in, const int64_t *out, double *x, double *y, bool backward)
{
    for (int64_t i = 0; i < out[0]; i++)
        for (int64_t j = 0; j < out[1]; j++) {
            int64_t rows, columns, row = window_part(in[0], out[0], i, &rows);
            int64_t column = window_part(in[1], out[1], j, &columns);
            double *to = &y[i * out[1] + j];
            for (int64_t p = 0; p < rows * columns; p++) {
                double *from = &x[(row + p / columns) * in[1] + column + p % columns];
                *(backward ? from : to) += *(backward ? to : from) / (double)(rows * columns);
            }
        }
}

static void average(const struct tensor *x, const struct tensor *y, bool backward)
{
    const int64_t *in = x->shape.dim, *out = y->shape.dim;
    for (int64_t i = 0; i < in[0] * in[1]; i++)
        average_map(in + 2, out + 2, x->data + i * in[2] * in[3], y->data + i * out[2] * out[3],
                    backward);
}

void eval_adaptive_avg_pool(struct eval *e) { average(&e->in[0], &e->out, false); }

void eval_adaptive_avg_pool_grad(struct eval *e) { average(&e->out, &e->in[0], true); }

void grad_adaptive_avg_pool(struct grad *g)
{
    struct attrs a = {0};
    memcpy(a.in_size, graph_shape(g->graph, grad_in(g, 0))->dim + 2, sizeof a.in_size);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_adaptive_avg_pool_grad, &a, g->dy));
}
