/* y = x t with t = tanh(log(1 + exp(x))), and its gradient dx = dy (t + x (1 - t^2) / (1 + exp(-x))).
 *
 * Source: D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020. */
#include "elementary.h"
#include "eval_support.h"
#include "rules.h"

static double gate(double x) { return tanh(log1p(exp(x))); }

void eval_mish(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] * gate(e->in[0].data[i]);
}

void grad_mish(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_mish_grad, NULL, g->dy, grad_in(g, 0)));
}

/* a = exp(x), cut where the gate is 1. */
static emit_value emit_power(struct emit *e, emit_value x)
{
    return emit_whole_exp(e, lanes_min(e, x, lanes_const(e, 20)));
}

/* tanh(log(1 + a)) = a (a + 2) / (a (a + 2) + 2). */
static emit_value emit_gate(struct emit *e, emit_value a)
{
    emit_value two = lanes_const(e, 2), n = lanes_mul(e, a, lanes_add(e, a, two));
    return lanes_div(e, n, lanes_add(e, n, two));
}

emit_value emit_mish(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0);
    return lanes_mul(e, x, emit_gate(e, emit_power(e, x)));
}

void eval_mish_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i], t = gate(x);
        e->out.data[i] = e->in[0].data[i] * (t + x / (1 + exp(-x)) * (1 - t * t));
    }
}

emit_value emit_mish_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 1, 0), one = lanes_const(e, 1), a = emit_power(e, x);
    emit_value t = emit_gate(e, a), share = lanes_div(e, a, lanes_add(e, one, a));
    emit_value rest = lanes_sub(e, one, lanes_mul(e, t, t));
    emit_value slope = lanes_fma(e, lanes_mul(e, x, share), rest, t);
    return lanes_mul(e, lanes_in(e, 0, 0), slope);
}
