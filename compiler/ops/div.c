/* The quotient of two values, the second of which may be broadcast (kind b of ops.def). */
#include "eval_support.h"
#include "rules.h"

void eval_div(struct eval *e)
{
    const struct tensor *b = &e->in[1];
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] / b->data[broadcast_element(&b->shape, &e->out.shape, i)];
}

/* da = dy / b, db = -y da */
void grad_div(struct grad *g)
{
    struct graph *graph = g->graph;
    value_id b = grad_in(g, 1), da = graph_op(graph, OP_div, NULL, g->dy, b);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, da);
    if (!grad_wanted(g, 1))
        return;
    value_id minus_db = graph_op(graph, OP_mul, NULL, da, g->node);
    grad_accumulate(g, 1, scalar_times(graph, broadcast_sum(graph, minus_db, b), -1));
}

emit_value emit_div(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_div(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
