/* Mean distance from the label (torch.nn.functional.l1_loss with one-hot targets, or with the distribution itself):
 *
 *     loss = 1/(n K) sum_i sum_c |x[i,c] - t[i,c]| */
#include "label.h"
#include "rules.h"

void eval_l1(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++)
        e->out.data[0] += fabs(e->in[0].data[i] - label_share(e, i)) / (double)size;
}

emit_value emit_l1(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_abs(e, lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0)));
}

void grad_l1(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_l1_grad, NULL, grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = dy / (n K) sign(x - t), 0 where they are equal */
void eval_l1_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    double scale = e->in[2].data[0] / (double)size;
    for (int64_t i = 0; i < size; i++) {
        double d = e->in[0].data[i] - label_share(e, i);
        e->out.data[i] = scale * (isnan(d) ? d : (d > 0) - (d < 0));
    }
}

emit_value emit_l1_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value d = lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0)), zero = lanes_const(e, 0);
    emit_value up = lanes_select_gt(e, d, zero, lanes_const(e, 1), d); /* NaN and 0 stay */
    emit_value sign = lanes_select_gt(e, zero, d, lanes_const(e, -1), up);
    return lanes_mul(e, sign, lanes_div(e, lanes_in(e, 2, 0), lanes_size(e)));
}
