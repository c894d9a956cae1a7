/* The mean over places and channels of what the op's emission rule says of one element. */
#include "kernel_loss.h"
#include "kernel_softmax.h"
#include "vmath.h"

/* What the channels of a place add up to: a vector for all blocks, then its lanes. */
static LLVMValueRef place_sum(void *state, LLVMValueRef image, LLVMValueRef pixel)
{
    struct softmax *s = state;
    struct ir *ir = s->k->ir;
    LLVMValueRef sum = ir_local(ir, ir->vec);
    ir_set(ir, sum, ir_vec_const(ir, 0));
    struct ir_loop block = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded / FTMRT_CB), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        struct position at = {.image = image, .block = block.i, .pixel = pixel, .part = part};
        LLVMValueRef c =
            ir_add_const(ir, ir_mul_const(ir, block.i, FTMRT_CB), (int64_t)part * ir->cpu->lanes);
        LLVMValueRef v = softmax_masked(s, softmax_index(ir, c), epilogue_value(s->k, &at), 0);
        ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, sum), v, ""));
    }
    ir_loop_end(ir, &block);
    return vmath_lanes_sum(ir, ir_get(ir, ir->vec, sum));
}

static void emit(struct kernel_build *k)
{
    struct softmax s = softmax_of(k);
    loss_emit(k, place_sum, &s);
}

static void finish(struct kernel_build *k)
{
    loss_divide(k, geometry_of(k->graph, k->node->inputs[0]).channels);
}

const struct kernel_family kernel_mean_loss = {
    .name = "mean_loss", .phases = two_phases, .units = loss_units, .emit = emit, .finish = finish};
