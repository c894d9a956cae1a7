/* Softmax and cross entropy with the label, averaged over the places of the batch
 * (torch.nn.functional.cross_entropy):
 *
 *     loss = 1/n sum_i sum_c -q[i,c] log softmax(x[i])[c]
 *     q    = (1 - smoothing) label + smoothing / K
 *
 * The two are one op because log softmax is exact where softmax alone has underflowed. Nothing asks that the shares of a
 * label sum to 1: class weights and ignored places come in as shares (label_shares.c). */
#include "label.h"
#include "rules.h"

/* q of element i of the predictions. */
static double target(const struct eval *e, int64_t i)
{
    double smoothing = e->attrs->label_smoothing, k = (double)e->in[0].shape.dim[1];
    return (1 - smoothing) * label_share(e, i) + smoothing / k;
}

/* log(sum exp(x[c * stride])) over k classes, from the largest, so that no exponential overflows. */
static double log_sum_exp(int64_t k, const double *x, int64_t stride)
{
    double most = x[0], sum = 0;
    for (int64_t c = 1; c < k; c++)
        most = x[c * stride] > most ? x[c * stride] : most;
    for (int64_t c = 0; c < k; c++)
        sum += exp(x[c * stride] - most);
    return most + log(sum);
}

/* The first element of a place: that of class 0. */
static int64_t first_of(struct channels ch, int64_t place)
{
    return place / ch.inner * ch.c * ch.inner + place % ch.inner;
}

void eval_cross_entropy(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    const double *x = e->in[0].data;
    double loss = 0;
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        int64_t first = first_of(ch, place);
        double log_sum = log_sum_exp(ch.c, x + first, ch.inner);
        for (int64_t i = first; i < first + ch.c * ch.inner; i += ch.inner)
            loss += target(e, i) * (log_sum - x[i]);
    }
    e->out.data[0] = loss / (double)(ch.n * ch.inner);
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
    struct channels ch = channels_of(&e->in[0].shape);
    const double *x = e->in[0].data, dy = e->in[2].data[0] / (double)(ch.n * ch.inner);
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        int64_t first = first_of(ch, place), end = first + ch.c * ch.inner;
        double log_sum = log_sum_exp(ch.c, x + first, ch.inner), all = 0;
        for (int64_t i = first; i < end; i += ch.inner)
            all += target(e, i);
        for (int64_t i = first; i < end; i += ch.inner)
            e->out.data[i] = dy * (exp(x[i] - log_sum) * all - target(e, i));
    }
}
