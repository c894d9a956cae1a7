/* Answers that are given only where they are sure enough. */
#ifndef FTMRT_APP_REJECTION_H
#define FTMRT_APP_REJECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics.h"

/* A threshold of the probability of the answer: samples that have no less, and those of them that are right. */
struct rejection {
    double threshold;
    int64_t answered, right;
};

/* What a threshold makes of samples. */
struct rejection rejection_at(const struct metrics *m, double threshold);

/* The lowest threshold whose answers are right in a share of at least `precision`, which answers most. false: there is none, and *r is the
 * one with the highest share. */
bool rejection_choose(const struct metrics *m, double precision, struct rejection *r);

#endif
