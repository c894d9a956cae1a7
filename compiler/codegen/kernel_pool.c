/* Pooling on channel blocks: max_pool, max_pool_grad, global_avg_pool, global_avg_pool_grad.
 *
 * A unit is an (image, channel block); everything that it writes belongs to it, so that the
 * gradient of max_pool may scatter. Windows are clipped by loop bounds: padding is never read. */
#include "geometry.h"
#include "vmath.h"

struct window {
    struct kernel_build *k;
    struct geometry in, out;
    const int64_t *kernel, *stride, *padding;
    bool clipped;             /* some window reaches over an edge */
    LLVMValueRef row, column; /* output position */
};

static struct window window_of(struct kernel_build *k, value_id in, value_id out)
{
    const struct attrs *a = k->node->attrs;
    struct window w = {.k = k, .kernel = a->kernel, .stride = a->stride, .padding = a->padding};
    w.in = geometry_of(k->graph, in);
    w.out = geometry_of(k->graph, out);
    const int64_t in_size[2] = {w.in.height, w.in.width}, out_size[2] = {w.out.height, w.out.width};
    for (int axis = 0; axis < 2; axis++) {
        int64_t last = (out_size[axis] - 1) * a->stride[axis] - a->padding[axis] + a->kernel[axis];
        w.clipped |= a->padding[axis] > 0 || last > in_size[axis];
    }
    return w;
}

/* Bounds of the taps of an axis that lie inside the input. */
static void tap_range(struct window *w, int axis, LLVMValueRef out, LLVMValueRef *lo,
                      LLVMValueRef *hi)
{
    struct ir *ir = w->k->ir;
    int64_t size = axis == 0 ? w->in.height : w->in.width;
    LLVMValueRef start =
        ir_add_const(ir, ir_mul_const(ir, out, w->stride[axis]), -w->padding[axis]);
    *lo = ir_max(ir, ir_sub(ir, ir_i64(ir, 0), start), ir_i64(ir, 0));
    *hi = ir_min(ir, ir_sub(ir, ir_i64(ir, size), start), ir_i64(ir, w->kernel[axis]));
}

/* The input pixel of a tap. */
static LLVMValueRef tap_pixel(struct window *w, LLVMValueRef p, LLVMValueRef q)
{
    struct ir *ir = w->k->ir;
    LLVMValueRef i =
        ir_add(ir, ir_add_const(ir, ir_mul_const(ir, w->row, w->stride[0]), -w->padding[0]), p);
    LLVMValueRef j =
        ir_add(ir, ir_add_const(ir, ir_mul_const(ir, w->column, w->stride[1]), -w->padding[1]), q);
    return ir_add(ir, ir_mul_const(ir, i, w->in.width), j);
}

typedef void tap_fn(struct window *w, LLVMValueRef pixel, void *data);

/* Calls `tap` for the window's taps in row-major order: unrolled where no window is clipped, else
 * in loops. */
static void each_tap(struct window *w, tap_fn *tap, void *data)
{
    struct ir *ir = w->k->ir;
    if (!w->clipped && w->kernel[0] * w->kernel[1] <= 16) {
        for (int64_t p = 0; p < w->kernel[0]; p++)
            for (int64_t q = 0; q < w->kernel[1]; q++)
                tap(w, tap_pixel(w, ir_i64(ir, p), ir_i64(ir, q)), data);
        return;
    }
    LLVMValueRef lo[2], hi[2];
    tap_range(w, 0, w->row, &lo[0], &hi[0]);
    tap_range(w, 1, w->column, &lo[1], &hi[1]);
    struct ir_loop rows = ir_loop_begin(ir, lo[0], hi[0], 1);
    struct ir_loop columns = ir_loop_begin(ir, lo[1], hi[1], 1);
    tap(w, tap_pixel(w, rows.i, columns.i), data);
    ir_loop_end(ir, &columns);
    ir_loop_end(ir, &rows);
}

struct each_output {
    struct ir_loop rows, columns;
    LLVMValueRef pixel;
};

static struct each_output each_output_begin(struct window *w)
{
    struct ir *ir = w->k->ir;
    struct each_output e;
    e.rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->out.height), 1);
    e.columns = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->out.width), 1);
    w->row = e.rows.i;
    w->column = e.columns.i;
    e.pixel = ir_add(ir, ir_mul_const(ir, e.rows.i, w->out.width), e.columns.i);
    return e;
}

static void each_output_end(struct window *w, struct each_output *e)
{
    ir_loop_end(w->k->ir, &e->columns);
    ir_loop_end(w->k->ir, &e->rows);
}

/* ---- max_pool ---- */

struct maximum {
    LLVMValueRef x;              /* slice of the input */
    LLVMValueRef best[FTMRT_CB]; /* locals, by part */
};

/* A NaN wins and stays, as in PyTorch. */
static void max_tap(struct window *w, LLVMValueRef pixel, void *data)
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
    struct window w = window_of(k, k->node->inputs[0], self);
    LLVMValueRef x = kernel_buffer(k, 0);
    struct maximum m = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        m.best[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, w.in.blocks);
    m.x = geometry_slice(ir, &w.in, x, u.image, u.block);
    struct each_output e = each_output_begin(&w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_set(ir, m.best[part], minus_infinity(ir));
    each_tap(&w, max_tap, &m);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = e.pixel, .part = part};
        epilogue_store(k, ir_get(ir, ir->vec, m.best[part]), &at);
    }
    each_output_end(&w, &e);
    unit_loop_end(k, &u);
}

/* ---- max_pool_grad ---- */

struct scatter {
    LLVMValueRef x, dx;          /* slices */
    LLVMValueRef best[FTMRT_CB]; /* the window's maximum, by part */
    LLVMValueRef rest[FTMRT_CB]; /* locals: dy in the lanes whose maximum has not been met yet */
};

static void scatter_tap(struct window *w, LLVMValueRef pixel, void *data)
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

static void clear_slice(struct kernel_build *k, const struct geometry *q, LLVMValueRef slice)
{
    struct ir *ir = k->ir;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, ir_vec_const(ir, 0), geometry_pixel(ir, slice, pixels.i, part));
    ir_loop_end(ir, &pixels);
}

static void emit_max_pool_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct window w = window_of(k, k->node->inputs[1], k->node->inputs[0]);
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
    clear_slice(k, &w.in, s.dx);
    struct each_output e = each_output_begin(&w);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        ir_set(ir, s.rest[part], ir_load_vec(ir, geometry_pixel(ir, dy_slice, e.pixel, part)));
        s.best[part] = ir_load_vec(ir, geometry_pixel(ir, y_slice, e.pixel, part));
    }
    each_tap(&w, scatter_tap, &s);
    each_output_end(&w, &e);
    geometry_finish(k, &u);
    unit_loop_end(k, &u);
}

/* ---- global average pooling ---- */

static void emit_global_avg_pool(struct kernel_build *k)
{
    enum { CHAINS = 4 };
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef x = kernel_buffer(k, 0), sum[CHAINS][FTMRT_CB] = {0};
    uint32_t parts = geometry_parts(ir);
    for (uint32_t i = 0; i < CHAINS * parts; i++)
        sum[i / parts][i % parts] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, q.blocks);
    LLVMValueRef slice = geometry_slice(ir, &q, x, u.image, u.block);
    for (uint32_t i = 0; i < CHAINS * parts; i++)
        ir_set(ir, sum[i / parts][i % parts], ir_vec_const(ir, 0));
    int64_t whole = q.pixels / CHAINS * CHAINS;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), CHAINS);
    for (uint32_t i = 0; i < CHAINS * parts; i++) {
        LLVMValueRef p =
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

static void emit_global_avg_pool_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    value_id self = {(uint32_t)(k->node - k->graph->nodes.at)};
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]), q = geometry_of(k->graph, self);
    LLVMValueRef dy = kernel_buffer(k, 0), share[FTMRT_CB] = {0};
    struct unit_loop u = unit_loop_begin(k, q.blocks);
    LLVMValueRef slice = geometry_slice(ir, &in, dy, u.image, u.block);
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

/* ---- the families ---- */

const struct kernel_family kernel_max_pool = {"max_pool", one_phase, units_of_result,
                                              emit_max_pool};
const struct kernel_family kernel_max_pool_grad = {"max_pool_grad", one_phase, units_of_result,
                                                   emit_max_pool_grad};
const struct kernel_family kernel_global_avg_pool = {"global_avg_pool", one_phase, units_of_result,
                                                     emit_global_avg_pool};
const struct kernel_family kernel_global_avg_pool_grad = {
    "global_avg_pool_grad", one_phase, units_of_result, emit_global_avg_pool_grad};
