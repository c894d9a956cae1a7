/* Shares of the channels of each place, e^x / sum e^x; the greatest x is taken off first. With s = sum dy y over the channels the
 * gradient is y (dy - s). */
#include "eval_support.h"
#include "rules.h"

void eval_softmax(struct eval *e)
{
    const struct channels ch = channels_of(&e->out.shape);
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        const int64_t at = place / ch.inner * ch.c * ch.inner + place % ch.inner;
        const double *x = e->in[0].data + at;
        double *y = e->out.data + at, most = -INFINITY, sum = 0;
        for (int64_t c = 0; c < ch.c; c++)
            most = x[c * ch.inner] > most ? x[c * ch.inner] : most;
        for (int64_t c = 0; c < ch.c; c++)
            sum += y[c * ch.inner] = exp(x[c * ch.inner] - most);
        for (int64_t c = 0; c < ch.c; c++)
            y[c * ch.inner] /= sum;
    }
}

void eval_softmax_grad(struct eval *e)
{
    const struct channels ch = channels_of(&e->out.shape);
    for (int64_t place = 0; place < ch.n * ch.inner; place++) {
        const int64_t at = place / ch.inner * ch.c * ch.inner + place % ch.inner;
        const double *dy = e->in[0].data + at, *y = e->in[1].data + at;
        double sum = 0;
        for (int64_t c = 0; c < ch.c; c++)
            sum += dy[c * ch.inner] * y[c * ch.inner];
        for (int64_t c = 0; c < ch.c; c++)
            e->out.data[at + c * ch.inner] = y[c * ch.inner] * (dy[c * ch.inner] - sum);
    }
}

void grad_softmax(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_softmax_grad, NULL, g->dy, g->node));
}
