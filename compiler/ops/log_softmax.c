/* Logarithms of the shares of the channels of each place, x - log sum e^x; the greatest x is taken off first. With s = sum dy over
 * the channels the gradient is dy - e^y s. */
#include "eval_support.h"
#include "rules.h"

void eval_log_softmax(struct eval *e)
{
    const struct channels ch = channels_of(&e->out.shape);
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        const int64_t at = place / ch.inner * ch.c * ch.inner + place % ch.inner;
        const double *x = e->in[0].data + at;
        double most = -INFINITY, sum = 0;
        for (int64_t c = 0; c < ch.c; c++)
            most = x[c * ch.inner] > most ? x[c * ch.inner] : most;
        for (int64_t c = 0; c < ch.c; c++)
            sum += exp(x[c * ch.inner] - most);
        for (int64_t c = 0; c < ch.c; c++)
            e->out.data[at + c * ch.inner] = x[c * ch.inner] - most - log(sum);
    }
}

void eval_log_softmax_grad(struct eval *e)
{
    const struct channels ch = channels_of(&e->out.shape);
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        const int64_t at = place / ch.inner * ch.c * ch.inner + place % ch.inner;
        const double *dy = e->in[0].data + at, *y = e->in[1].data + at;
        double sum = 0;
        for (int64_t c = 0; c < ch.c; c++)
            sum += dy[c * ch.inner];
        for (int64_t c = 0; c < ch.c; c++)
            e->out.data[at + c * ch.inner] = dy[c * ch.inner] - exp(y[c * ch.inner]) * sum;
    }
}

void grad_log_softmax(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_log_softmax_grad, NULL, g->dy, g->node));
}
