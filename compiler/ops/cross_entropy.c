/* Softmax and cross entropy with the label, averaged over the batch
 * (torch.nn.functional.cross_entropy):
 *
 *     loss = 1/n sum_i sum_c -q[i,c] log softmax(x[i])[c]
 *     q = (1 - smoothing) onehot(label) + smoothing / K
 *
 * The two are one op because log softmax is exact where softmax alone has underflowed. */
#include "eval_support.h"
#include "label_smoothing.h"
#include "rules.h"

void eval_cross_entropy(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], k = e->in[0].shape.dim[1];
    double loss = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *x = e->in[0].data + i * k;
        double label = e->in[1].data[i], log_sum = ftmrt_softmax(k, x, NULL);
        for (int64_t c = 0; c < k; c++)
            loss += smoothed_target(k, c, label, e->attrs->label_smoothing) * (log_sum - x[c]);
    }
    e->out.data[0] = loss / (double)n;
}

/* The loss is where the backward pass starts, so dy is the constant 1 and nothing multiplies by it.
 */
void grad_cross_entropy(struct grad *g)
{
    const struct node *dy = graph_node(g->graph, g->dy);
    FTM_BUG_ON(dy->op != OP_constant || dy->attrs->value != 1.0,
               "the gradient of a loss is not the constant 1");
    struct attrs a = {.label_smoothing = graph_node(g->graph, g->node)->attrs->label_smoothing};
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0, graph_op(g->graph, OP_cross_entropy_grad, &a, grad_in(g, 0), grad_in(g, 1)));
}
