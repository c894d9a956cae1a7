/* A run of an activation along its channels, rows or columns (torch.narrow); its gradient puts zeros around it. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"
#include "slabs.h"

bool shape_narrow(struct graph *g, struct node *n)
{
    const struct attrs *a = n->attrs;
    if (!shape_want_activation(g, n, 0))
        return false;
    struct shape y = shape_in(g, n, 0).shape;
    if (!shape_want_attr(g, n, "dim", a->dim, 1, y.rank - 1) ||
        !shape_want_attr(g, n, "start", a->start, 0, y.dim[a->dim] - 1) ||
        !shape_want_attr(g, n, "length", a->length, 1, y.dim[a->dim] - a->start))
        return false;
    y.dim[a->dim] = a->length;
    n->type = shape_f32(y);
    return true;
}

void eval_narrow(struct eval *e)
{
    const struct attrs *a = e->attrs;
    slabs_copy(&e->in[0], a->start, &e->out, 0, (int)a->dim, a->length);
}

/* A constant 0 of so many places along the dimension, in front of what is in `parts` or behind it. */
static uint32_t add_zeros(struct grad *g, int64_t places, value_id *parts, uint32_t count)
{
    int64_t dim = graph_node(g->graph, g->node)->attrs->dim;
    struct type zeros = graph_node(g->graph, g->node)->type;
    zeros.shape.dim[dim] = places;
    if (places > 0)
        parts[count++] = graph_constant(g->graph, 0, zeros);
    return count;
}

void grad_narrow(struct grad *g)
{
    const struct attrs a = *graph_node(g->graph, g->node)->attrs;
    int64_t all = graph_shape(g->graph, grad_in(g, 0))->dim[a.dim];
    value_id parts[3];
    if (!grad_wanted(g, 0))
        return;
    uint32_t count = add_zeros(g, a.start, parts, 0);
    parts[count++] = g->dy;
    count = add_zeros(g, all - a.start - a.length, parts, count);
    grad_accumulate(g, 0, graph_op_(g->graph, OP_concat, &a, parts, count));
}

value_id first_channels(struct graph *g, value_id x, int64_t count)
{
    const struct attrs a = {.dim = 1, .length = count};
    return graph_op(g, OP_narrow, &a, x);
}
