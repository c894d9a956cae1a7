/* The gradient of global_avg_pool: every pixel gets its share. A unit is an (image, channel block). */
#include "geometry.h"

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]),
                    q = geometry_of(k->graph, kernel_self(k));
    struct address dy = kernel_buffer(k, 0);
    LLVMValueRef share[FTMRT_CB] = {0};
    struct unit_loop u = unit_loop_begin(k, q.blocks);
    struct address slice = geometry_slice(ir, &in, dy, u.image, u.block);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        share[part] =
            LLVMBuildFDiv(ir->b, ir_load_vec(ir, geometry_pixel(ir, slice, ir_i64(ir, 0), part)),
                          ir_vec_const(ir, (double)q.pixels), "");
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q.pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = pixels.i, .part = part};
        epilogue_store(k, share[part], &at);
    }
    ir_loop_end(ir, &pixels);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_global_avg_pool_grad = {
    .name = "global_avg_pool_grad", .phases = one_phase, .units = units_of_result, .emit = emit};
