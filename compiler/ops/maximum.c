/* The larger of two values, NaN where one is NaN; equal ones share the gradient, and at NaN each gets all of it. */
#include "eval_support.h"
#include "rules.h"

void eval_maximum(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double a = e->in[0].data[i], b = e->in[1].data[i];
        e->out.data[i] = a >= b ? a : a < b ? b : a + b; /* a + b: NaN */
    }
}

void grad_maximum(struct grad *g)
{
    value_id a = grad_in(g, 0), b = grad_in(g, 1);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_maximum_grad, NULL, g->dy, a, b));
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1, graph_op(g->graph, OP_maximum_grad, NULL, g->dy, b, a));
}

emit_value emit_maximum(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value a = lanes_in(e, 0, 0), b = lanes_in(e, 1, 0);
    emit_value other = lanes_select_gt(e, b, a, b, lanes_add(e, a, b));
    return lanes_select_ge(e, a, b, a, other);
}

void eval_maximum_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double dy = e->in[0].data[i], a = e->in[1].data[i], b = e->in[2].data[i];
        e->out.data[i] = a < b ? 0 : a == b ? dy / 2 : dy;
    }
}

emit_value emit_maximum_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value dy = lanes_in(e, 0, 0), a = lanes_in(e, 1, 0), b = lanes_in(e, 2, 0);
    emit_value half = lanes_mul(e, dy, lanes_const(e, 0.5));
    emit_value equal = lanes_select_gt(e, a, b, dy, lanes_select_ge(e, a, b, half, dy));
    return lanes_select_gt(e, b, a, lanes_const(e, 0), equal);
}
