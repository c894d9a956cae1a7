/* Softmax of a place: see kernel_softmax.h. */
#include "kernel_softmax.h"

#include "kernel_loss.h"
#include "vmath.h"

struct softmax softmax_of(struct kernel_build *k)
{
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    return (struct softmax){
        .k = k, .classes = q.channels, .padded = q.blocks * FTMRT_CB, .pixels = q.pixels};
}

struct address softmax_at(struct softmax *s, struct address base, LLVMValueRef c)
{
    struct ir *ir = s->k->ir;
    if (s->pixels == 1)
        return ir_at(ir, base, c);
    LLVMValueRef block = ir_div_const(ir, c, FTMRT_CB), lane = ir_rem_const(ir, c, FTMRT_CB);
    return ir_at(ir, base, ir_add(ir, ir_mul_const(ir, block, s->pixels * FTMRT_CB), lane));
}

struct address softmax_place(struct softmax *s, struct address base, LLVMValueRef image,
                             LLVMValueRef pixel)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef before = ir_mul_const(ir, image, s->padded * s->pixels);
    return ir_at(ir, base, ir_add(ir, before, ir_mul_const(ir, pixel, FTMRT_CB)));
}

LLVMValueRef softmax_index(struct ir *ir, LLVMValueRef c)
{
    LLVMValueRef start = vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, c, ir->i32, ""));
    return LLVMBuildAdd(ir->b, start, vmath_iota(ir), "");
}

LLVMValueRef softmax_masked(struct softmax *s, LLVMValueRef index, LLVMValueRef v, double other)
{
    struct ir *ir = s->k->ir;
    if (s->classes == s->padded)
        return v;
    LLVMValueRef end = vmath_splat_i32(ir, LLVMConstInt(ir->i32, (uint64_t)s->classes, false));
    LLVMValueRef valid = LLVMBuildICmp(ir->b, LLVMIntSLT, index, end, "");
    return LLVMBuildSelect(ir->b, valid, v, ir_vec_const(ir, other), "");
}

static void find_max(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef best = ir_local(ir, ir->vec);
    ir_set(ir, best, ir_vec_const(ir, (double)-__builtin_inff()));
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded), ir->cpu->lanes);
    LLVMValueRef v =
        softmax_masked(s, softmax_index(ir, c.i), ir_load_vec(ir, softmax_at(s, s->x, c.i)),
                       (double)-__builtin_inff());
    ir_set(ir, best, vmath_max(ir, v, ir_get(ir, ir->vec, best)));
    ir_loop_end(ir, &c);
    s->max = ir_splat(ir, vmath_lanes_max(ir, ir_get(ir, ir->vec, best)));
}

static void accumulate(struct ir *ir, LLVMValueRef local, LLVMValueRef v)
{
    ir_set(ir, local, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, local), v, ""));
}

LLVMValueRef softmax_label(struct softmax *s, LLVMValueRef index, LLVMValueRef c,
                           LLVMValueRef share)
{
    struct ir *ir = s->k->ir;
    if (!s->label)
        return LLVMBuildFMul(ir->b, ir_load_vec(ir, softmax_at(s, s->shares, c)), share, "");
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, index, s->label, "");
    return LLVMBuildSelect(ir->b, hit, share, ir_vec_const(ir, 0), "");
}

static void find_sums(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef local[4], zero = ir_vec_const(ir, 0);
    const int sums = s->label ? 3 : 4;
    for (int i = 0; i < sums; i++) {
        local[i] = ir_local(ir, ir->vec);
        ir_set(ir, local[i], zero);
    }
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded), ir->cpu->lanes);
    LLVMValueRef index = softmax_index(ir, c.i), v = ir_load_vec(ir, softmax_at(s, s->x, c.i));
    v = LLVMBuildFSub(ir->b, v, s->max, "");
    LLVMValueRef e = vmath_exp(ir, v);
    if (s->noted.p)
        ir_store_vec(ir, e, softmax_at(s, s->noted, c.i));
    accumulate(ir, local[0], softmax_masked(s, index, e, 0));
    accumulate(ir, local[1], softmax_masked(s, index, v, 0));
    accumulate(ir, local[2], softmax_label(s, index, c.i, v));
    if (!s->label) /* the padding of a distribution is 0 */
        accumulate(ir, local[3], ir_load_vec(ir, softmax_at(s, s->shares, c.i)));
    ir_loop_end(ir, &c);
    s->sum = ir_splat(ir, vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[0])));
    s->total = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[1]));
    s->hit = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[2]));
    if (s->label)
        return;
    double smoothing = s->k->node->attrs->label_smoothing;
    LLVMValueRef all = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[3]));
    all = LLVMBuildFMul(ir->b, all, ir_f32(ir, 1 - smoothing), "");
    s->weight = LLVMBuildFAdd(ir->b, all, ir_f32(ir, smoothing), "");
}

void softmax_take(struct softmax *s, LLVMValueRef image, LLVMValueRef pixel)
{
    struct kernel_build *k = s->k;
    s->x = softmax_place(s, kernel_buffer(k, 0), image, pixel);
    if (graph_node(k->graph, k->node->inputs[1])->type.dtype == FTMRT_I32)
        s->label = loss_label(k, image, pixel);
    else
        s->shares = softmax_place(s, kernel_buffer(k, 1), image, pixel);
    find_max(s);
    find_sums(s);
}
