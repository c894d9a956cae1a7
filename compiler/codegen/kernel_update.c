/* Updates of states, in place: those of every optimizer, bn_update, count_update.
 *
 * An optimizer's update is one sweep over the packed gradient, parameter and slots, which lie alike;
 * its rule (ops/optimizer.h) gives the new values of a vector. Padding lanes hold zeros and stay
 * zero. Scalars are f32 in memory, read once before the sweep, or constants. */
#include "geometry.h"
#include "lanes.h"
#include "optimizer.h"
#include "rounding.h"
#include "vmath.h"

enum { CHUNK = 4096 }; /* floats of a unit */

static int64_t elements_of(const struct graph *g, const struct node *n)
{
    const struct node *param = graph_node(g, n->inputs[1]);
    int64_t elements =
        ftmrt_layout_elements(param->layout, param->type.shape.rank, param->type.shape.dim);
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

static LLVMValueRef address(const struct sweep *s, uint32_t i)
{
    return ir_at(s->k->ir, kernel_buffer(s->k, i), s->at);
}

/* Scalars are read before the loop: LLVM cannot move their loads over the loop's stores by itself. */
static LLVMValueRef scalar(const struct sweep *s, uint32_t i)
{
    struct ir *ir = s->k->ir;
    const struct node *v = graph_node(s->k->graph, s->k->node->inputs[i]);
    if (v->op == OP_constant)
        return ir_vec_const(ir, v->attrs->value);
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
    LLVMValueRef end = ir_i64(ir, elements_of(k->graph, k->node));
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

/* ---- running statistics ---- */

/* count / (count - 1) in every lane, count = n * H * W of the whole step: from the biased to the unbiased variance.
 */
static LLVMValueRef unbiased(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    LLVMValueRef count =
        ir_mul_const(ir, k->step_images, k->node->attrs->in_size[0] * k->node->attrs->in_size[1]);
    LLVMValueRef less = ir_max(ir, ir_add_const(ir, count, -1), ir_i64(ir, 1));
    LLVMValueRef ratio = LLVMBuildFDiv(ir->b, LLVMBuildSIToFP(ir->b, count, ir->f64, ""),
                                       LLVMBuildSIToFP(ir->b, less, ir->f64, ""), "");
    return ir_splat(ir, LLVMBuildFPTrunc(ir->b, ratio, ir->f32, ""));
}

static void move_average(struct kernel_build *k, LLVMValueRef address, LLVMValueRef batch)
{
    struct ir *ir = k->ir;
    double momentum = k->node->attrs->momentum;
    LLVMValueRef old =
        LLVMBuildFMul(ir->b, ir_load_vec(ir, address), ir_vec_const(ir, 1 - momentum), "");
    ir_store_vec(ir, ir_fma(ir, batch, ir_vec_const(ir, momentum), old), address);
}

static void emit_bn_update(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef mean = kernel_buffer(k, 0), var = kernel_buffer(k, 1), stats = kernel_buffer(k, 2);
    LLVMValueRef ratio = unbiased(k);
    struct ir_loop blocks = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef m = ir_load_vec(ir, geometry_vector(ir, &q, stats, 0, blocks.i, part));
        LLVMValueRef v = ir_load_vec(ir, geometry_vector(ir, &q, stats, 1, blocks.i, part));
        move_average(k, geometry_vector(ir, &q, mean, 0, blocks.i, part), m);
        move_average(k, geometry_vector(ir, &q, var, 0, blocks.i, part),
                     LLVMBuildFMul(ir->b, v, ratio, ""));
    }
    ir_loop_end(ir, &blocks);
}

static void emit_count_update(struct kernel_build *k)
{
    LLVMValueRef address = kernel_buffer(k, 0);
    LLVMValueRef old = LLVMBuildLoad2(k->ir->b, k->ir->i64, address, "");
    LLVMBuildStore(k->ir->b, ir_add_const(k->ir, old, 1), address);
}

static struct kernel_units one_unit(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.fixed = 1, .images = 1};
}

const struct kernel_family kernel_update = {
    .name = "update", .phases = one_phase, .units = update_units, .emit = emit_update};
const struct kernel_family kernel_bn_update = {
    .name = "bn_update", .phases = one_phase, .units = units_of_operand, .emit = emit_bn_update};
const struct kernel_family kernel_count_update = {
    .name = "count_update", .phases = one_phase, .units = one_unit, .emit = emit_count_update};
