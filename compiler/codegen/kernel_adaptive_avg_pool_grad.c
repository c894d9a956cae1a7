/* The gradient of adaptive_avg_pool. */
#include "pool_average.h"

static void emit(struct kernel_build *k)
{
    pool_average_grad(k, pool_parts_of(k, kernel_self(k), k->node->inputs[0]));
}

const struct kernel_family kernel_adaptive_avg_pool_grad = {
    .name = "adaptive_avg_pool_grad", .phases = one_phase, .units = units_of_result, .emit = emit};
