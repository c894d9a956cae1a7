/* Another shape for the same elements in row-major order. */
#include "derived.h"
#include "rules.h"

void eval_reshape(struct eval *e) { eval_derived(e, FTMRT_DERIVE_COPY, 1); }

void grad_reshape(struct grad *g)
{
    struct attrs back = {.shape = *graph_shape(g->graph, grad_in(g, 0))};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_reshape, &back, g->dy));
}

value_id reshape_to(struct graph *g, value_id x, struct shape shape)
{
    const struct attrs a = {.shape = shape};
    return shape_equal(&shape, graph_shape(g, x)) ? x : graph_op(g, OP_reshape, &a, x);
}
