/* y = max(x, 0); NaN stays. The gradient looks at y, which training keeps anyway, and not at x. */
#include "eval_support.h"
#include "rules.h"

void eval_relu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] < 0 ? 0 : e->in[0].data[i];
}

void grad_relu(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_relu_grad, NULL, g->dy, g->node));
}

emit_value emit_relu(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_max(e, lanes_in(e, 0, 0), lanes_const(e, 0.0));
}
