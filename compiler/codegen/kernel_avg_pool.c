/* avg_pool: the mean of each window. */
#include "pool_average.h"

static void emit(struct kernel_build *k)
{
    pool_average(k, pool_window_of(k, k->node->inputs[0], kernel_self(k)));
}

const struct kernel_family kernel_avg_pool = {
    .name = "avg_pool", .phases = one_phase, .units = units_of_result, .emit = emit};
