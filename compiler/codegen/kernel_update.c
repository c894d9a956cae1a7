/* The update of a parameter and its slots, in place, whichever the optimizer is.
 *
 * It is one sweep over the packed gradient, parameter and slots, which lie alike;
 * its rule (ops/optimizer.h) gives the new values of a vector. Padding lanes hold zeros and stay
 * zero. Scalars are f32 in memory, read once before the sweep, or constants. */
#include "geometry.h"
#include "lanes.h"
#include "optimizer.h"
#include "rounding.h"
#include "vmath.h"

enum { CHUNK = 4096 }; /* elements of a unit */

static int64_t elements_of(const struct graph *g, const struct node *n)
{
    const struct node *param = graph_node(g, n->inputs[1]);
    int64_t elements = form_elements(param->form, &param->type.shape);
    FTM_BUG_ON(elements % FTMRT_CB != 0, "a parameter that is not packed is trained");
    return elements;
}

/* The builder of an update's rule. */
struct sweep {
    struct lanes lanes; /* first */
    struct kernel_build *k;
    uint32_t tensors;         /* gradient, parameter and slots come first */
    LLVMBasicBlockRef before; /* the block before the loop's */
    LLVMValueRef at;          /* element */
};

static struct address address(const struct sweep *s, uint32_t i)
{
    return ir_at(s->k->ir, kernel_buffer(s->k, i), s->at);
}

/* Scalars are read before the loop: LLVM cannot move their loads over the loop's stores by itself. */
static LLVMValueRef scalar(const struct sweep *s, uint32_t i)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef immediate = kernel_immediate(s->k, i);
    if (immediate)
        return immediate;
    LLVMBasicBlockRef here = ir_move_before_end(ir, s->before);
    LLVMValueRef value = ir_splat(ir, ir_load_f32(ir, kernel_buffer(s->k, i)));
    LLVMPositionBuilderAtEnd(ir->b, here);
    return value;
}

static emit_value sweep_in(struct emit *e, uint32_t i, uint32_t row)
{
    const struct sweep *s = (struct sweep *)e;
    (void)row;
    return lanes_wrap(i < s->tensors ? ir_load_vec(s->k->ir, address(s, i)) : scalar(s, i));
}

static emit_value sweep_count(struct emit *e)
{
    (void)e;
    FTM_BUG("an update does not know the batch");
}

static void sweep_out(struct emit *e, uint32_t i, emit_value value)
{
    const struct sweep *s = (struct sweep *)e;
    ir_store_vec(s->k->ir, lanes_llvm(value), address(s, i));
}

/* What is made of scalars only does not change in the loop and is made before it, too. */
static bool unchanging(const struct sweep *s, const emit_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        LLVMValueRef v = LLVMIsAInstruction(lanes_llvm(values[i]));
        if (v && LLVMGetInstructionParent(v) != s->before)
            return false;
    }
    return true;
}

#define FTM_EMIT(name, operands, value, meaning)                                                   \
    static emit_value sweep_##name(struct emit *e, EMIT_PARAMS_##operands)                         \
    {                                                                                              \
        const struct sweep *s = (struct sweep *)e;                                                 \
        if (!unchanging(s, (const emit_value[]){EMIT_ARGS_##operands}, operands))                  \
            return build_##name(e, EMIT_ARGS_##operands);                                          \
        LLVMBasicBlockRef here = ir_move_before_end(s->k->ir, s->before);                          \
        emit_value made = build_##name(e, EMIT_ARGS_##operands);                                   \
        LLVMPositionBuilderAtEnd(s->k->ir->b, here);                                               \
        return made;                                                                               \
    }
#include "emit.def"
#undef FTM_EMIT

static const struct emit_builder sweep_builder = {
    .in = sweep_in,
    .count = sweep_count,
    .size = sweep_count,
    .constant = build_constant,
    .out = sweep_out,
#define FTM_EMIT(name, operands, value, meaning) .name = sweep_##name,
#include "emit.def"
#undef FTM_EMIT
};

static void emit_update(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const struct optimizer_rule *rule = optimizer_rule(k->node->op);
    struct sweep s = {.lanes = {{&sweep_builder}, ir},
                      .k = k,
                      .tensors = 2 + optimizer_slots(rule),
                      .before = ir_split(ir)};
    LLVMValueRef end = ir_mul_const(ir, k->size[SIZE_GROUPS], FTMRT_CB);
    LLVMValueRef lo = ir_mul_const(ir, k->begin, CHUNK),
                 hi = ir_min(ir, ir_mul_const(ir, k->end, CHUNK), end);
    struct ir_loop i = ir_loop_begin(ir, lo, hi, ir->cpu->lanes);
    s.at = i.i;
    rule->update(&s.lanes.emit, k->node->attrs);
    ir_loop_end(ir, &i);
}

static struct kernel_units update_units(const struct graph *g, const struct node *n,
                                        const struct cpu *cpu, uint32_t phase)
{
    (void)cpu, (void)phase;
    return (struct kernel_units){.fixed = ceil_div(elements_of(g, n), CHUNK), .images = 1};
}

const struct kernel_family kernel_update = {
    .name = "update", .phases = one_phase, .units = update_units, .emit = emit_update};
