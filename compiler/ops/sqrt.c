/* The square root, NaN below 0; its gradient is dy / (2 y). */
#include "eval_support.h"
#include "rules.h"

void eval_sqrt(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = sqrt(e->in[0].data[i]);
}

void grad_sqrt(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0, graph_op(g->graph, OP_div, NULL, scalar_times(g->graph, g->dy, 0.5), g->node));
}

emit_value emit_sqrt(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_sqrt(e, lanes_in(e, 0, 0));
}
