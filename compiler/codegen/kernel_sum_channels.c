/* Sums over the channels of a pixel: blocks in order, lane by lane, then over the lanes by halves. A unit
 * is an image. */
#include "geometry.h"
#include "vmath.h"

static LLVMValueRef sum_of_blocks(struct kernel_build *k, const struct geometry *q,
                                  LLVMValueRef image, LLVMValueRef pixel, LLVMValueRef sum)
{
    struct ir *ir = k->ir;
    ir_set(ir, sum, ir_vec_const(ir, 0));
    struct ir_loop blocks = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->blocks), 1);
    struct address slice = geometry_slice(ir, q, kernel_buffer(k, 0), image, blocks.i);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, slice, pixel, part));
        ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, sum), v, ""));
    }
    ir_loop_end(ir, &blocks);
    return vmath_lanes_sum(ir, ir_get(ir, ir->vec, sum));
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef zero = ir_i64(ir, 0), sum = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, 1);
    struct ir_loop pixels = ir_loop_begin(ir, zero, ir_i64(ir, q.pixels), 1);
    LLVMValueRef total = sum_of_blocks(k, &q, u.image, pixels.i, sum);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = zero, .pixel = pixels.i, .part = part};
        LLVMValueRef lanes = ir_vec_const(ir, 0), first = LLVMConstInt(ir->i32, 0, false);
        if (part == 0)
            lanes = LLVMBuildInsertElement(ir->b, lanes, total, first, "");
        epilogue_store(k, lanes, &at);
    }
    ir_loop_end(ir, &pixels);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_sum_channels = {
    .name = "sum_channels", .phases = one_phase, .units = units_of_result, .emit = emit};
