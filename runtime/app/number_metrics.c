#include "number_metrics.h"

#include <math.h>

/* Running means (Welford, Technometrics 4, 1962) are as good far from 0. */
void number_metrics_add(struct number_metrics *m, double given, double wanted)
{
    const double error = given - wanted, off = wanted - m->mean;
    m->squares += error * error;
    m->differences += fabs(error);
    m->mean += off / (double)++m->count;
    m->spread += off * (wanted - m->mean);
}

double number_metrics_rmse(const struct number_metrics *m, int64_t outputs)
{
    double squares = 0;
    for (int64_t k = 0; k < outputs; k++)
        squares += m[k].squares;
    return m->count ? sqrt(squares / (double)m->count / (double)outputs) : 0;
}

double number_metrics_mae(const struct number_metrics *m, int64_t outputs)
{
    double differences = 0;
    for (int64_t k = 0; k < outputs; k++)
        differences += m[k].differences;
    return m->count ? differences / (double)m->count / (double)outputs : 0;
}

double number_metrics_r2(const struct number_metrics *m, int64_t outputs)
{
    double sum = 0;
    for (int64_t k = 0; k < outputs; k++)
        sum += m[k].spread > 0 ? 1 - m[k].squares / m[k].spread : NAN;
    return sum / (double)outputs;
}
