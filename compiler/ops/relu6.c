/* y = min(max(x, 0), 6); NaN stays. */
#include "eval_support.h"
#include "rules.h"

void eval_relu6(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x < 0 ? 0 : x > 6 ? 6 : x;
    }
}

void grad_relu6(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_relu6_grad, NULL, g->dy, g->node));
}

emit_value emit_relu6(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_min(e, lanes_max(e, lanes_in(e, 0, 0), lanes_const(e, 0.0)), lanes_const(e, 6.0));
}
