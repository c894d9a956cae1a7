/* y = min(max(x + 3, 0), 6) / 6, and its gradient, which is 0 at both kinks and at NaN. */
#include "eval_support.h"
#include "rules.h"

void eval_hardsigmoid(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6;
    }
}

void grad_hardsigmoid(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_hardsigmoid_grad, NULL, g->dy, grad_in(g, 0)));
}

emit_value emit_hardsigmoid(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value above = lanes_add(e, lanes_in(e, 0, 0), lanes_const(e, 3));
    emit_value cut = lanes_min(e, lanes_max(e, above, lanes_const(e, 0)), lanes_const(e, 6));
    return lanes_mul(e, cut, lanes_const(e, 1.0 / 6));
}

void eval_hardsigmoid_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i];
        e->out.data[i] = x > -3 && x < 3 ? e->in[0].data[i] / 6 : 0;
    }
}

emit_value emit_hardsigmoid_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 1, 0), zero = lanes_const(e, 0), three = lanes_const(e, 3);
    emit_value dx = lanes_mul(e, lanes_in(e, 0, 0), lanes_const(e, 1.0 / 6));
    return lanes_select_gt(e, three, lanes_abs(e, x), dx, zero);
}
