/* Errors of an output that is a number. */
#ifndef FTMRT_APP_NUMBER_METRICS_H
#define FTMRT_APP_NUMBER_METRICS_H

#include <stdint.h>

/* Sums over the samples. */
struct number_metrics {
    int64_t count;
    double squares, differences; /* of the errors: squared, and without sign */
    double mean, spread;         /* of the labels: the mean, and the sum of squares around it */
};

void number_metrics_add(struct number_metrics *m, double given, double wanted);

/* The root of the mean square, and the mean; 0 without samples. Of several outputs together: of all as if they were one. */
double number_metrics_rmse(const struct number_metrics *m, int64_t outputs);
double number_metrics_mae(const struct number_metrics *m, int64_t outputs);

/* The share of the labels' variance that is explained, of several outputs the mean, as scikit-learn's r2_score; NAN: some do not vary. */
double number_metrics_r2(const struct number_metrics *m, int64_t outputs);

#endif
