/* The inner product over images and pixels of each channel. */
#include "kernel_reduce.h"

static LLVMValueRef term(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum)
{
    (void)row;
    LLVMValueRef a = reduce_load(r, 0, pixel, part), b = reduce_load(r, 1, pixel, part);
    return ir_fma(r->k->ir, a, b, sum);
}

static const struct reduce_rule rule = {.rows = 1, .operands = 2, .term = term};

static void emit(struct kernel_build *k) { reduce_emit(k, &rule); }

const struct kernel_family kernel_channel_dot = {
    .name = "channel_dot", .phases = two_phases, .units = reduce_units, .emit = emit};
