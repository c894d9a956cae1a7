/* The quotient of two values. */
#include "eval_support.h"
#include "rules.h"

void eval_div(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] / e->in[1].data[i];
}

/* da = dy / b, db = -y da */
void grad_div(struct grad *g)
{
    struct graph *graph = g->graph;
    value_id da = graph_op(graph, OP_div, NULL, g->dy, grad_in(g, 1));
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, da);
    if (!grad_wanted(g, 1))
        return;
    value_id minus = graph_constant(graph, -1, (struct type){FTMRT_F32, shape_scalar()});
    value_id product = graph_op(graph, OP_mul, NULL, da, g->node);
    grad_accumulate(g, 1, graph_op(graph, OP_mul, NULL, product, minus));
}

emit_value emit_div(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_div(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
