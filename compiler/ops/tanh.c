/* The hyperbolic tangent y, and its gradient dx = dy (1 - y^2). */
#include "eval_support.h"
#include "rules.h"

void eval_tanh(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = tanh(e->in[0].data[i]);
}

void grad_tanh(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_tanh_grad, NULL, g->dy, g->node));
}

emit_value emit_tanh(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_tanh(e, lanes_in(e, 0, 0));
}

void eval_tanh_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double y = e->in[1].data[i];
        e->out.data[i] = e->in[0].data[i] * (1 - y * y);
    }
}

emit_value emit_tanh_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value y = lanes_in(e, 1, 0);
    emit_value slope = lanes_sub(e, lanes_const(e, 1), lanes_mul(e, y, y));
    return lanes_mul(e, lanes_in(e, 0, 0), slope);
}
