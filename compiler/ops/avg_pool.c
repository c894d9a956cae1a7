/* The mean of each window, and its gradient. The divisor is the number of the window's places inside the map, and with
 * count_include_pad those in the padding count, too (not what reaches over it: ceil_mode); or it is given. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_avg_pool_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape dy = shape_in(g, n, 0).shape, x = dy;
    int64_t out[2];
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "in_size", n->attrs->in_size[k], 1, SHAPE_ATTR_MAX))
            return false;
        x.dim[2 + k] = n->attrs->in_size[k];
    }
    if (!shape_pool_out(g, n, &x, out))
        return false;
    if (dy.dim[2] != out[0] || dy.dim[3] != out[1])
        return shape_mismatched_gradient(g, n, dy, x);
    n->type = shape_f32(x);
    return true;
}

struct average {
    const struct attrs *attrs;
    int64_t in[2], out[2];
};

/* First place of window i of an axis inside the map, and how many it has there. */
static int64_t places(const struct average *w, int axis, int64_t i, int64_t *count)
{
    int64_t start = i * w->attrs->stride[axis] - w->attrs->padding[axis];
    int64_t end = start + w->attrs->kernel[axis];
    start = start < 0 ? 0 : start;
    end = end < w->in[axis] ? end : w->in[axis];
    *count = end - start;
    return start;
}

/* Places of window i of an axis in the map and its padding. */
static int64_t padded_places(const struct average *w, int axis, int64_t i)
{
    const struct attrs *a = w->attrs;
    int64_t start = i * a->stride[axis] - a->padding[axis];
    int64_t room = w->in[axis] + a->padding[2 + axis] - start;
    return room < a->kernel[axis] ? room : a->kernel[axis];
}

/* Of window (i, j), which has so many places inside the map. */
static double divisor(const struct average *w, int64_t i, int64_t j, int64_t inside)
{
    if (w->attrs->divisor_override)
        return (double)w->attrs->divisor_override;
    if (w->attrs->count_include_pad)
        return (double)(padded_places(w, 0, i) * padded_places(w, 1, j));
    return (double)inside;
}

/* Over the map of one channel: y[i,j] += mean of x there, or backward x += y[i,j] / divisor. */
static void average_map(const struct average *w, double *x, double *y, bool backward)
{
    for (int64_t i = 0; i < w->out[0]; i++)
        for (int64_t j = 0; j < w->out[1]; j++) {
            int64_t rows, columns, row = places(w, 0, i, &rows), column = places(w, 1, j, &columns);
            double by = divisor(w, i, j, rows * columns);
            double *to = &y[i * w->out[1] + j];
            for (int64_t p = 0; p < rows; p++)
                for (int64_t q = 0; q < columns; q++) {
                    double *from = &x[(row + p) * w->in[1] + column + q];
                    *(backward ? from : to) += *(backward ? to : from) / by;
                }
        }
}

/* x: [N,C,H,W], y: [N,C,OH,OW]. */
static void average(const struct attrs *a, const struct tensor *x, const struct tensor *y,
                    bool backward)
{
    const int64_t *in = x->shape.dim, *out = y->shape.dim;
    const struct average w = {.attrs = a, .in = {in[2], in[3]}, .out = {out[2], out[3]}};
    for (int64_t i = 0; i < in[0] * in[1]; i++)
        average_map(&w, x->data + i * in[2] * in[3], y->data + i * out[2] * out[3], backward);
}

void eval_avg_pool(struct eval *e) { average(e->attrs, &e->in[0], &e->out, false); }

void eval_avg_pool_grad(struct eval *e) { average(e->attrs, &e->out, &e->in[0], true); }

void grad_avg_pool(struct grad *g)
{
    struct attrs a = *graph_node(g->graph, g->node)->attrs;
    memcpy(a.in_size, graph_shape(g->graph, grad_in(g, 0))->dim + 2, sizeof a.in_size);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_avg_pool_grad, &a, g->dy));
}
