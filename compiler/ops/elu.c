/* y = x where x is positive, else alpha (exp(x) - 1), and its gradient.
 *
 * Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear
 * Units, ICLR 2016. */
#include "eval_support.h"
#include "rules.h"

void eval_elu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x > 0 ? x : e->attrs->alpha * expm1(x);
    }
}

void grad_elu(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_elu_grad, a, g->dy, grad_in(g, 0)));
}

/* exp(x) - 1 = 2 t / (1 - t), t = tanh(x / 2), which keeps its digits near 0; for x up to 0. */
static emit_value emit_expm1(struct emit *e, emit_value x)
{
    emit_value t = lanes_tanh(e, lanes_mul(e, x, lanes_const(e, 0.5)));
    return lanes_div(e, lanes_add(e, t, t), lanes_sub(e, lanes_const(e, 1), t));
}

emit_value emit_elu(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0), alpha = lanes_const(e, attrs->alpha);
    emit_value below = lanes_mul(e, alpha, emit_expm1(e, x));
    return lanes_select_gt(e, x, lanes_const(e, 0), x, below);
}

void eval_elu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i], dy = e->in[0].data[i];
        e->out.data[i] = x > 0 ? dy : dy * e->attrs->alpha * exp(x);
    }
}

emit_value emit_elu_grad(struct emit *e, const struct attrs *attrs)
{
    emit_value dy = lanes_in(e, 0, 0), x = lanes_in(e, 1, 0);
    emit_value slope = lanes_mul(e, lanes_const(e, attrs->alpha), lanes_exp(e, x));
    return lanes_select_gt(e, x, lanes_const(e, 0), dy, lanes_mul(e, dy, slope));
}
