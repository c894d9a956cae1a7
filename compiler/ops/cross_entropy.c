/* Softmax and cross entropy with the label, averaged over the batch
 * (torch.nn.functional.cross_entropy):
 *
 *     loss = 1/n sum_i sum_c -q[i,c] log softmax(x[i])[c]
 *     q    = (1 - smoothing) label + smoothing / K
 *
 * The two are one op because log softmax is exact where softmax alone has underflowed. */
#include "eval_support.h"
#include "label.h"
#include "rules.h"

/* q of class c of image i. */
static double target(const struct eval *e, int64_t i, int64_t c)
{
    double smoothing = e->attrs->label_smoothing, k = (double)e->in[0].shape.dim[1];
    return (1 - smoothing) * label_share(e, i, c) + smoothing / k;
}

void eval_cross_entropy(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], k = e->in[0].shape.dim[1];
    double loss = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *x = e->in[0].data + i * k;
        double log_sum = ftmrt_softmax(k, x, NULL);
        for (int64_t c = 0; c < k; c++)
            loss += target(e, i, c) * (log_sum - x[c]);
    }
    e->out.data[0] = loss / (double)n;
}

void grad_cross_entropy(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0,
            graph_op(g->graph, OP_cross_entropy_grad, a, grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = dy / n (softmax(x) sum_c q - q) */
void eval_cross_entropy_grad(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], k = e->in[0].shape.dim[1];
    double dy = e->in[2].data[0];
    for (int64_t i = 0; i < n; i++) {
        double *dx = e->out.data + i * k, all = 0;
        ftmrt_softmax(k, e->in[0].data + i * k, dx);
        for (int64_t c = 0; c < k; c++)
            all += target(e, i, c);
        for (int64_t c = 0; c < k; c++)
            dx[c] = dy * (dx[c] * all - target(e, i, c)) / (double)n;
    }
}
