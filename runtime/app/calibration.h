/* Whether answers are right as often as their probabilities say, and a temperature that makes them so. */
#ifndef FTMRT_APP_CALIBRATION_H
#define FTMRT_APP_CALIBRATION_H

#include <jansson.h>
#include <stdint.h>

#include "metrics.h"

/* The expected calibration error: samples are put into 15 bins of equal width by the probability of their answer; of each bin how far its
 * accuracy is from its mean probability, weighted by its samples (C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On Calibration of Modern
 * Neural Networks, ICML 2017). confidence: m's, or its plain_confidence. Samples without an answer are left out; 0 where none has one. */
double calibration_error(const struct metrics *m, const float *confidence);

/* The bins of m's confidence, for a reliability diagram: a list of {"from", "samples", "confidence", "accuracy"}, of those that have
 * samples. A new reference. */
json_t *calibration_bins_json(const struct metrics *m);

/* The mean negative log-likelihood of the labels where logits are divided by a temperature; NAN: m has kept too little to say. */
double calibration_nll(const struct metrics *m, double temperature);

/* The temperature whose negative log-likelihood is least, from 1/20 to 20 (the same article's temperature scaling). 1 where m's samples
 * do not speak for another one: all of them are right, so that none is too small; or there are so few that a network whose
 * probabilities are true would differ as much in one of 20 cases (likelihood ratio). */
double calibration_fit(const struct metrics *m);

#endif
