/* y = x where it is positive, else w x with a w that is learnt: one for each channel, or one for all (He et al., "Delving Deep
 * into Rectifiers", ICCV 2015, equation 1). */
#include "eval_support.h"
#include "rules.h"

/* The operand behind x, or behind dy and x, at element i. */
static double weight_at(const struct eval *e, uint32_t operand, int64_t i)
{
    const struct tensor *w = &e->in[operand];
    return w->data[broadcast_element(&w->shape, &e->out.shape, i)];
}

void eval_prelu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x > 0 ? x : weight_at(e, 1, i) * x;
    }
}

void grad_prelu(struct grad *g)
{
    value_id x = grad_in(g, 0), w = grad_in(g, 1);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_prelu_grad, NULL, g->dy, x, w));
    if (!grad_wanted(g, 1))
        return;
    value_id dw = graph_op(g->graph, OP_prelu_grad_weight, NULL, g->dy, x);
    grad_accumulate(g, 1, broadcast_sum(g->graph, dw, w));
}

emit_value emit_prelu(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0);
    return lanes_select_gt(e, x, lanes_const(e, 0), x, lanes_mul(e, lanes_in(e, 1, 0), x));
}

/* ---- gradients ---- */

void eval_prelu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double dy = e->in[0].data[i];
        e->out.data[i] = e->in[1].data[i] > 0 ? dy : weight_at(e, 2, i) * dy;
    }
}

emit_value emit_prelu_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value dy = lanes_in(e, 0, 0), below = lanes_mul(e, lanes_in(e, 2, 0), dy);
    return lanes_select_gt(e, lanes_in(e, 1, 0), lanes_const(e, 0), dy, below);
}

void eval_prelu_grad_weight(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i];
        e->out.data[i] = x > 0 ? 0 : x * e->in[0].data[i];
    }
}

emit_value emit_prelu_grad_weight(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 1, 0), zero = lanes_const(e, 0);
    return lanes_select_gt(e, x, zero, zero, lanes_mul(e, x, lanes_in(e, 0, 0)));
}
