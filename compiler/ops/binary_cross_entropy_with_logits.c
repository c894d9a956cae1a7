/* A yes or no for each class, each with its cross entropy
 * (torch.nn.functional.binary_cross_entropy_with_logits):
 *
 *     loss = 1/(n K) sum_i sum_c -(t log sigmoid(x) + (1 - t) log(1 - sigmoid(x)))
 *          = 1/(n K) sum_i sum_c max(x, 0) - x t + log(1 + e^-|x|)
 *
 * The second form, in which nothing overflows or cancels, is what is computed. */
#include "label.h"
#include "rules.h"

void eval_binary_cross_entropy_with_logits(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i], t = label_share(e, i);
        double loss = fmax(x, 0) - x * t + log1p(exp(-fabs(x)));
        e->out.data[0] += loss / (double)size;
    }
}

emit_value emit_binary_cross_entropy_with_logits(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0), t = lanes_in(e, 1, 0), one = lanes_const(e, 1);
    emit_value power = lanes_exp(e, lanes_neg(e, lanes_abs(e, x)));
    emit_value rest = lanes_log(e, lanes_add(e, one, power));
    emit_value hinge = lanes_max(e, x, lanes_const(e, 0));
    return lanes_add(e, lanes_fma(e, lanes_neg(e, x), t, hinge), rest);
}

void grad_binary_cross_entropy_with_logits(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_binary_cross_entropy_with_logits_grad, NULL,
                                 grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = dy / (n K) (sigmoid(x) - t) */
void eval_binary_cross_entropy_with_logits_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    double scale = e->in[2].data[0] / (double)size;
    for (int64_t i = 0; i < size; i++) {
        double sigmoid = 1 / (1 + exp(-e->in[0].data[i]));
        e->out.data[i] = scale * (sigmoid - label_share(e, i));
    }
}

emit_value emit_binary_cross_entropy_with_logits_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value one = lanes_const(e, 1), power = lanes_exp(e, lanes_neg(e, lanes_in(e, 0, 0)));
    emit_value sigmoid = lanes_div(e, one, lanes_add(e, one, power));
    emit_value scale = lanes_div(e, lanes_in(e, 2, 0), lanes_size(e));
    return lanes_mul(e, lanes_sub(e, sigmoid, lanes_in(e, 1, 0)), scale);
}
