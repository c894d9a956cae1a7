/* mixup(alpha): a part of each sample and the rest of another one of its batch, pictures and labels alike:
 *
 *     input = part * input_k + (1 - part) * input_j,  label = part * label_k + (1 - part) * label_j
 *
 * (Zhang, Cisse, Dauphin, Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization"). Each sample draws its own j, evenly
 * among the batch, and its own part from Beta(alpha, alpha). */
#include <math.h>

#include "transform_step.h"

enum { DRAW_PARTNER, DRAW_U, DRAW_V };

/* A number of Beta(alpha, alpha) from two even ones: (1 + t / sqrt(2 alpha + t^2)) / 2, where t has Student's distribution
 * with 2 alpha degrees of freedom, by the polar method: t^2 = 2 alpha (u^(-1 / alpha) - 1) cos^2(2 pi v) (Bailey 1994, "Polar
 * generation of random variates with the t-distribution"). Written so that nothing overflows where alpha is small. */
static double draw_part(const struct ftmrt_draw *d, double alpha)
{
    const double u = transform_batch_uniform(d, DRAW_U), v = transform_batch_uniform(d, DRAW_V);
    const double cosine = cos(6.283185307179586 * v);
    const double square = (pow(u, -1 / alpha) - 1) * cosine * cosine; /* t^2 / (2 alpha) */
    return 0.5 + copysign(0.5, cosine) / sqrt(1 + 1 / square);
}

static void blend(double part, const float *a, const float *b, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(part * (double)a[i] + (1 - part) * (double)b[i]);
}

void run_batch_mixup(const struct ftmrt_call *c, const struct ftmrt_batch *b, int64_t k,
                     const struct ftmrt_draw *draw, float *input, float *label)
{
    const int64_t size = b->channels * b->height * b->width;
    const int64_t j = (int64_t)(transform_batch_uniform(draw, DRAW_PARTNER) * (double)b->n);
    const double part = draw_part(draw, ftmrt_call_number(c, FTMRT_PARAM_mixup_alpha));
    blend(part, b->inputs + k * size, b->inputs + j * size, size, input);
    blend(part, b->labels + k * b->classes, b->labels + j * b->classes, b->classes, label);
}
