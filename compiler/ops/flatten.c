/* [N,C,...] -> [N,C*...]: the same elements in the same order. */
#include "eval_support.h"
#include "rules.h"

void eval_flatten(struct eval *e) { eval_copy(e); }

void grad_flatten(struct grad *g)
{
    struct attrs back = {.shape = *graph_shape(g->graph, grad_in(g, 0))};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_reshape, &back, g->dy));
}
