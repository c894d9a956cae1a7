/* Windows over maps: see pool_window.h. */
#include "pool_window.h"

/* Taps that lie less than `places` (at least 0) on. */
static LLVMValueRef taps_until(struct pool_window *w, int axis, LLVMValueRef places)
{
    struct ir *ir = w->k->ir;
    int64_t d = w->dilation[axis];
    return d == 1 ? places : ir_div_const(ir, ir_add_const(ir, places, d - 1), d);
}

/* Stride and padding; clipped at the map's edges. */
static void clipped_range(struct pool_window *w, int axis, LLVMValueRef out, LLVMValueRef *start,
                          LLVMValueRef *lo, LLVMValueRef *hi)
{
    struct ir *ir = w->k->ir;
    int64_t size = axis == 0 ? w->in.height : w->in.width;
    *start = ir_add_const(ir, ir_mul_const(ir, out, w->stride[axis]), -w->padding[axis]);
    LLVMValueRef before = ir_max(ir, ir_sub(ir, ir_i64(ir, 0), *start), ir_i64(ir, 0)),
                 room = ir_sub(ir, ir_i64(ir, size), *start);
    *lo = taps_until(w, axis, before);
    *hi = ir_min(ir, taps_until(w, axis, room), ir_i64(ir, w->kernel[axis]));
}

struct pool_window pool_window_of(struct kernel_build *k, value_id in, value_id out)
{
    const struct attrs *a = k->node->attrs;
    struct pool_window w = {.k = k,
                            .kernel = a->kernel,
                            .stride = a->stride,
                            .padding = a->padding,
                            .range = clipped_range};
    w.in = geometry_of(k->graph, in);
    w.out = geometry_of(k->graph, out);
    const int64_t in_size[2] = {w.in.height, w.in.width}, out_size[2] = {w.out.height, w.out.width};
    for (int axis = 0; axis < 2; axis++) {
        w.dilation[axis] = a->dilation[axis] ? a->dilation[axis] : 1;
        int64_t reach = w.dilation[axis] * (a->kernel[axis] - 1) + 1;
        int64_t last = (out_size[axis] - 1) * a->stride[axis] - a->padding[axis] + reach;
        w.clipped |= a->padding[axis] > 0 || last > in_size[axis];
    }
    return w;
}

/* Part `out` of an axis: it lies inside the map. */
static void part_range(struct pool_window *w, int axis, LLVMValueRef out, LLVMValueRef *start,
                       LLVMValueRef *lo, LLVMValueRef *hi)
{
    struct ir *ir = w->k->ir;
    int64_t in = axis == 0 ? w->in.height : w->in.width,
            parts = axis == 0 ? w->out.height : w->out.width;
    LLVMValueRef from = ir_mul_const(ir, out, in);
    *start = ir_div_const(ir, from, parts);
    *lo = ir_i64(ir, 0);
    *hi = ir_sub(ir, ir_div_const(ir, ir_add_const(ir, from, in + parts - 1), parts), *start);
}

struct pool_window pool_parts_of(struct kernel_build *k, value_id in, value_id out)
{
    struct pool_window w = pool_window_of(k, in, out);
    w.range = part_range;
    w.clipped = true;
    return w;
}

/* Tap number i of an axis, from lo on or, backwards, below hi. */
static LLVMValueRef tap_of(struct pool_window *w, LLVMValueRef lo, LLVMValueRef hi, LLVMValueRef i)
{
    struct ir *ir = w->k->ir;
    return w->backwards ? ir_sub(ir, ir_add(ir, lo, ir_add_const(ir, hi, -1)), i) : i;
}

/* The input pixel of a tap of the window that starts at `start`. */
static LLVMValueRef tap_pixel(struct pool_window *w, const LLVMValueRef start[2], LLVMValueRef p,
                              LLVMValueRef q)
{
    struct ir *ir = w->k->ir;
    LLVMValueRef i = ir_add(ir, start[0], ir_mul_const(ir, p, w->dilation[0])),
                 j = ir_add(ir, start[1], ir_mul_const(ir, q, w->dilation[1]));
    return ir_add(ir, ir_mul_const(ir, i, w->in.width), j);
}

void pool_each_tap(struct pool_window *w, pool_tap_fn *tap, void *data)
{
    struct ir *ir = w->k->ir;
    LLVMValueRef start[2], lo[2], hi[2];
    w->range(w, 0, w->row, &start[0], &lo[0], &hi[0]);
    w->range(w, 1, w->column, &start[1], &lo[1], &hi[1]);
    if (!w->clipped && w->kernel[0] * w->kernel[1] <= 16) {
        for (int64_t p = 0; p < w->kernel[0]; p++)
            for (int64_t q = 0; q < w->kernel[1]; q++)
                tap(w,
                    tap_pixel(w, start, tap_of(w, lo[0], hi[0], ir_i64(ir, p)),
                              tap_of(w, lo[1], hi[1], ir_i64(ir, q))),
                    data);
        return;
    }
    struct ir_loop rows = ir_loop_begin(ir, lo[0], hi[0], 1);
    struct ir_loop columns = ir_loop_begin(ir, lo[1], hi[1], 1);
    tap(w, tap_pixel(w, start, tap_of(w, lo[0], hi[0], rows.i), tap_of(w, lo[1], hi[1], columns.i)),
        data);
    ir_loop_end(ir, &columns);
    ir_loop_end(ir, &rows);
}

struct pool_outputs pool_outputs_begin(struct pool_window *w)
{
    struct ir *ir = w->k->ir;
    struct pool_outputs e;
    e.rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->out.height), 1);
    e.columns = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->out.width), 1);
    w->row = e.rows.i;
    w->column = e.columns.i;
    e.pixel = ir_add(ir, ir_mul_const(ir, e.rows.i, w->out.width), e.columns.i);
    return e;
}

void pool_outputs_end(struct pool_window *w, struct pool_outputs *e)
{
    ir_loop_end(w->k->ir, &e->columns);
    ir_loop_end(w->k->ir, &e->rows);
}

void pool_clear_slice(struct kernel_build *k, const struct geometry *q, struct address slice)
{
    struct ir *ir = k->ir;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, ir_vec_const(ir, 0), geometry_pixel(ir, slice, pixels.i, part));
    ir_loop_end(ir, &pixels);
}
