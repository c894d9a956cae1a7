/* Whether answers are right as often as their probabilities say. */
#ifndef FTMRT_APP_CALIBRATION_H
#define FTMRT_APP_CALIBRATION_H

#include <jansson.h>
#include <stdint.h>

#include "metrics.h"

/* The expected calibration error: samples are put into 15 bins of equal width by the probability of their answer; of each bin how far its
 * accuracy is from its mean probability, weighted by its samples (C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On Calibration of Modern
 * Neural Networks, ICML 2017). Samples without an answer are left out; 0 where none has one. */
double calibration_error(const struct metrics *m);

/* The bins, for a reliability diagram: a list of {"from", "samples", "confidence", "accuracy"}, of those that have samples. A new
 * reference. */
json_t *calibration_bins_json(const struct metrics *m);

#endif
