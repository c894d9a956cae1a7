/* The two sums of a batch norm's gradient: of dy, and of dy (x - mean), which the standard deviation divides once per
 * channel. */
#include "kernel_reduce.h"

static void load_means(struct reduction *r, LLVMValueRef block)
{
    for (uint32_t part = 0; part < r->parts; part++)
        r->mean[part] =
            ir_load_vec(r->k->ir, extent_vector(r->k->ir, &r->e, r->buffer[2], 0, block, part));
}

static LLVMValueRef term(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef dy = reduce_load(r, 0, pixel, part);
    if (row == 0)
        return LLVMBuildFAdd(ir->b, sum, dy, "");
    LLVMValueRef x = reduce_load(r, 1, pixel, part);
    return ir_fma(ir, dy, LLVMBuildFSub(ir->b, x, r->mean[part], ""), sum);
}

static LLVMValueRef scale(struct reduction *r, LLVMValueRef block, uint32_t row, uint32_t part,
                          LLVMValueRef sum)
{
    if (row == 0)
        return sum;
    struct ir *ir = r->k->ir;
    LLVMValueRef var = ir_load_vec(ir, extent_vector(ir, &r->e, r->buffer[2], 1, block, part));
    LLVMValueRef eps = ir_vec_const(ir, r->k->node->attrs->eps);
    return LLVMBuildFDiv(ir->b, sum, ir_sqrt(ir, LLVMBuildFAdd(ir->b, var, eps, "")), "");
}

static const struct reduce_rule rule = {
    .rows = 2, .operands = 2, .term = term, .begin = load_means, .end = scale};

static void emit(struct kernel_build *k) { reduce_emit(k, &rule); }

const struct kernel_family kernel_bn_grad_stats = {
    .name = "bn_grad_stats", .phases = two_phases, .units = reduce_units, .emit = emit};
