/* The logistic function, y = 1 / (1 + exp(-x)), and its gradient from the result: dx = dy y (1 - y). */
#include "eval_support.h"
#include "rules.h"

void eval_sigmoid(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = 1 / (1 + exp(-e->in[0].data[i]));
}

void grad_sigmoid(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_sigmoid_grad, NULL, g->dy, g->node));
}

emit_value emit_sigmoid(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value one = lanes_const(e, 1), minus = lanes_sub(e, lanes_const(e, 0), lanes_in(e, 0, 0));
    return lanes_div(e, one, lanes_add(e, one, lanes_exp(e, minus)));
}

void eval_sigmoid_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double y = e->in[1].data[i];
        e->out.data[i] = e->in[0].data[i] * (y * (1 - y));
    }
}

emit_value emit_sigmoid_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value y = lanes_in(e, 1, 0), rest = lanes_sub(e, lanes_const(e, 1), y);
    return lanes_mul(e, lanes_in(e, 0, 0), lanes_mul(e, y, rest));
}
