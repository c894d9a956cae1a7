/* y = log(1 + exp(beta x)) / beta, and x where beta x is above the threshold; and its gradient. */
#include "eval_support.h"
#include "rules.h"

void eval_softplus(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i], z = e->attrs->beta * x;
        e->out.data[i] = z > e->attrs->threshold ? x : log1p(exp(z)) / e->attrs->beta;
    }
}

void grad_softplus(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_softplus_grad, a, g->dy, grad_in(g, 0)));
}

/* log(1 + a) for a not below 0: what rounding 1 + a to u takes away, the quotient a / (u - 1) gives back.
 *
 * Source: D. Goldberg, What Every Computer Scientist Should Know About Floating-Point Arithmetic, 1991, theorem 4. */
static emit_value emit_log1p(struct emit *e, emit_value a)
{
    emit_value one = lanes_const(e, 1), u = lanes_add(e, one, a);
    emit_value scale = lanes_div(e, a, lanes_sub(e, u, one));
    return lanes_select_gt(e, u, one, lanes_mul(e, lanes_log(e, u), scale), a);
}

/* Above 40, log(1 + exp(z)) is z in single precision, whatever the threshold. */
static emit_value emit_cut(struct emit *e, const struct attrs *attrs)
{
    return lanes_const(e, fmin(attrs->threshold, 40));
}

emit_value emit_softplus(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0), z = lanes_mul(e, x, lanes_const(e, attrs->beta));
    emit_value y = emit_log1p(e, lanes_exp(e, z));
    y = lanes_mul(e, y, lanes_const(e, 1 / attrs->beta));
    return lanes_select_gt(e, z, emit_cut(e, attrs), x, y);
}

void eval_softplus_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double dy = e->in[0].data[i], z = e->attrs->beta * e->in[1].data[i];
        e->out.data[i] = z > e->attrs->threshold ? dy : dy / (1 + exp(-z));
    }
}

emit_value emit_softplus_grad(struct emit *e, const struct attrs *attrs)
{
    emit_value dy = lanes_in(e, 0, 0), x = lanes_in(e, 1, 0), one = lanes_const(e, 1);
    emit_value minus = lanes_mul(e, x, lanes_const(e, -attrs->beta));
    emit_value dx = lanes_div(e, dy, lanes_add(e, one, lanes_exp(e, minus)));
    return lanes_select_gt(e, lanes_neg(e, minus), emit_cut(e, attrs), dy, dx);
}
