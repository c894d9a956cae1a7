/* The gradients of max_pool and adaptive_max_pool: each scatters within its own (image, channel block), taps in row-major
 * order, so that the first maximum of a window gets all (pool_window.h). */
#include "pool_window.h"

struct scatter {
    struct address x, dx;        /* slices */
    LLVMValueRef best[FTMRT_CB]; /* the window's maximum, by part */
    LLVMValueRef rest[FTMRT_CB]; /* locals: dy in the lanes whose maximum has not been met yet */
};

static void scatter_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct scatter *s = data;
    struct ir *ir = w->k->ir;
    LLVMValueRef zero = ir_vec_const(ir, 0);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, s->x, pixel, part));
        struct address dx = geometry_pixel(ir, s->dx, pixel, part);
        LLVMValueRef rest = ir_get(ir, ir->vec, s->rest[part]);
        LLVMValueRef met = LLVMBuildFCmp(ir->b, LLVMRealOEQ, v, s->best[part], "");
        LLVMValueRef add = LLVMBuildSelect(ir->b, met, rest, zero, "");
        ir_store_vec(ir, LLVMBuildFAdd(ir->b, ir_load_vec(ir, dx), add, ""), dx);
        ir_set(ir, s->rest[part], LLVMBuildSelect(ir->b, met, zero, rest, ""));
    }
}

static void emit_scatter(struct kernel_build *k, struct pool_window w)
{
    struct ir *ir = k->ir;
    struct address dy = kernel_buffer(k, 0), x = kernel_buffer(k, 1), y = kernel_buffer(k, 2),
                   dx = kernel_result(k);
    struct scatter s = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        s.rest[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, w.in.blocks);
    s.x = geometry_slice(ir, &w.in, x, u.image, u.block);
    s.dx = geometry_slice(ir, &w.in, dx, u.image, u.block);
    struct address dy_slice = geometry_slice(ir, &w.out, dy, u.image, u.block);
    struct address y_slice = geometry_slice(ir, &w.out, y, u.image, u.block);
    pool_clear_slice(k, &w.in, s.dx);
    struct pool_outputs e = pool_outputs_begin(&w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        ir_set(ir, s.rest[part], ir_load_vec(ir, geometry_pixel(ir, dy_slice, e.pixel, part)));
        s.best[part] = ir_load_vec(ir, geometry_pixel(ir, y_slice, e.pixel, part));
    }
    pool_each_tap(&w, scatter_tap, &s);
    pool_outputs_end(&w, &e);
    geometry_finish(k, &u);
    unit_loop_end(k, &u);
}

static void emit(struct kernel_build *k)
{
    emit_scatter(k, pool_window_of(k, k->node->inputs[1], k->node->inputs[0]));
}

static void emit_adaptive(struct kernel_build *k)
{
    emit_scatter(k, pool_parts_of(k, k->node->inputs[1], k->node->inputs[0]));
}

const struct kernel_family kernel_max_pool_grad = {
    .name = "max_pool_grad", .phases = one_phase, .units = units_of_result, .emit = emit};
const struct kernel_family kernel_adaptive_max_pool_grad = {.name = "adaptive_max_pool_grad",
                                                            .phases = one_phase,
                                                            .units = units_of_result,
                                                            .emit = emit_adaptive};
