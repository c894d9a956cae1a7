/* The gradients of max_pool and adaptive_max_pool: each scatters within its own (image, channel block), taps in row-major
 * order, so that the first maximum of a window gets all (pool_window.h). Nothing equals a NaN: the windows that have one are
 * gone over again, backwards, so that the last gets what is left. */
#include "pool_window.h"

struct scatter {
    struct address x, dx, dy, y; /* slices */
    LLVMValueRef best[FTMRT_CB]; /* the window's maximum, by part */
    LLVMValueRef rest[FTMRT_CB]; /* locals: dy in the lanes whose maximum has not been met yet */
};

/* Adds what is left of dy in the lanes that are met. */
static void scatter_met(struct pool_window *w, struct scatter *s, LLVMValueRef pixel, uint32_t part,
                        LLVMValueRef met)
{
    struct ir *ir = w->k->ir;
    LLVMValueRef zero = ir_vec_const(ir, 0), rest = ir_get(ir, ir->vec, s->rest[part]);
    struct address dx = geometry_pixel(ir, s->dx, pixel, part);
    LLVMValueRef add = LLVMBuildSelect(ir->b, met, rest, zero, "");
    ir_store_vec(ir, LLVMBuildFAdd(ir->b, ir_load_vec(ir, dx), add, ""), dx);
    ir_set(ir, s->rest[part], LLVMBuildSelect(ir->b, met, zero, rest, ""));
}

static void scatter_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct scatter *s = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, s->x, pixel, part));
        scatter_met(w, s, pixel, part, LLVMBuildFCmp(ir->b, LLVMRealOEQ, v, s->best[part], ""));
    }
}

static void scatter_nan(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct scatter *s = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, s->x, pixel, part));
        scatter_met(w, s, pixel, part, LLVMBuildFCmp(ir->b, LLVMRealUNO, v, v, ""));
    }
}

/* The taps of one window whose maximum is s->best. */
static void scatter_window(struct pool_window *w, struct scatter *s)
{
    struct ir *ir = w->k->ir;
    struct pool_window back = *w;
    back.backwards = true;
    pool_each_tap(w, scatter_tap, s);
    LLVMValueRef nan = NULL;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef one = LLVMBuildFCmp(ir->b, LLVMRealUNO, s->best[part], s->best[part], "");
        nan = part == 0 ? one : LLVMBuildOr(ir->b, nan, one, "");
    }
    struct ir_if some = ir_if_begin(ir, ir_any(ir, nan));
    pool_each_tap(&back, scatter_nan, s);
    ir_if_end(ir, &some);
}

static void scatter_output(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct scatter *s = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        ir_set(ir, s->rest[part], ir_load_vec(ir, geometry_pixel(ir, s->dy, pixel, part)));
        s->best[part] = ir_load_vec(ir, geometry_pixel(ir, s->y, pixel, part));
    }
    scatter_window(w, s);
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
    s.dy = geometry_slice(ir, &w.out, dy, u.image, u.block);
    s.y = geometry_slice(ir, &w.out, y, u.image, u.block);
    w.fetched = s.x;
    pool_clear_slice(k, &w.in, s.dx);
    pool_each_output(&w, scatter_output, &s);
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
