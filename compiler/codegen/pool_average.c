/* Means of windows: see pool_average.h. */
#include "pool_average.h"

struct average {
    struct unit_loop unit;
    struct address slice;       /* of the input, or of its gradient */
    struct address dy;          /* backward: slice of the result's gradient */
    LLVMValueRef sum[FTMRT_CB]; /* by part: locals that add up the window; backward its share */
};

/* Of a window, its places inside the map and its padding along an axis. */
static LLVMValueRef padded_places(struct pool_window *w, int axis, LLVMValueRef out)
{
    struct ir *ir = w->k->ir;
    int64_t size = axis == 0 ? w->in.height : w->in.width;
    int64_t end = size + w->padding[axis] + w->padding[2 + axis];
    LLVMValueRef room = ir_sub(ir, ir_i64(ir, end), ir_mul_const(ir, out, w->stride[axis]));
    return ir_min(ir, room, ir_i64(ir, w->kernel[axis]));
}

static LLVMValueRef inside_places(struct pool_window *w, int axis, LLVMValueRef out)
{
    LLVMValueRef start, lo, hi;
    w->range(w, axis, out, &start, &lo, &hi);
    return ir_sub(w->k->ir, hi, lo);
}

/* What the window at hand is divided by, as f32 in every lane. */
static LLVMValueRef divisor(struct pool_window *w)
{
    struct ir *ir = w->k->ir;
    const struct attrs *a = w->k->node->attrs;
    bool padded = a->count_include_pad;
    if (a->divisor_override)
        return ir_vec_const(ir, (double)a->divisor_override);
    if (!w->clipped || (w->whole[0] && w->whole[1]) || (padded && !a->ceil_mode))
        return ir_vec_const(ir, (double)(w->kernel[0] * w->kernel[1]));
    LLVMValueRef rows = padded ? padded_places(w, 0, w->row) : inside_places(w, 0, w->row),
                 columns = padded ? padded_places(w, 1, w->column) : inside_places(w, 1, w->column);
    return ir_splat(ir, geometry_float(ir, ir_mul(ir, rows, columns)));
}

static void add_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct average *a = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, a->slice, pixel, part));
        ir_set(ir, a->sum[part], LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, a->sum[part]), v, ""));
    }
}

static void store_average(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct average *a = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_set(ir, a->sum[part], ir_vec_const(ir, 0));
    pool_each_tap(w, add_tap, a);
    LLVMValueRef by = divisor(w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = a->unit.image, .block = a->unit.block, .pixel = pixel, .part = part};
        LLVMValueRef sum = ir_get(ir, ir->vec, a->sum[part]);
        epilogue_store(w->k, LLVMBuildFDiv(ir->b, sum, by, ""), &at);
    }
}

void pool_average(struct kernel_build *k, struct pool_window w)
{
    struct ir *ir = k->ir;
    struct average a = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        a.sum[part] = ir_local(ir, ir->vec);
    a.unit = unit_loop_begin(k, w.in.blocks);
    a.slice = geometry_slice(ir, &w.in, kernel_buffer(k, 0), a.unit.image, a.unit.block);
    w.fetched = a.slice;
    pool_each_output(&w, store_average, &a);
    unit_loop_end(k, &a.unit);
}

static void share_tap(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct average *a = data;
    struct ir *ir = w->k->ir;
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        struct address dx = geometry_pixel(ir, a->slice, pixel, part);
        ir_store_vec(ir, LLVMBuildFAdd(ir->b, ir_load_vec(ir, dx), a->sum[part], ""), dx);
    }
}

static void share_output(struct pool_window *w, LLVMValueRef pixel, void *data)
{
    struct average *a = data;
    struct ir *ir = w->k->ir;
    LLVMValueRef by = divisor(w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, a->dy, pixel, part));
        a->sum[part] = LLVMBuildFDiv(ir->b, v, by, "");
    }
    pool_each_tap(w, share_tap, a);
}

void pool_average_grad(struct kernel_build *k, struct pool_window w)
{
    struct ir *ir = k->ir;
    struct average a = {0};
    a.unit = unit_loop_begin(k, w.in.blocks);
    a.slice = geometry_slice(ir, &w.in, kernel_result(k), a.unit.image, a.unit.block);
    a.dy = geometry_slice(ir, &w.out, kernel_buffer(k, 0), a.unit.image, a.unit.block);
    w.fetches = false;
    pool_clear_slice(k, &w.in, a.slice);
    pool_each_output(&w, share_output, &a);
    geometry_finish(k, &a.unit);
    unit_loop_end(k, &a.unit);
}
