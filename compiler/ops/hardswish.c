/* y = x min(max(x + 3, 0), 6) / 6, and its gradient, at the kinks that of the outer sides.
 *
 * Source: A. Howard et al., Searching for MobileNetV3, ICCV 2019. */
#include "eval_support.h"
#include "rules.h"

void eval_hardswish(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x * (x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6);
    }
}

void grad_hardswish(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_hardswish_grad, NULL, g->dy, grad_in(g, 0)));
}

emit_value emit_hardswish(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0), three = lanes_const(e, 3), six = lanes_const(e, 6);
    emit_value gate = lanes_min(e, lanes_max(e, lanes_add(e, x, three), lanes_const(e, 0)), six);
    return lanes_mul(e, x, lanes_mul(e, gate, lanes_const(e, 1.0 / 6)));
}

void eval_hardswish_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i], dy = e->in[0].data[i];
        e->out.data[i] = x <= -3 ? 0 : x >= 3 ? dy : dy * (x / 3 + 0.5);
    }
}

emit_value emit_hardswish_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value dy = lanes_in(e, 0, 0), x = lanes_in(e, 1, 0), three = lanes_const(e, 3);
    emit_value slope = lanes_fma(e, x, lanes_const(e, 1.0 / 3), lanes_const(e, 0.5));
    emit_value right = lanes_select_ge(e, x, three, dy, lanes_mul(e, dy, slope));
    return lanes_select_ge(e, lanes_const(e, -3), x, lanes_const(e, 0), right);
}
