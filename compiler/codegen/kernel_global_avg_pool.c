/* global_avg_pool: the mean of a map in four chains. A unit is an (image, channel block). */
#include "geometry.h"
#include "vmath.h"

static void emit(struct kernel_build *k)
{
    enum { CHAINS = 4 };
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    struct address x = kernel_buffer(k, 0);
    LLVMValueRef sum[CHAINS][FTMRT_CB] = {0};
    uint32_t parts = geometry_parts(ir);
    for (uint32_t i = 0; i < CHAINS * parts; i++)
        sum[i / parts][i % parts] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, q.blocks);
    struct address slice = geometry_slice(ir, &q, x, u.image, u.block);
    for (uint32_t i = 0; i < CHAINS * parts; i++)
        ir_set(ir, sum[i / parts][i % parts], ir_vec_const(ir, 0));
    int64_t whole = q.pixels / CHAINS * CHAINS;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), CHAINS);
    for (uint32_t i = 0; i < CHAINS * parts; i++) {
        struct address p =
            geometry_pixel(ir, slice, ir_add_const(ir, pixels.i, i / parts), i % parts);
        LLVMValueRef local = sum[i / parts][i % parts];
        ir_set(ir, local, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, local), ir_load_vec(ir, p), ""));
    }
    ir_loop_end(ir, &pixels);
    for (uint32_t part = 0; part < parts; part++) {
        LLVMValueRef v[CHAINS];
        for (int64_t c = 0; c < CHAINS; c++) {
            v[c] = ir_get(ir, ir->vec, sum[c][part]);
            if (whole + c < q.pixels)
                v[c] = LLVMBuildFAdd(
                    ir->b, v[c],
                    ir_load_vec(ir, geometry_pixel(ir, slice, ir_i64(ir, whole + c), part)), "");
        }
        LLVMValueRef mean = LLVMBuildFDiv(ir->b, vmath_tree_sum(ir, v, CHAINS),
                                          ir_vec_const(ir, (double)q.pixels), "");
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = ir_i64(ir, 0), .part = part};
        epilogue_store(k, mean, &at);
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_global_avg_pool = {
    .name = "global_avg_pool", .phases = one_phase, .units = units_of_result, .emit = emit};
