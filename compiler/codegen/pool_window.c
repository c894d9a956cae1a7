/* Windows over maps: see pool_window.h. */
#include "pool_window.h"

#include "rounding.h"

enum { MAX_FETCHED = 4 /* lines for an output */ };
enum { MAX_UNROLLED = 16, MAX_UNROLLED_COLUMNS = 64 /* taps of all columns of the result */ };

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

/* last: the last place of the map where a whole window may start. */
static void find_inside(struct pool_window *w, int axis, int64_t last, int64_t outs)
{
    const int64_t stride = w->stride[axis], padding = w->padding[axis];
    int64_t end = last + padding < 0 ? 0 : (last + padding) / stride + 1;
    int64_t *inside = w->inside[axis];
    inside[1] = end < outs ? end : outs;
    inside[0] = ceil_div(padding, stride) < inside[1] ? ceil_div(padding, stride) : inside[1];
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
        if (a->stride[axis]) /* parts of a map have none */
            find_inside(&w, axis, in_size[axis] - reach, out_size[axis]);
    }
    const int64_t step = a->stride[0] * a->stride[1];
    w.fetches = step > 0 && step <= MAX_FETCHED && geometry_is_far(k, &w.in);
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
    w.fetches = false;
    w.unrolled_columns = w.in.width + w.out.width <= MAX_UNROLLED_COLUMNS;
    return w;
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

/* The taps of an axis: constants where the window is whole, or its place is one. */
struct taps {
    LLVMValueRef lo, hi;
    int64_t from, before; /* if they are constants, else 0 */
};

static struct taps taps_of(struct pool_window *w, int axis, LLVMValueRef out, LLVMValueRef *start)
{
    struct taps t = {0};
    w->range(w, axis, out, start, &t.lo, &t.hi);
    if (w->whole[axis]) {
        t.lo = ir_i64(w->k->ir, 0);
        t.hi = ir_i64(w->k->ir, w->kernel[axis]);
    }
    if (!w->backwards && LLVMIsAConstantInt(t.lo) && LLVMIsAConstantInt(t.hi)) {
        t.from = LLVMConstIntGetSExtValue(t.lo);
        t.before = LLVMConstIntGetSExtValue(t.hi);
    }
    return t;
}

struct each_tap {
    struct pool_window *w;
    LLVMValueRef start[2];
    struct taps taps[2];
    pool_tap_fn *tap;
    void *data;
};

/* Tap number i of an axis, from lo on or, backwards, below hi. */
static LLVMValueRef tap_of(const struct each_tap *e, int axis, LLVMValueRef i)
{
    struct ir *ir = e->w->k->ir;
    const struct taps *t = &e->taps[axis];
    if (!e->w->backwards)
        return i;
    return ir_sub(ir, ir_add(ir, t->lo, ir_add_const(ir, t->hi, -1)), i);
}

/* The taps of row p of the window. */
static void each_column(const struct each_tap *e, LLVMValueRef p)
{
    struct ir *ir = e->w->k->ir;
    const struct taps *t = &e->taps[1];
    if (t->before > t->from && t->before - t->from <= MAX_UNROLLED) {
        for (int64_t q = t->from; q < t->before; q++)
            e->tap(e->w, tap_pixel(e->w, e->start, p, ir_i64(ir, q)), e->data);
        return;
    }
    struct ir_loop columns = ir_loop_begin(ir, t->lo, t->hi, 1);
    e->tap(e->w, tap_pixel(e->w, e->start, p, tap_of(e, 1, columns.i)), e->data);
    ir_loop_end(ir, &columns);
}

void pool_each_tap(struct pool_window *w, pool_tap_fn *tap, void *data)
{
    struct ir *ir = w->k->ir;
    struct each_tap e = {.w = w, .tap = tap, .data = data};
    e.taps[0] = taps_of(w, 0, w->row, &e.start[0]);
    e.taps[1] = taps_of(w, 1, w->column, &e.start[1]);
    const struct taps *rows = &e.taps[0], *columns = &e.taps[1];
    const int64_t unrolled = (rows->before - rows->from) * (columns->before - columns->from);
    if (unrolled > 0 && unrolled <= MAX_UNROLLED) {
        for (int64_t p = rows->from; p < rows->before; p++)
            each_column(&e, ir_i64(ir, p));
        return;
    }
    struct ir_loop loop = ir_loop_begin(ir, rows->lo, rows->hi, 1);
    each_column(&e, tap_of(&e, 0, loop.i));
    ir_loop_end(ir, &loop);
}

/* ---- outputs ---- */

struct each_output {
    struct pool_window *w;
    pool_output_fn *output;
    void *data;
};

/* Asks for what the window below the one at hand has more: of maps that come from memory, a row comes too late otherwise. */
static void fetch_below(struct pool_window *w)
{
    struct ir *ir = w->k->ir;
    LLVMValueRef start[2], lo, hi;
    for (int axis = 0; axis < 2; axis++)
        w->range(w, axis, axis == 0 ? w->row : w->column, &start[axis], &lo, &hi);
    const int64_t below = w->dilation[0] * (w->kernel[0] - 1) + 1;
    LLVMValueRef first = ir_add(ir, ir_mul_const(ir, start[0], w->in.width), start[1]);
    for (int64_t i = 0; i < w->stride[0]; i++)
        for (int64_t j = 0; j < w->stride[1]; j++) {
            LLVMValueRef pixel = ir_add_const(ir, first, (below + i) * w->in.width + j);
            ir_prefetch(ir, w->fetched, ir_mul_const(ir, pixel, FTMRT_CB));
        }
}

static void output_at(const struct each_output *e, LLVMValueRef row, LLVMValueRef column)
{
    struct pool_window *w = e->w;
    struct ir *ir = w->k->ir;
    w->row = row;
    w->column = column;
    if (w->fetches)
        fetch_below(w);
    e->output(w, ir_add(ir, ir_mul_const(ir, row, w->out.width), column), e->data);
}

/* Three runs of an axis: before the outputs whose windows are whole, these, and behind them. */
static void run_bounds(const struct pool_window *w, int axis, int64_t outs, int64_t bound[4])
{
    bound[0] = 0;
    bound[1] = w->inside[axis][0];
    bound[2] = w->inside[axis][1];
    bound[3] = outs;
}

static void outputs_of_row(const struct each_output *e, LLVMValueRef row)
{
    struct pool_window *w = e->w;
    struct ir *ir = w->k->ir;
    int64_t bound[4];
    for (int64_t column = 0; column < w->out.width && w->unrolled_columns; column++)
        output_at(e, row, ir_i64(ir, column));
    run_bounds(w, 1, w->out.width, bound);
    for (int run = 0; run < 3 && !w->unrolled_columns; run++) {
        if (bound[run] == bound[run + 1])
            continue;
        w->whole[1] = run == 1;
        struct ir_loop columns =
            ir_loop_begin(ir, ir_i64(ir, bound[run]), ir_i64(ir, bound[run + 1]), 1);
        output_at(e, row, columns.i);
        ir_loop_end(ir, &columns);
    }
}

void pool_each_output(struct pool_window *w, pool_output_fn *output, void *data)
{
    struct ir *ir = w->k->ir;
    const struct each_output e = {w, output, data};
    int64_t bound[4];
    run_bounds(w, 0, w->out.height, bound);
    for (int run = 0; run < 3; run++) {
        if (bound[run] == bound[run + 1])
            continue;
        w->whole[0] = run == 1;
        struct ir_loop rows =
            ir_loop_begin(ir, ir_i64(ir, bound[run]), ir_i64(ir, bound[run + 1]), 1);
        outputs_of_row(&e, rows.i);
        ir_loop_end(ir, &rows);
    }
}

void pool_clear_slice(struct kernel_build *k, const struct geometry *q, struct address slice)
{
    struct ir *ir = k->ir;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, ir_vec_const(ir, 0), geometry_pixel(ir, slice, pixels.i, part));
    ir_loop_end(ir, &pixels);
}
