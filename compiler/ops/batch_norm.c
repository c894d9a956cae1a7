/* Batch normalisation as torch.nn.BatchNorm2d evaluates it (Ioffe and Szegedy 2015): by the batch's
 * own statistics when training, with the biased variance, by the running ones otherwise. A layer of
 * the language only: decompose splits it into bn_* ops and adds the update of the running
 * statistics, so it needs no gradient here. */
#include "eval_support.h"
#include "rules.h"

/* Mean and biased variance of channel c, in two passes. */
static void batch_moments(const struct tensor *x, struct channels ch, int64_t c, double *mean,
                          double *var)
{
    double sum = 0, squares = 0, count = (double)(ch.n * ch.inner);
    for (int64_t n = 0; n < ch.n; n++)
        for (int64_t j = 0; j < ch.inner; j++)
            sum += x->data[(n * ch.c + c) * ch.inner + j];
    *mean = sum / count;
    for (int64_t n = 0; n < ch.n; n++)
        for (int64_t j = 0; j < ch.inner; j++) {
            double d = x->data[(n * ch.c + c) * ch.inner + j] - *mean;
            squares += d * d;
        }
    *var = squares / count;
}

void eval_batch_norm(struct eval *e)
{
    const struct tensor *x = &e->in[0];
    struct channels ch = channels_of(&x->shape);
    for (int64_t c = 0; c < ch.c; c++) {
        double mean = e->in[3].data[c], var = e->in[4].data[c];
        if (e->attrs->training)
            batch_moments(x, ch, c, &mean, &var);
        double scale = e->in[1].data[c] / sqrt(var + e->attrs->eps), bias = e->in[2].data[c];
        for (int64_t n = 0; n < ch.n; n++)
            for (int64_t j = 0; j < ch.inner; j++) {
                int64_t at = (n * ch.c + c) * ch.inner + j;
                e->out.data[at] = (x->data[at] - mean) * scale + bias;
            }
    }
}
