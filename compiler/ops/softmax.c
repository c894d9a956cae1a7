#include "softmax.h"

#include <math.h>

double softmax(int64_t k, const double *x, double *p)
{
    double max = x[0], sum = 0;
    for (int64_t c = 1; c < k; c++)
        max = x[c] > max ? x[c] : max;
    for (int64_t c = 0; c < k; c++)
        sum += exp(x[c] - max);
    double log_sum = max + log(sum);
    for (int64_t c = 0; p && c < k; c++)
        p[c] = exp(x[c] - max) / sum;
    return log_sum;
}

double smoothed_target(int64_t k, int64_t c, double label, double smoothing)
{
    return ((double)c == label ? 1 - smoothing : 0) + smoothing / (double)k;
}
