/* Derivation of constants in double precision: the compiler evaluates these to make the blob,
 * `selftest` evaluates them again, so both must round alike: no contraction, one expression per
 * formula of derive.def. */
#include "core.h"

#include <math.h>

/* A double has more than twice the digits of an f32: one operation in it, rounded, is the operation in f32 (Figueroa, "When is
 * double rounding innocuous?", SIGNUM 1995). */
static double step(const struct ftmrt_derive *d, double x)
{
    return d->single ? (double)(float)x : x;
}

static double times(const struct ftmrt_derive *d, double a, double b)
{
    return step(d, step(d, a) * step(d, b));
}

static double root(const struct ftmrt_derive *d, double variance)
{
    return step(d, sqrt(step(d, step(d, variance) + step(d, d->eps))));
}

/* Its sum is in double precision: the kernels' order of additions is their own. */
static double product(const struct ftmrt_derive *d, const double *a, const double *b, int64_t i,
                      int64_t j)
{
    double sum = 0;
    for (int64_t k = 0; k < d->inner; k++)
        sum += step(d, a[i * d->inner + k]) * step(d, b[k * d->dim[1] + j]);
    return sum;
}

void ftmrt_derive_eval(const struct ftmrt_derive *d, const double *const *in, double *out)
{
    const int64_t count = ftmrt_elements(d->rank, d->dim);
    const int64_t rows = d->rank ? d->dim[0] : 1;
    const int64_t inner = rows > 0 ? count / rows : 0;
    switch ((enum ftmrt_derive_op)d->op) {
    case FTMRT_DERIVE_COPY:
        for (int64_t i = 0; i < count; i++)
            out[i] = in[0][i];
        break;
    case FTMRT_DERIVE_BN_SCALE:
        for (int64_t i = 0; i < count; i++)
            out[i] = step(d, step(d, in[0][i]) / root(d, in[1][i]));
        break;
    case FTMRT_DERIVE_BN_SHIFT:
        for (int64_t i = 0; i < count; i++)
            out[i] = step(d, step(d, in[0][i]) - times(d, in[1][i], in[2][i]));
        break;
    case FTMRT_DERIVE_SCALE_WEIGHT:
        for (int64_t o = 0; o < rows; o++) {
            for (int64_t i = o * inner; i < (o + 1) * inner; i++)
                out[i] = times(d, in[0][i], in[1][o]);
        }
        break;
    case FTMRT_DERIVE_BIAS_AFFINE:
        for (int64_t i = 0; i < count; i++)
            out[i] = step(d, times(d, in[0][i], in[1][i]) + step(d, in[2][i]));
        break;
    case FTMRT_DERIVE_ADD:
        for (int64_t i = 0; i < count; i++)
            out[i] = step(d, step(d, in[0][i]) + step(d, in[1] ? in[1][i] : d->value));
        break;
    case FTMRT_DERIVE_MUL:
        for (int64_t i = 0; i < count; i++)
            out[i] = times(d, in[0][i], in[1] ? in[1][i] : d->value);
        break;
    case FTMRT_DERIVE_MATMUL:
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < inner; j++)
                out[i * inner + j] = step(d, product(d, in[0], in[1], i, j));
        }
        break;
    }
}
