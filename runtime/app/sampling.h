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
    int64_t unlabelled; /* the last so many are: their label is the one that the loss ignores */
};

/* The words of `sampling`, in their order. */
enum class_sampling { SAMPLING_NATURAL, SAMPLING_BALANCED, SAMPLING_SQRT };

/* Fills order [count] with positions of a subset of so many samples, whose labels are classes: at each place a class is drawn, evenly or
 * by the square root of its samples, and the next of its samples taken, in an order of their own, around and around. So all samples of a
 * class come equally often, to one. A function of labels, seed and epoch. */
void sampling_order(int64_t *order, const struct subset *s, int64_t classes,
                    enum class_sampling sampling, uint64_t seed, uint64_t epoch);

/* A permutation of 0 .. count-1, a function of (seed, epoch) alone (Fisher-Yates). */
void shuffle_order(int64_t *order, int64_t count, uint64_t seed, uint64_t epoch);

#endif
