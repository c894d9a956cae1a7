/* Softmax of one row in double precision: the reference rules of the compiler and the figures of programs. */
#include "core.h"

#include <math.h>

double ftmrt_softmax(int64_t k, const double *x, double *p)
{
    double max = x[0], sum = 0;
    for (int64_t c = 1; c < k; c++)
        max = x[c] > max ? x[c] : max;
    for (int64_t c = 0; c < k; c++)
        sum += exp(x[c] - max);
    for (int64_t c = 0; p && c < k; c++)
        p[c] = exp(x[c] - max) / sum;
    return max + log(sum);
}
