/* y = x s(x) with s(x) = 1 / (1 + exp(-x)), and its gradient dx = dy s (1 + x (1 - s)).
 *
 * Source: S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units for Neural Network Function
 * Approximation in Reinforcement Learning, 2018. */
#include "eval_support.h"
#include "rules.h"

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static emit_value emit_logistic(struct emit *e, emit_value x)
{
    emit_value one = lanes_const(e, 1), minus = lanes_sub(e, lanes_const(e, 0), x);
    return lanes_div(e, one, lanes_add(e, one, lanes_exp(e, minus)));
}

void eval_silu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] * logistic(e->in[0].data[i]);
}

void grad_silu(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_silu_grad, NULL, g->dy, grad_in(g, 0)));
}

emit_value emit_silu(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0);
    return lanes_mul(e, x, emit_logistic(e, x));
}

void eval_silu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i], s = logistic(x);
        e->out.data[i] = e->in[0].data[i] * s * (1 + x * (1 - s));
    }
}

emit_value emit_silu_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value one = lanes_const(e, 1), x = lanes_in(e, 1, 0), s = emit_logistic(e, x);
    emit_value slope = lanes_fma(e, x, lanes_sub(e, one, s), one);
    return lanes_mul(e, lanes_in(e, 0, 0), lanes_mul(e, s, slope));
}
