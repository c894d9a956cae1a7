/* What cross_entropy and its gradient share. */
#ifndef FTM_OPS_LABEL_SMOOTHING_H
#define FTM_OPS_LABEL_SMOOTHING_H

#include <stdint.h>

/* The target of class c of k for a label: (1 - smoothing) at the label, and smoothing spread over
 * all classes. */
static inline double smoothed_target(int64_t k, int64_t c, double label, double smoothing)
{
    return ((double)c == label ? 1 - smoothing : 0) + smoothing / (double)k;
}

#endif
