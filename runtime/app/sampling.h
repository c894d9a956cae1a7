/* Which samples of a source, and in which order. */
#ifndef FTMRT_APP_SAMPLING_H
#define FTMRT_APP_SAMPLING_H

#include <stdint.h>

#include "config.h"

/* Some samples of a source; nothing is owned. */
struct subset {
    const struct source *source;
    const int64_t *indices; /* NULL: the first `count` samples */
    int64_t count;
};

/* A permutation of 0 .. count-1, a function of (seed, epoch) alone (Fisher-Yates). */
void shuffle_order(int64_t *order, int64_t count, uint64_t seed, uint64_t epoch);

/* Splits a source: about `percent` of each class, or of all samples where labels are no classes, chosen by the seed, go to
 * `validation`, the rest to `train` (both allocated, in ascending order). A function of labels and seed alone. */
struct split {
    int64_t *train, *validation;
    int64_t train_count, validation_count;
};
void split_stratified(struct split *s, const struct source *source, int64_t classes, double percent,
                      uint64_t seed);
void split_free(struct split *s);

#endif
