/* Geometry of convolutions: see kernel_conv.h. Rows are resolved at run time by the bounds of the
 * loop over the taps; columns at compile time, so that the inner loops have neither tests nor a
 * padded copy of the input. */
#include "kernel_conv.h"

#include "ftmrt.h"

struct gather gather_of(const struct graph *g, const struct node *n)
{
    const struct node *x = graph_node(g, n->inputs[0]);
    const struct shape *w = graph_shape(g, n->inputs[1]);
    const struct shape *in = &x->type.shape, *out = &n->type.shape;
    return (struct gather){
        .attrs = n->attrs,
        .backward = n->op == OP_conv2d_grad_input,
        .plain = x->layout == FTMRT_LAYOUT_PLAIN,
        .in_channels = in->dim[1],
        .out_channels = out->dim[1],
        .in = {in->dim[2], in->dim[3]},
        .out = {out->dim[2], out->dim[3]},
        .kernel = {w->dim[2], w->dim[3]},
    };
}

int64_t gather_classes(const struct gather *q, int d)
{
    if (!q->backward)
        return 1;
    return q->attrs->stride[d] < q->out[d] ? q->attrs->stride[d] : q->out[d];
}

static struct gather_axis backward_axis(const struct gather *q, int d, int64_t r)
{
    int64_t s = q->attrs->stride[d], pad = q->attrs->padding[d], dilation = q->attrs->dilation[d];
    struct gather_axis a = {.in = q->in[d],
                            .out_start = r,
                            .out_step = s,
                            .outs = ceil_div(q->out[d] - r, s),
                            .stride = 1,
                            .tap0 = 0,
                            .tap_step = 1};
    for (int64_t p = 0; p < q->kernel[d]; p++) {
        if ((r + pad - p * dilation) % s != 0)
            continue;
        if (a.taps == 0)
            a.tap0 = p;
        else if (a.taps == 1)
            a.tap_step = p - a.tap0;
        a.taps++;
    }
    a.off0 = a.taps ? (r + pad - a.tap0 * dilation) / s : 0;
    a.off_step = a.taps > 1 ? -(a.tap_step * dilation) / s : -1;
    return a;
}

struct gather_axis gather_axis(const struct gather *q, int d, int64_t class)
{
    if (q->backward)
        return backward_axis(q, d, class);
    return (struct gather_axis){
        .in = q->in[d],
        .out_step = 1,
        .outs = q->out[d],
        .stride = q->attrs->stride[d],
        .off0 = -q->attrs->padding[d],
        .off_step = q->attrs->dilation[d],
        .tap_step = 1,
        .taps = q->kernel[d],
    };
}

bool gather_exists(const struct gather_axis *a, int64_t j, int64_t t)
{
    int64_t i = a->stride * j + a->off0 + a->off_step * t;
    return i >= 0 && i < a->in;
}

/* ---- rows at run time ---- */

static LLVMValueRef clamp_div(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return ir_div_const(ir, ir_max(ir, a, ir_i64(ir, 0)), b);
}

/* 0 <= base + off_step * t < in, solved for t. */
static void tap_range(struct ir *ir, const struct gather_axis *a, LLVMValueRef taps,
                      struct gather_row *row)
{
    int64_t d = a->off_step;
    if (d > 0) {
        row->lo = clamp_div(ir, ir_sub(ir, ir_i64(ir, d - 1), row->base), d);
        row->hi = clamp_div(ir, ir_sub(ir, ir_i64(ir, a->in + d - 1), row->base), d);
    } else {
        row->lo = clamp_div(ir, ir_add_const(ir, row->base, -d - a->in), -d);
        row->hi = clamp_div(ir, ir_add_const(ir, row->base, -d), -d);
    }
    row->hi = ir_min(ir, row->hi, taps);
}

struct gather_row gather_row(struct ir *ir, const struct gather *q, LLVMValueRef out_row)
{
    int64_t classes = gather_classes(q, 0), step = q->backward ? q->attrs->stride[0] : 1;
    struct gather_axis a = gather_axis(q, 0, 0);
    LLVMValueRef j = ir_div_const(ir, out_row, step), class = ir_rem_const(ir, out_row, step);
    LLVMValueRef off0 = ir_i64(ir, a.off0), tap0 = ir_i64(ir, a.tap0), taps = ir_i64(ir, a.taps);
    for (int64_t r = 1; r < classes; r++) {
        struct gather_axis b = gather_axis(q, 0, r);
        LLVMValueRef is = LLVMBuildICmp(ir->b, LLVMIntEQ, class, ir_i64(ir, r), "");
        off0 = LLVMBuildSelect(ir->b, is, ir_i64(ir, b.off0), off0, "");
        tap0 = LLVMBuildSelect(ir->b, is, ir_i64(ir, b.tap0), tap0, "");
        taps = LLVMBuildSelect(ir->b, is, ir_i64(ir, b.taps), taps, "");
        if (b.taps > a.taps) { /* the steps are those of any class that has two taps */
            a.off_step = b.off_step;
            a.tap_step = b.tap_step;
            a.taps = b.taps;
        }
    }
    struct gather_row row = {.off_step = a.off_step, .tap_step = a.tap_step, .tap0 = tap0};
    row.base = ir_add(ir, ir_mul_const(ir, j, a.stride), off0);
    tap_range(ir, &a, taps, &row);
    return row;
}

/* ---- tiles along a row ---- */

/* Whether outputs [start, start + width) have the very taps of output `like`. */
static bool same_taps(const struct gather_axis *a, int64_t like, int64_t start, int64_t width)
{
    for (int64_t t = 0; t < a->taps; t++)
        for (int64_t j = start; j < start + width; j++)
            if (gather_exists(a, j, t) != gather_exists(a, like, t))
                return false;
    return true;
}

uint32_t gather_segments(const struct gather_axis *a, int64_t width, struct gather_segment *out)
{
    int64_t tiles = ceil_div(a->outs, width), start = 0;
    uint32_t count = 0;
    for (int64_t i = 0; i < tiles; i++) {
        struct gather_segment s = {
            .start = start, .width = a->outs / tiles + (i < a->outs % tiles), .count = 1};
        s.uniform = same_taps(a, start, start, s.width);
        start += s.width;
        struct gather_segment *last = count ? &out[count - 1] : NULL;
        if (last && last->uniform && last->width == s.width &&
            same_taps(a, last->start, s.start, s.width)) {
            last->count++;
            continue;
        }
        FTM_BUG_ON(count == GATHER_MAX_SEGMENTS, "too many edge tiles");
        out[count++] = s;
    }
    return count;
}

uint32_t gather_tap_runs(const struct gather_axis *a, int64_t start, int64_t width,
                         struct gather_taps *runs)
{
    uint32_t count = 0;
    for (int64_t t = 0; t < a->taps; t++) {
        int64_t lo = 0, hi = width;
        while (lo < hi && !gather_exists(a, start + lo, t))
            lo++;
        while (hi > lo && !gather_exists(a, start + hi - 1, t))
            hi--;
        if (lo == hi)
            continue;
        struct gather_taps *last = count ? &runs[count - 1] : NULL;
        if (last && last->lo == lo && last->hi == hi && last->first + last->count == t)
            last->count++;
        else
            runs[count++] = (struct gather_taps){.first = t, .count = 1, .lo = lo, .hi = hi};
    }
    return count;
}

int64_t gather_bands(int64_t rows, int64_t units_without)
{
    int64_t wanted = ceil_div(8, units_without);
    return wanted < rows ? wanted : rows;
}
