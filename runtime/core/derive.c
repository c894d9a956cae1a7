/* Derivation of constants in double precision: the compiler evaluates these to make the blob,
 * `selftest` evaluates them again, so both must round alike: no contraction, one expression per
 * formula of derive.def. */
#include "core.h"

#include <math.h>

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
    }
}
