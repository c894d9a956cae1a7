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

#endif
