/* Mean squared error against the label (torch.nn.functional.mse_loss with one-hot targets, or with the
 * distribution itself):
 *
 *     loss = 1/(n K) sum_i sum_c (x[i,c] - t[i,c])^2      over n places */
#include "label.h"
#include "rules.h"

void eval_mse(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++) {
        double difference = e->in[0].data[i] - label_share(e, i);
        e->out.data[0] += difference * difference / (double)size;
    }
}

emit_value emit_mse(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value difference = lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
    return lanes_mul(e, difference, difference);
}

void grad_mse(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_mse_grad, NULL, grad_in(g, 0), grad_in(g, 1), g->dy));
}

void eval_mse_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    double scale = 2 * e->in[2].data[0] / (double)size;
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = scale * (e->in[0].data[i] - label_share(e, i));
}

emit_value emit_mse_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value dy = lanes_mul(e, lanes_const(e, 2), lanes_in(e, 2, 0));
    emit_value difference = lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
    return lanes_mul(e, difference, lanes_div(e, dy, lanes_size(e)));
}
