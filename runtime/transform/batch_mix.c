#include "batch_mix.h"

#include <math.h>

enum { DRAW_PARTNER, DRAW_U, DRAW_V };

int64_t mix_partner(const struct ftmrt_batch *b, const struct ftmrt_draw *draw)
{
    return (int64_t)(transform_batch_uniform(draw, DRAW_PARTNER) * (double)b->n);
}

/* A number of Beta(alpha, alpha) from two even ones: (1 + t / sqrt(2 alpha + t^2)) / 2, where t has Student's distribution
 * with 2 alpha degrees of freedom, by the polar method: t^2 = 2 alpha (u^(-1 / alpha) - 1) cos^2(2 pi v) (Bailey 1994, "Polar
 * generation of random variates with the t-distribution"). Written so that nothing overflows where alpha is small. */
double mix_part(const struct ftmrt_draw *d, double alpha)
{
    const double u = transform_batch_uniform(d, DRAW_U), v = transform_batch_uniform(d, DRAW_V);
    const double cosine = cos(6.283185307179586 * v);
    const double square = (pow(u, -1 / alpha) - 1) * cosine * cosine; /* t^2 / (2 alpha) */
    return 0.5 + copysign(0.5, cosine) / sqrt(1 + 1 / square);
}

void mix_blend(double part, const float *a, const float *b, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(part * (double)a[i] + (1 - part) * (double)b[i]);
}
