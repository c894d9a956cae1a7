/* The mean weight of the labels: each place adds the weight of its label's class. A label is compared with all classes, so
 * one that is none adds 0. */
#include "kernel_loss.h"
#include "kernel_softmax.h"
#include "op.h"
#include "vmath.h"

/* The weights of the classes from c on: a vector, or a constant. */
static LLVMValueRef class_weights(struct softmax *s, LLVMValueRef c)
{
    struct kernel_build *k = s->k;
    const struct node *weights = graph_node(k->graph, k->node->inputs[2]);
    if (weights->op == OP_constant)
        return ir_vec_const(k->ir, weights->attrs->value);
    return ir_load_vec(k->ir, ir_at(k->ir, kernel_buffer(k, 2), c));
}

struct place {
    LLVMValueRef sum;     /* a local vector */
    LLVMValueRef label;   /* in every lane */
    LLVMValueRef ignored; /* whether it is */
};

static void add_vector(struct softmax *s, LLVMValueRef c, void *user)
{
    struct ir *ir = s->k->ir;
    const struct place *p = user;
    LLVMValueRef index = softmax_index(ir, c), zero = ir_vec_const(ir, 0);
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, index, p->label, "");
    LLVMValueRef v = LLVMBuildSelect(ir->b, hit, class_weights(s, c), zero, "");
    v = LLVMBuildSelect(ir->b, p->ignored, zero, softmax_masked(s, index, v, 0), "");
    ir_set(ir, p->sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, p->sum), v, ""));
}

static LLVMValueRef place_weight(void *state, LLVMValueRef image, LLVMValueRef pixel)
{
    struct softmax *s = state;
    struct ir *ir = s->k->ir;
    struct place p = {.sum = ir_local(ir, ir->vec), .label = loss_label(s->k, image, pixel)};
    LLVMValueRef none = LLVMConstInt(ir->i32, (uint64_t)s->k->node->attrs->ignore_index, true);
    p.ignored = LLVMBuildICmp(ir->b, LLVMIntEQ, p.label, vmath_splat_i32(ir, none), "");
    ir_set(ir, p.sum, ir_vec_const(ir, 0));
    softmax_each(s, add_vector, &p);
    return vmath_lanes_sum(ir, ir_get(ir, ir->vec, p.sum));
}

static void emit(struct kernel_build *k)
{
    struct softmax s = softmax_of(k);
    loss_emit(k, place_weight, &s);
}

static void finish(struct kernel_build *k) { loss_divide(k, 1); }

const struct kernel_family kernel_label_weight = {.name = "label_weight",
                                                  .phases = two_phases,
                                                  .units = loss_units,
                                                  .emit = emit,
                                                  .finish = finish};
