/* max_pool and its gradient: windows of channel blocks (pool_window.h). */
#include "pool_window.h"

struct maximum {
    LLVMValueRef x;              /* slice of the input */
    LLVMValueRef best[FTMRT_CB]; /* locals, by part */
};

/* A NaN wins and stays, as in PyTorch. */
static void max_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct maximum *m = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, m->x, pixel, part));
        LLVMValueRef best = ir_get(ir, ir->vec, m->best[part]);
        LLVMValueRef more = LLVMBuildFCmp(ir->b, LLVMRealOGT, v, best, "");
        LLVMValueRef nan = LLVMBuildFCmp(ir->b, LLVMRealUNO, v, v, "");
        LLVMValueRef take = LLVMBuildOr(ir->b, more, nan, "");
        ir_set(ir, m->best[part], LLVMBuildSelect(ir->b, take, v, best, ""));
    }
}

static LLVMValueRef minus_infinity(struct ir *ir)
{
    return ir_vec_const(ir, (double)-__builtin_inff());
}

static void emit_max_pool(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    value_id self = {(uint32_t)(k->node - k->graph->nodes.at)};
    struct pool_window w = pool_window_of(k, k->node->inputs[0], self);
    LLVMValueRef x = kernel_buffer(k, 0);
    struct maximum m = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        m.best[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, w.in.blocks);
    m.x = geometry_slice(ir, &w.in, x, u.image, u.block);
    struct pool_outputs e = pool_outputs_begin(&w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_set(ir, m.best[part], minus_infinity(ir));
    pool_each_tap(&w, max_tap, &m);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = e.pixel, .part = part};
        epilogue_store(k, ir_get(ir, ir->vec, m.best[part]), &at);
    }
    pool_outputs_end(&w, &e);
    unit_loop_end(k, &u);
}

/* ---- max_pool_grad ---- */

struct scatter {
    LLVMValueRef x, dx;          /* slices */
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
        LLVMValueRef dx = geometry_pixel(ir, s->dx, pixel, part);
        LLVMValueRef rest = ir_get(ir, ir->vec, s->rest[part]);
        LLVMValueRef met = LLVMBuildFCmp(ir->b, LLVMRealOEQ, v, s->best[part], "");
        LLVMValueRef add = LLVMBuildSelect(ir->b, met, rest, zero, "");
        ir_store_vec(ir, LLVMBuildFAdd(ir->b, ir_load_vec(ir, dx), add, ""), dx);
        ir_set(ir, s->rest[part], LLVMBuildSelect(ir->b, met, zero, rest, ""));
    }
}

static void emit_max_pool_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct pool_window w = pool_window_of(k, k->node->inputs[1], k->node->inputs[0]);
    LLVMValueRef dy = kernel_buffer(k, 0), x = kernel_buffer(k, 1), y = kernel_buffer(k, 2),
                 dx = kernel_result(k);
    struct scatter s = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        s.rest[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, w.in.blocks);
    s.x = geometry_slice(ir, &w.in, x, u.image, u.block);
    s.dx = geometry_slice(ir, &w.in, dx, u.image, u.block);
    LLVMValueRef dy_slice = geometry_slice(ir, &w.out, dy, u.image, u.block);
    LLVMValueRef y_slice = geometry_slice(ir, &w.out, y, u.image, u.block);
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

const struct kernel_family kernel_max_pool = {
    .name = "max_pool", .phases = one_phase, .units = units_of_result, .emit = emit_max_pool};
const struct kernel_family kernel_max_pool_grad = {.name = "max_pool_grad",
                                                   .phases = one_phase,
                                                   .units = units_of_result,
                                                   .emit = emit_max_pool_grad};
