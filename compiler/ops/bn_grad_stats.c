/* The two reductions of a training batch norm's gradient: sum dy and sum dy * xhat, xhat the
 * normalised input. They are the gradients of bias and weight, and what bn_grad_input needs. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_grad_stats(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    const double *dy = e->in[0].data, *x = e->in[1].data, *mean = e->in[2].data, *var = mean + ch.c;
    for (int64_t i = 0; i < ch.n * ch.c; i++) {
        int64_t c = i % ch.c;
        double inv = 1 / sqrt(var[c] + e->attrs->eps);
        for (int64_t j = 0; j < ch.inner; j++) {
            int64_t at = i * ch.inner + j;
            e->out.data[c] += dy[at];
            e->out.data[ch.c + c] += dy[at] * ((x[at] - mean[c]) * inv);
        }
    }
}
