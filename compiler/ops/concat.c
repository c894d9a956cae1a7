/* Activations behind each other along their channels, rows or columns (torch.cat); its gradient takes each of them out
 * again: a copy each rather than a split of all, so that none lives longer than its reader, and those below
 * what is frozen are not made. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"
#include "slabs.h"

bool shape_concat(struct graph *g, struct node *n)
{
    int64_t dim = n->attrs->dim;
    if (!shape_want_activation(g, n, 0))
        return false;
    struct shape y = shape_in(g, n, 0).shape;
    if (!shape_want_attr(g, n, "dim", dim, 1, y.rank - 1))
        return false;
    for (uint32_t i = 1; i < n->input_count; i++) {
        if (!shape_want_activation(g, n, i))
            return false;
        struct shape x = shape_in(g, n, i).shape, want = shape_in(g, n, 0).shape;
        want.dim[dim] = x.dim[dim];
        if (!shape_want_type(g, n, i, shape_f32(want)))
            return false;
        y.dim[dim] += x.dim[dim];
    }
    n->type = shape_f32(y);
    return true;
}

void eval_concat(struct eval *e)
{
    int dim = (int)e->attrs->dim;
    for (int64_t to = 0, i = 0; to < e->out.shape.dim[dim]; to += e->in[i].shape.dim[dim], i++)
        slabs_copy(&e->in[i], 0, &e->out, to, dim, e->in[i].shape.dim[dim]);
}

void grad_concat(struct grad *g)
{
    struct attrs a = {.dim = graph_node(g->graph, g->node)->attrs->dim};
    uint32_t count = graph_node(g->graph, g->node)->input_count;
    for (uint32_t i = 0; i < count; i++) {
        a.length = graph_shape(g->graph, grad_in(g, i))->dim[a.dim];
        if (grad_wanted(g, i))
            grad_accumulate(g, i, graph_op(g->graph, OP_narrow, &a, g->dy));
        a.start += a.length;
    }
}
