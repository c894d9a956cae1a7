/* Intervals and probabilities of shares. */
#include "shares.h"

#include <math.h>

/* Halves an interval in which erfc falls below it; doubles have no more than 60 steps of that. */
double share_deviations(double outside)
{
    double low = 0, high = 40;
    for (int i = 0; i < 60; i++) {
        const double z = (low + high) / 2;
        *(erfc(z / sqrt(2)) > outside ? &low : &high) = z;
    }
    return high;
}

struct interval share_interval(int64_t right, int64_t count, double z)
{
    if (!count)
        return (struct interval){0, 1};
    const double n = (double)count, p = (double)right / n, middle = p + z * z / (2 * n),
                 half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)), all = 1 + z * z / n;
    return (struct interval){fmax((middle - half) / all, 0), fmin((middle + half) / all, 1)};
}

struct interval share_interval_95(int64_t right, int64_t count)
{
    return share_interval(right, count, share_deviations(0.05));
}

/* The correlation of the answers of both; 0 where one of them is always right or always wrong. Where it is positive, it is made smaller
 * by the half of a sample with which a discrete distribution is corrected. */
static double correlation(const struct paired *p)
{
    const double e = (double)p->both, f = (double)p->only_a, g = (double)p->only_b,
                 h = (double)p->neither, all = (e + f) * (g + h) * (e + g) * (f + h),
                 together = e * h - f * g;
    if (all <= 0)
        return 0;
    return (together > 0 ? fmax(together - (double)p->count / 2, 0) : together) / sqrt(all);
}

/* The length of two distances together. */
static double distance(double a, double b, double phi)
{
    return sqrt(fmax(a * a - 2 * phi * a * b + b * b, 0));
}

struct interval paired_interval(const struct paired *p, double z)
{
    if (!p->count)
        return (struct interval){-1, 1};
    const double n = (double)p->count, a = (double)(p->both + p->only_a) / n,
                 b = (double)(p->both + p->only_b) / n, phi = correlation(p);
    const struct interval of_a = share_interval(p->both + p->only_a, p->count, z),
                          of_b = share_interval(p->both + p->only_b, p->count, z);
    return (struct interval){a - b - distance(a - of_a.low, of_b.high - b, phi),
                             a - b + distance(of_a.high - a, b - of_b.low, phi)};
}

double paired_probability(const struct paired *p)
{
    const int64_t n = p->only_a + p->only_b, k = p->only_a < p->only_b ? p->only_a : p->only_b;
    double sum = 0;
    for (int64_t i = 0; i <= k; i++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) -
                   (double)n * log(2));
    return 2 * sum < 1 ? 2 * sum : 1;
}
