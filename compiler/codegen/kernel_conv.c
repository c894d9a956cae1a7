/* Rows of convolutions at run time: see kernel_conv.h. */
#include "kernel_conv.h"

static LLVMValueRef clamp_div(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return ir_div_const(ir, ir_max(ir, a, ir_i64(ir, 0)), b);
}

/* 0 <= base + off_step * t < in, solved for t. */
static void tap_range(struct ir *ir, const struct gather_axis *a, LLVMValueRef in,
                      LLVMValueRef taps, struct gather_row *row)
{
    int64_t d = a->off_step;
    if (d > 0) {
        row->lo = clamp_div(ir, ir_sub(ir, ir_i64(ir, d - 1), row->base), d);
        row->hi = clamp_div(ir, ir_sub(ir, ir_add_const(ir, in, d - 1), row->base), d);
    } else {
        row->lo = clamp_div(ir, ir_sub(ir, ir_add_const(ir, row->base, -d), in), -d);
        row->hi = clamp_div(ir, ir_add_const(ir, row->base, -d), -d);
    }
    row->hi = ir_min(ir, row->hi, taps);
}

struct gather_row gather_row(struct ir *ir, const struct gather *q, int d, LLVMValueRef in,
                             LLVMValueRef out)
{
    int64_t classes = gather_classes(q, d), step = q->backward ? q->attrs->stride[d] : 1;
    struct gather_axis a = gather_axis(q, d, 0);
    LLVMValueRef j = ir_div_const(ir, out, step), class = ir_rem_const(ir, out, step);
    LLVMValueRef off0 = ir_i64(ir, a.off0), tap0 = ir_i64(ir, a.tap0), taps = ir_i64(ir, a.taps);
    for (int64_t r = 1; r < classes; r++) {
        struct gather_axis b = gather_axis(q, d, r);
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
    tap_range(ir, &a, in, taps, &row);
    return row;
}
