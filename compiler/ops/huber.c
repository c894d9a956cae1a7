/* A square near 0 and a line beyond delta (torch.nn.functional.huber_loss with one-hot targets, or with the distribution itself;
 * Huber, "Robust Estimation of a Location Parameter", 1964), d = x - t:
 *
 *     loss = 1/(n K) sum_i sum_c (|d| <= delta ? d^2 / 2 : delta (|d| - delta / 2))
 *          = 1/(n K) sum_i sum_c m (|d| - m / 2),   m = min(|d|, delta) */
#include "label.h"
#include "rules.h"

void eval_huber(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++) {
        double d = fabs(e->in[0].data[i] - label_share(e, i));
        double m = fmin(d, e->attrs->delta);
        e->out.data[0] += m * (d - m / 2) / (double)size;
    }
}

emit_value emit_huber(struct emit *e, const struct attrs *attrs)
{
    emit_value d = lanes_abs(e, lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0)));
    emit_value m = lanes_min(e, d, lanes_const(e, attrs->delta));
    return lanes_mul(e, m, lanes_fma(e, m, lanes_const(e, -0.5), d));
}

void grad_huber(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_huber_grad, a, grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = dy / (n K) max(-delta, min(d, delta)) */
void eval_huber_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    double scale = e->in[2].data[0] / (double)size, delta = e->attrs->delta;
    for (int64_t i = 0; i < size; i++) {
        double d = e->in[0].data[i] - label_share(e, i);
        e->out.data[i] = scale * (d < -delta ? -delta : d > delta ? delta : d); /* NaN stays */
    }
}

emit_value emit_huber_grad(struct emit *e, const struct attrs *attrs)
{
    emit_value d = lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
    emit_value least = lanes_const(e, -attrs->delta), most = lanes_const(e, attrs->delta);
    emit_value slope = lanes_max(e, lanes_min(e, d, most), least);
    return lanes_mul(e, slope, lanes_div(e, lanes_in(e, 2, 0), lanes_size(e)));
}
