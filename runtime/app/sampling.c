/* Shuffling. */
#include "sampling.h"

void shuffle_order(int64_t *order, int64_t count, uint64_t seed, uint64_t epoch)
{
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) { /* Fisher-Yates */
        int64_t j =
            (int64_t)(ftmrt_uniform(seed, epoch, (uint64_t)i, FTMRT_USE_SHUFFLE) * (double)(i + 1));
        int64_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}
