/* Cross entropy: the mean over the places of the batch. */
#include "kernel_loss.h"
#include "kernel_softmax.h"
#include "vmath.h"

static LLVMValueRef first_lane(struct ir *ir, LLVMValueRef v)
{
    return LLVMBuildExtractElement(ir->b, v, LLVMConstInt(ir->i32, 0, false), "");
}

static LLVMValueRef place_loss(void *state, LLVMValueRef image, LLVMValueRef pixel)
{
    struct softmax *s = state;
    softmax_take(s, image, pixel);
    struct ir *ir = s->k->ir;
    double smoothing = s->k->node->attrs->label_smoothing;
    LLVMValueRef loss = first_lane(ir, vmath_log(ir, s->sum));
    if (s->weight)
        loss = LLVMBuildFMul(ir->b, loss, s->weight, "");
    LLVMValueRef hit = LLVMBuildFMul(ir->b, s->hit, ir_f32(ir, 1 - smoothing), "");
    loss = LLVMBuildFSub(ir->b, loss, hit, "");
    if (smoothing == 0)
        return loss;
    LLVMValueRef spread =
        LLVMBuildFMul(ir->b, s->total, ir_f32(ir, smoothing / (double)s->classes), "");
    return LLVMBuildFSub(ir->b, loss, spread, "");
}

static void emit(struct kernel_build *k)
{
    struct softmax s = softmax_of(k);
    loss_emit(k, place_loss, &s);
}

static void finish(struct kernel_build *k) { loss_divide(k, 1); }

const struct kernel_family kernel_cross_entropy = {.name = "cross_entropy",
                                                   .phases = two_phases,
                                                   .units = loss_units,
                                                   .emit = emit,
                                                   .finish = finish};
