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
