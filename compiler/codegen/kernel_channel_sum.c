/* The sum over images and pixels of each channel. */
#include "kernel_reduce.h"

static LLVMValueRef term(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum)
{
    (void)row;
    return LLVMBuildFAdd(r->k->ir->b, sum, reduce_load(r, 0, pixel, part), "");
}

static const struct reduce_rule rule = {.rows = 1, .operands = 1, .term = term};

static void emit(struct kernel_build *k) { reduce_emit(k, &rule); }

const struct kernel_family kernel_channel_sum = {
    .name = "channel_sum", .phases = two_phases, .units = reduce_units, .emit = emit};
