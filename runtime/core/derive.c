/* Derivation of constants in double precision: the compiler evaluates these to make the blob,
 * `selftest` evaluates them again, so both must round alike: no contraction, one expression per
 * formula of derive.def. */
#include "core.h"

#include <math.h>

static double product(const struct ftmrt_derive *d, const double *a, const double *b, int64_t i,
                      int64_t j)
{
    double sum = 0;
    for (int64_t k = 0; k < d->inner; k++)
        sum += a[i * d->inner + k] * b[k * d->dim[1] + j];
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
            out[i] = in[0][i] / sqrt(in[1][i] + d->eps);
        break;
    case FTMRT_DERIVE_BN_SHIFT:
        for (int64_t i = 0; i < count; i++)
            out[i] = in[0][i] - in[1][i] * in[2][i];
        break;
    case FTMRT_DERIVE_SCALE_WEIGHT:
        for (int64_t o = 0; o < rows; o++) {
            for (int64_t i = o * inner; i < (o + 1) * inner; i++)
                out[i] = in[0][i] * in[1][o];
        }
        break;
    case FTMRT_DERIVE_BIAS_AFFINE:
        for (int64_t i = 0; i < count; i++)
            out[i] = in[0][i] * in[1][i] + in[2][i];
        break;
    case FTMRT_DERIVE_ADD:
        for (int64_t i = 0; i < count; i++)
            out[i] = in[0][i] + (in[1] ? in[1][i] : d->value);
        break;
    case FTMRT_DERIVE_MUL:
        for (int64_t i = 0; i < count; i++)
            out[i] = in[0][i] * (in[1] ? in[1][i] : d->value);
        break;
    case FTMRT_DERIVE_MATMUL:
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < inner; j++)
                out[i * inner + j] = product(d, in[0], in[1], i, j);
        }
        break;
    }
}
