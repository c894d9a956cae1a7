/* What cross_entropy and its gradient share. */
#ifndef FTM_OPS_SOFTMAX_H
#define FTM_OPS_SOFTMAX_H

#include <stdint.h>

/* p[c] = softmax(x)[c] over k classes, if p is not NULL; returns log(sum exp x), by the largest
 * element, so that no exponential overflows. p and x may be the same. */
double softmax(int64_t k, const double *x, double *p);

/* The target of class c for a label: (1 - smoothing) at the label, and smoothing spread over all
 * classes. */
double smoothed_target(int64_t k, int64_t c, double label, double smoothing);

#endif
