/* The absolute value, and its gradient dy times the sign of x, which is 0 at 0 and NaN. */
#include "eval_support.h"
#include "rules.h"

void eval_abs(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = fabs(e->in[0].data[i]);
}

void grad_abs(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_abs_grad, NULL, g->dy, grad_in(g, 0)));
}

emit_value emit_abs(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_abs(e, lanes_in(e, 0, 0));
}

void eval_abs_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i];
        e->out.data[i] = e->in[0].data[i] * ((x > 0) - (x < 0));
    }
}

emit_value emit_abs_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 1, 0), zero = lanes_const(e, 0);
    emit_value below = lanes_select_gt(e, zero, x, lanes_const(e, -1), zero);
    emit_value sign = lanes_select_gt(e, x, zero, lanes_const(e, 1), below);
    return lanes_mul(e, lanes_in(e, 0, 0), sign);
}
