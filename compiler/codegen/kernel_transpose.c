/* transpose: a matrix turned over, element by element; both VECTOR. A unit is a block of columns of a
 * row of the result. Matrices are small beside the convolutions that their products serve. */
#include "geometry.h"

enum { CB = FTMRT_CB };

/* The column of x that becomes the row: its elements first .. first + 15, zeros past the last. */
static void emit_block(struct kernel_build *k, LLVMValueRef row, LLVMValueRef block)
{
    struct ir *ir = k->ir;
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]),
                    out = geometry_of_shape(&k->node->type.shape);
    struct address y = geometry_slice(ir, &out, kernel_result(k), row, block);
    LLVMValueRef zero = ir_i64(ir, 0);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, ir_vec_const(ir, 0), geometry_pixel(ir, y, zero, part));
    LLVMValueRef first = ir_mul_const(ir, block, CB),
                 end = ir_min(ir, ir_add_const(ir, first, CB), ir_i64(ir, out.channels));
    struct ir_loop i = ir_loop_begin(ir, first, end, 1);
    struct address x = geometry_slice(ir, &in, kernel_buffer(k, 0), i.i, zero);
    ir_store_f32(ir, ir_load_f32(ir, ir_at(ir, x, row)), ir_at(ir, y, ir_sub(ir, i.i, first)));
    ir_loop_end(ir, &i);
}

static void emit(struct kernel_build *k)
{
    struct unit_loop u = unit_loop_begin(k, geometry_of_shape(&k->node->type.shape).blocks);
    emit_block(k, u.image, u.block);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_transpose = {
    .name = "transpose", .phases = one_phase, .units = units_of_rows, .emit = emit};
