/* Mean and biased variance per channel over images and positions, in two passes.
 *
 * No gradient of its own: bn_grad_input contains the one through the statistics. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_stats(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    const double *x = e->in[0].data;
    double *mean = e->out.data, *var = e->out.data + ch.c, count = (double)(ch.n * ch.inner);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++)
            mean[i % ch.c] += x[i * ch.inner + j];
    for (int64_t c = 0; c < ch.c; c++)
        mean[c] /= count;
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++) {
            double d = x[i * ch.inner + j] - mean[i % ch.c];
            var[i % ch.c] += d * d;
        }
    for (int64_t c = 0; c < ch.c; c++)
        var[c] /= count;
}
