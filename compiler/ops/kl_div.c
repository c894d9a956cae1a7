/* How far logarithms of probabilities are from a distribution (torch.nn.functional.kl_div, reduction="mean"; Kullback and Leibler, "On
 * Information and Sufficiency", 1951):
 *
 *     loss = 1/(n K) sum_i sum_c t (log t - x), 0 where t is 0
 *
 * The loss of a recipe has the logarithms of the softmax for x and the sum over the classes for their mean, which is
 * reduction="batchmean" of [N,K]. */
#include "composed_loss.h"
#include "label.h"
#include "rules.h"

void eval_kl_div(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++) {
        double t = label_share(e, i);
        if (t > 0)
            e->out.data[0] += t * (log(t) - e->in[0].data[i]) / (double)size;
    }
}

emit_value emit_kl_div(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value t = lanes_in(e, 1, 0), zero = lanes_const(e, 0);
    emit_value apart = lanes_mul(e, t, lanes_sub(e, lanes_log(e, t), lanes_in(e, 0, 0)));
    return lanes_select_gt(e, t, zero, apart, zero);
}

void grad_kl_div(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0, graph_op(g->graph, OP_kl_div_grad, NULL, grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = -dy / (n K) t */
void eval_kl_div_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    double scale = -e->in[2].data[0] / (double)size;
    for (int64_t i = 0; i < size; i++) {
        double t = label_share(e, i);
        e->out.data[i] = scale * (t < 0 ? 0 : t); /* not a number stays so */
    }
}

emit_value emit_kl_div_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value t = lanes_max(e, lanes_in(e, 1, 0), lanes_const(e, 0));
    return lanes_mul(e, lanes_neg(e, t), lanes_div(e, lanes_in(e, 2, 0), lanes_size(e)));
}

value_id compose_kl_div(struct graph *g, value_id x, value_id label)
{
    const double classes = (double)graph_shape(g, x)->dim[1];
    const value_id logs = graph_op(g, OP_log_softmax, NULL, x);
    return scalar_times(g, graph_op(g, OP_kl_div, NULL, logs, label), classes);
}
