/* bn_update: the running mean and variance follow those of the batch, in place. A unit is a block of
 * channels. */
#include "geometry.h"

/* count / (count - 1) in every lane, count = n * H * W of the whole step: from the biased to the unbiased variance.
 */
static LLVMValueRef unbiased(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const int64_t *map = k->node->attrs->in_size;
    LLVMValueRef count = ir_mul(ir, k->step_images, kernel_number(k, map[0] * map[1]));
    LLVMValueRef less = ir_max(ir, ir_add_const(ir, count, -1), ir_i64(ir, 1));
    LLVMValueRef ratio = LLVMBuildFDiv(ir->b, LLVMBuildSIToFP(ir->b, count, ir->f64, ""),
                                       LLVMBuildSIToFP(ir->b, less, ir->f64, ""), "");
    return ir_splat(ir, LLVMBuildFPTrunc(ir->b, ratio, ir->f32, ""));
}

static void move_average(struct kernel_build *k, struct address address, LLVMValueRef batch)
{
    struct ir *ir = k->ir;
    double momentum = k->node->attrs->momentum;
    LLVMValueRef old =
        LLVMBuildFMul(ir->b, ir_load_vec(ir, address), ir_vec_const(ir, 1 - momentum), "");
    ir_store_vec(ir, ir_fma(ir, batch, ir_vec_const(ir, momentum), old), address);
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    struct extent e = extent_of(k, &q);
    struct address mean = kernel_buffer(k, 0), var = kernel_buffer(k, 1),
                   stats = kernel_buffer(k, 2);
    LLVMValueRef ratio = unbiased(k);
    struct ir_loop blocks = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef m = ir_load_vec(ir, extent_vector(ir, &e, stats, 0, blocks.i, part));
        LLVMValueRef v = ir_load_vec(ir, extent_vector(ir, &e, stats, 1, blocks.i, part));
        move_average(k, extent_vector(ir, &e, mean, 0, blocks.i, part), m);
        move_average(k, extent_vector(ir, &e, var, 0, blocks.i, part),
                     LLVMBuildFMul(ir->b, v, ratio, ""));
    }
    ir_loop_end(ir, &blocks);
}

const struct kernel_family kernel_bn_update = {
    .name = "bn_update", .phases = one_phase, .units = units_of_operand, .emit = emit};
