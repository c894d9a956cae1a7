/* matmul: a product of matrices, both and the result VECTOR. A unit is a block of columns of a row of
 * the result, which stays in registers while the elements of a's row are spread over the rows of b. */
#include "geometry.h"

/* The sum over k of a[row][k] b[k][block], stored. */
static void emit_block(struct kernel_build *k, const struct unit_loop *u)
{
    struct ir *ir = k->ir;
    struct geometry a = geometry_of(k->graph, k->node->inputs[0]),
                    b = geometry_of(k->graph, k->node->inputs[1]);
    LLVMValueRef sum[FTMRT_CB] = {0}, zero = ir_i64(ir, 0);
    struct address x = geometry_slice(ir, &a, kernel_buffer(k, 0), u->image, zero),
                   w = geometry_slice(ir, &b, kernel_buffer(k, 1), zero, u->block),
                   y = geometry_slice(ir, &b, kernel_result(k), u->image, u->block);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        sum[part] = ir_local(ir, ir->vec);
        ir_set(ir, sum[part], ir_vec_const(ir, 0));
    }
    struct ir_loop i = ir_loop_begin(ir, zero, ir_i64(ir, a.channels), 1);
    LLVMValueRef spread = ir_splat(ir, ir_load_f32(ir, ir_at(ir, x, i.i)));
    struct address row = geometry_slice(ir, &b, w, i.i, zero);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, row, zero, part));
        ir_set(ir, sum[part], ir_fma(ir, spread, v, ir_get(ir, ir->vec, sum[part])));
    }
    ir_loop_end(ir, &i);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, ir_get(ir, ir->vec, sum[part]), geometry_pixel(ir, y, zero, part));
}

static void emit(struct kernel_build *k)
{
    struct unit_loop u = unit_loop_begin(k, geometry_of_shape(&k->node->type.shape).blocks);
    emit_block(k, &u);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_matmul = {
    .name = "matmul", .phases = one_phase, .units = units_of_rows, .emit = emit};
