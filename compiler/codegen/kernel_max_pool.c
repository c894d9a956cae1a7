/* max_pool and adaptive_max_pool: the greatest of windows of channel blocks (pool_window.h). */
#include "pool_window.h"

struct maximum {
    struct unit_loop unit;
    struct address x; /* slice of the input */
    /* Locals, by part: the greatest so far of what is a number, and the lanes that had nothing else. Two comparisons with NaN are one,
     * so this takes fewer instructions than a maximum that keeps NaN. */
    LLVMValueRef best[FTMRT_CB], numbers[FTMRT_CB];
};

static LLVMTypeRef lanes_type(struct ir *ir) { return LLVMVectorType(ir->i1, ir->cpu->lanes); }

static void max_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct maximum *m = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, m->x, pixel, part));
        LLVMValueRef best = ir_get(ir, ir->vec, m->best[part]),
                     numbers = ir_get(ir, lanes_type(ir), m->numbers[part]);
        LLVMValueRef more = LLVMBuildFCmp(ir->b, LLVMRealOGT, v, best, "");
        LLVMValueRef number = LLVMBuildFCmp(ir->b, LLVMRealORD, v, ir_vec_const(ir, 0), "");
        ir_set(ir, m->best[part], LLVMBuildSelect(ir->b, more, v, best, ""));
        ir_set(ir, m->numbers[part], LLVMBuildAnd(ir->b, numbers, number, ""));
    }
}

static LLVMValueRef minus_infinity(struct ir *ir)
{
    return ir_vec_const(ir, (double)-__builtin_inff());
}

static void store_maximum(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct maximum *m = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        ir_set(ir, m->best[part], minus_infinity(ir));
        ir_set(ir, m->numbers[part], LLVMConstAllOnes(lanes_type(ir)));
    }
    pool_each_tap(w, max_tap, m);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = m->unit.image, .block = m->unit.block, .pixel = pixel, .part = part};
        /* A NaN wins, as in PyTorch. */
        LLVMValueRef v = LLVMBuildSelect(ir->b, ir_get(ir, lanes_type(ir), m->numbers[part]),
                                         ir_get(ir, ir->vec, m->best[part]),
                                         ir_vec_const(ir, (double)__builtin_nanf("")), "");
        epilogue_store(w->k, v, &at);
    }
}

static void emit_maxima(struct kernel_build *k, struct pool_window w)
{
    struct ir *ir = k->ir;
    struct address x = kernel_buffer(k, 0);
    struct maximum m = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        m.best[part] = ir_local(ir, ir->vec);
        m.numbers[part] = ir_local(ir, lanes_type(ir));
    }
    m.unit = unit_loop_begin(k, w.in.blocks);
    m.x = geometry_slice(ir, &w.in, x, m.unit.image, m.unit.block);
    w.fetched = m.x;
    pool_each_output(&w, store_maximum, &m);
    unit_loop_end(k, &m.unit);
}

static void emit(struct kernel_build *k)
{
    emit_maxima(k, pool_window_of(k, k->node->inputs[0], kernel_self(k)));
}

static void emit_adaptive(struct kernel_build *k)
{
    emit_maxima(k, pool_parts_of(k, k->node->inputs[0], kernel_self(k)));
}

const struct kernel_family kernel_max_pool = {
    .name = "max_pool", .phases = one_phase, .units = units_of_result, .emit = emit};
const struct kernel_family kernel_adaptive_max_pool = {.name = "adaptive_max_pool",
                                                       .phases = one_phase,
                                                       .units = units_of_result,
                                                       .emit = emit_adaptive};
