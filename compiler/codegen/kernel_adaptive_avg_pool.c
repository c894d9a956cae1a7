/* adaptive_avg_pool: the mean of each part of the map. */
#include "pool_average.h"

static void emit(struct kernel_build *k)
{
    pool_average(k, pool_parts_of(k, k->node->inputs[0], kernel_self(k)));
}

const struct kernel_family kernel_adaptive_avg_pool = {
    .name = "adaptive_avg_pool", .phases = one_phase, .units = units_of_result, .emit = emit};
