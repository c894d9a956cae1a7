/* Each place of a map as a block of scale_factor places (torch.nn.functional.interpolate, mode "nearest", whole factors), and
 * its gradient: the sums of the blocks. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_interpolate(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape y = shape_in(g, n, 0).shape;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "scale_factor", n->attrs->scale_factor[k], 1,
                             SHAPE_ATTR_MAX / y.dim[2 + k]))
            return false;
        y.dim[2 + k] *= n->attrs->scale_factor[k];
    }
    n->type = shape_f32(y);
    return true;
}

bool shape_interpolate_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape dy = shape_in(g, n, 0).shape, x = dy;
    for (int k = 0; k < 2; k++) {
        if (!shape_want_attr(g, n, "scale_factor", n->attrs->scale_factor[k], 1, dy.dim[2 + k]))
            return false;
        x.dim[2 + k] /= n->attrs->scale_factor[k];
        if (x.dim[2 + k] * n->attrs->scale_factor[k] != dy.dim[2 + k])
            return shape_mismatched_gradient(g, n, dy, x);
    }
    n->type = shape_f32(x);
    return true;
}

/* The place of x [N,C,H,W] that element i of y stands for. */
static int64_t source(const struct attrs *a, const struct shape *x, const struct shape *y,
                      int64_t i)
{
    int64_t column = i % y->dim[3], row = i / y->dim[3] % y->dim[2],
            map = i / y->dim[3] / y->dim[2];
    return (map * x->dim[2] + row / a->scale_factor[0]) * x->dim[3] + column / a->scale_factor[1];
}

void eval_interpolate(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[source(e->attrs, &e->in[0].shape, &e->out.shape, i)];
}

void eval_interpolate_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++)
        e->out.data[source(e->attrs, &e->out.shape, &e->in[0].shape, i)] += e->in[0].data[i];
}

void grad_interpolate(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_interpolate_grad, a, g->dy));
}
