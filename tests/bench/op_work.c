#include "op_work.h"

#include <math.h>
#include <string.h>

#include "address.h"
#include "lanes.h"
#include "optimizer.h"
#include "random_ir.h"
#include "vmath.h"

/* ---- bytes ---- */

static struct shape actual(struct shape s, int64_t n)
{
    if (shape_batched(&s))
        s.dim[0] = n;
    return s;
}

static double elements_in_memory(const struct node *v, int64_t n)
{
    const struct shape s = actual(v->type.shape, n);
    return (double)form_elements(v->form, &s);
}

static double bytes_of(const struct node *v, int64_t n)
{
    const struct shape s = actual(v->type.shape, n);
    return (double)form_bytes(v->form, &s);
}

static void count_bytes(struct op_work *w, const struct op_case *c, const struct kernel_case *k,
                        int64_t n)
{
    const struct graph *g = k->graph;
    const struct node *node = graph_node(g, k->node);
    for (uint32_t i = 0; i < node->input_count; i++) {
        const struct node *x = graph_node(g, node->inputs[i]);
        if (x->op == OP_constant)
            continue;
        w->read += bytes_of(x, n);
        if (x->op == OP_state)
            w->written += bytes_of(x, n);
    }
    if (op_info(node->op)->cls != OP_CLASS_EFFECT)
        w->written += bytes_of(node, n);
    if (op_case_reads_result(c))
        w->read = w->written;
}

/* ---- instructions of an expression ---- */

enum { ROWS = 2, MAX_INSTRUCTIONS = 4096 };

/* The builder of a function whose parameters are the operands. */
struct listing {
    struct lanes lanes; /* first */
    LLVMValueRef result, place;
    bool moving[ROWS * KERNEL_RUN_OPERANDS + 8]; /* by parameter: it differs from pixel to pixel */
};

/* Parameters: the result's address, then the operands' rows, then what else there may be. */
enum { FIRST_OPERAND = 1, FIRST_OTHER = FIRST_OPERAND + ROWS * KERNEL_RUN_OPERANDS };
enum other { OTHER_COUNT = FIRST_OTHER, OTHER_PLACE, OTHER_SEED, OTHER_STEP, OTHER_IMAGE, PARAMS };

static struct listing *of(struct emit *e) { return (struct listing *)e; }

static LLVMValueRef param(struct emit *e, uint32_t i) { return LLVMGetParam(lanes_ir(e)->fn, i); }

static emit_value list_in(struct emit *e, uint32_t i, uint32_t row)
{
    return lanes_wrap(param(e, FIRST_OPERAND + ROWS * i + row));
}

static emit_value list_count(struct emit *e) { return lanes_wrap(param(e, OTHER_COUNT)); }

static emit_value list_kept(struct emit *e, uint32_t i, int64_t ignored)
{
    (void)i, (void)ignored;
    return list_count(e);
}

static emit_value list_uniform(struct emit *e, int64_t layer, enum draw_for draw_for)
{
    struct ir *ir = lanes_ir(e);
    (void)layer;
    if (draw_for != DRAW_FOR_ELEMENT)
        return list_count(e);
    const struct random_keys keys = {param(e, OTHER_SEED), param(e, OTHER_STEP),
                                     param(e, OTHER_IMAGE), ir_i64(ir, 1), param(e, OTHER_PLACE)};
    return lanes_wrap(random_uniform(ir, &keys));
}

static void list_out(struct emit *e, uint32_t i, emit_value v)
{
    struct ir *ir = lanes_ir(e);
    const struct address y = address_of(of(e)->result, FTMRT_F32);
    ir_store_vec(ir, lanes_llvm(v), ir_at_const(ir, y, (int64_t)i * ir->cpu->lanes));
}

static const struct emit_builder list_builder = {
    .in = list_in,
    .count = list_count,
    .size = list_count,
    .constant = build_constant,
    .kept = list_kept,
    .uniform = list_uniform,
    .out = list_out,
#define FTM_EMIT(name, operands, value, meaning) .name = build_##name,
#include "emit.def"
#undef FTM_EMIT
};

static void make_function(struct listing *l, const struct node *n)
{
    struct ir *ir = l->lanes.ir;
    LLVMTypeRef types[PARAMS];
    for (uint32_t i = 0; i < PARAMS; i++)
        types[i] = i >= OTHER_SEED ? ir->i64 : ir->vec;
    types[0] = ir->ptr;
    types[OTHER_PLACE] = LLVMVectorType(ir->i32, ir->cpu->lanes);
    ir_function(ir, "f", LLVMFunctionType(ir->void_type, types, PARAMS, false), false);
    l->result = LLVMGetParam(ir->fn, 0);
    l->moving[OTHER_PLACE] = true;
    const struct optimizer_rule *rule = optimizer_rule(n->op);
    if (rule)
        rule->update(&l->lanes.emit, n->attrs);
    else
        list_out(&l->lanes.emit, 0, op_emit(n->op)(&l->lanes.emit, n->attrs));
    LLVMBuildRetVoid(ir->b);
}

/* What differs from pixel to pixel: parameters that do, and instructions on what does. */
struct moving {
    const struct listing *l;
    LLVMValueRef at[MAX_INSTRUCTIONS];
    uint32_t count;
};

static bool moves(const struct moving *m, LLVMValueRef v)
{
    if (LLVMIsAArgument(v))
        for (uint32_t i = 0; i < PARAMS; i++)
            if (LLVMGetParam(m->l->lanes.ir->fn, i) == v)
                return m->l->moving[i];
    for (uint32_t i = m->count; i-- > 0;)
        if (m->at[i] == v)
            return true;
    return false;
}

static bool any_moves(const struct moving *m, LLVMValueRef instruction)
{
    for (int i = 0; i < LLVMGetNumOperands(instruction); i++)
        if (moves(m, LLVMGetOperand(instruction, (unsigned)i)))
            return true;
    return false;
}

/* Instructions of registers: two where lanes have 64 bits. */
static double registers(const struct ir *ir, LLVMValueRef v)
{
    LLVMTypeRef type = LLVMTypeOf(v);
    if (LLVMGetTypeKind(type) != LLVMVectorTypeKind)
        return 1;
    return LLVMGetElementType(type) == ir->i64 ? 2 : 1;
}

/* A comparison counts where it is used: as one instruction with the choice between what it compares, as two with another. */
static double choice(LLVMValueRef select)
{
    LLVMValueRef condition = LLVMGetOperand(select, 0), a = LLVMGetOperand(select, 1),
                 b = LLVMGetOperand(select, 2);
    if (!LLVMIsAFCmpInst(condition))
        return 2;
    LLVMValueRef x = LLVMGetOperand(condition, 0), y = LLVMGetOperand(condition, 1);
    return (x == a && y == b) || (x == b && y == a) ? 1 : 2;
}

static void count_instruction(struct op_work *w, const struct ir *ir, LLVMValueRef v)
{
    switch ((int)LLVMGetInstructionOpcode(v)) {
    case LLVMFDiv: w->divisions++; break;
    case LLVMSelect: w->fmas += choice(v); break;
    case LLVMCall: {
        size_t length;
        const char *name = LLVMGetValueName2(LLVMGetCalledValue(v), &length);
        if (strstr(name, "sqrt"))
            w->roots++;
        else
            w->fmas++;
        break;
    }
    case LLVMFCmp:
    case LLVMFNeg: /* a sign of what takes it */
    case LLVMBitCast:
    case LLVMGetElementPtr:
    case LLVMStore:
    case LLVMRet: break;
    default: w->fmas += registers(ir, v); break;
    }
}

/* Instructions of one vector of the op's expression. */
static struct op_work expression_work(const struct kernel_case *k, const struct cpu *cpu, int64_t n)
{
    struct op_work w = {0};
    struct listing l = {.lanes = {{&list_builder}, ir_new("listing", cpu, IR_SPEED)}};
    const struct node *node = graph_node(k->graph, k->node);
    double most = 0;
    char *error = NULL;
    for (uint32_t i = 0; i < node->input_count; i++)
        most = fmax(most, elements_in_memory(graph_node(k->graph, node->inputs[i]), n));
    for (uint32_t i = 0; i < ROWS * node->input_count; i++) {
        const struct node *x = graph_node(k->graph, node->inputs[i / ROWS]);
        l.moving[FIRST_OPERAND + i] = 2 * elements_in_memory(x, n) > most;
    }
    make_function(&l, node);
    FTM_BUG_ON(!ir_optimize(l.lanes.ir, &error), "%s", error);
    struct moving m = {.l = &l};
    LLVMBasicBlockRef block = LLVMGetEntryBasicBlock(l.lanes.ir->fn);
    for (LLVMValueRef v = LLVMGetFirstInstruction(block); v; v = LLVMGetNextInstruction(v)) {
        if (!any_moves(&m, v))
            continue;
        FTM_BUG_ON(m.count == MAX_INSTRUCTIONS, "an expression is too long");
        m.at[m.count++] = v;
        count_instruction(&w, l.lanes.ir, v);
    }
    ir_free(l.lanes.ir);
    return w;
}

/* ---- what else is computed ---- */

static int64_t pixels_of(const struct node *v)
{
    return v->type.shape.rank == 4 ? v->type.shape.dim[2] * v->type.shape.dim[3] : 1;
}

/* The smaller map of the activations. */
static double least_pixels(const struct kernel_case *k)
{
    const struct node *node = graph_node(k->graph, k->node);
    double least = INFINITY;
    for (uint32_t i = 0; i <= node->input_count; i++) {
        const struct node *v = i < node->input_count ? graph_node(k->graph, node->inputs[i]) : node;
        if (shape_batched(&v->type.shape))
            least = fmin(least, (double)pixels_of(v));
    }
    return least;
}

/* The weight that a node reads or makes; NULL: none. */
static const struct node *weight_of(const struct kernel_case *k)
{
    const struct node *node = graph_node(k->graph, k->node);
    const bool reads = op_least_operands(node->op) > 1 && op_operand(node->op, 1) == 'w';
    const struct node *w = reads ? graph_node(k->graph, node->inputs[1]) : node;
    return shape_batched(&w->type.shape) || w->type.shape.rank != 4 || node->op == OP_relayout
               ? NULL
               : w;
}

static double anchor_fmas(const struct kernel_case *k, int64_t n)
{
    const struct node *node = graph_node(k->graph, k->node), *w = weight_of(k);
    const struct shape *first = graph_shape(k->graph, node->inputs[0]);
    if (w)
        return (double)(shape_elements(&w->type.shape, 1) * n) * least_pixels(k);
    if (node->op == OP_matmul)
        return (double)(shape_elements(first, 1) * node->type.shape.dim[1]);
    if (node->op == OP_bmm)
        return (double)(shape_elements(&node->type.shape, n) * first->dim[2]);
    if (!(op_info(node->op)->attrs >> ATTR_INDEX_kernel & 1U))
        return 0;
    const double taps = (double)(node->attrs->kernel[0] * node->attrs->kernel[1]);
    const struct node *map = graph_node(k->graph, node->inputs[0]);
    return taps * least_pixels(k) * elements_in_memory(map, n) / (double)pixels_of(map);
}

/* What the definitions of anchors compute: for each element of the first operand, exponentials besides other instructions, and
 * divisions; divisions for each element of the result; instructions for each tap of a window, where it is more than one. */
static const struct anchor_work {
    enum op op;
    int instructions, exponentials, divisions, result_divisions, per_tap;
} anchor_work[] = {
    {OP_channel_sum, .instructions = 1},
    {OP_square_sum, .instructions = 1},
    {OP_channel_dot, .instructions = 1},
    {OP_sum_channels, .instructions = 1},
    {OP_global_avg_pool, .instructions = 1},
    {OP_bn_stats, .instructions = 3},      /* sum; deviation, its square's sum */
    {OP_bn_grad_stats, .instructions = 3}, /* sum; deviation, its product's sum */
    {OP_layer_norm, .instructions = 6},    /* as bn_stats; deviation, over its root, affine */
    {OP_group_norm, .instructions = 5},
    {OP_layer_norm_grad, .instructions = 13},
    {OP_group_norm_grad, .instructions = 11},
    {OP_layer_norm_grad_stats, .instructions = 7},
    {OP_softmax, .instructions = 4, .exponentials = 1}, /* greatest, difference, sum, share */
    {OP_softmax_grad, .instructions = 4},
    {OP_log_softmax, .instructions = 4, .exponentials = 1},
    {OP_log_softmax_grad, .instructions = 3, .exponentials = 1},
    {OP_cross_entropy, .instructions = 5, .exponentials = 1}, /* and the label's */
    {OP_cross_entropy_grad, .instructions = 7, .exponentials = 1, .divisions = 2},
    {OP_avg_pool, .result_divisions = 1},
    {OP_adaptive_avg_pool, .result_divisions = 1},
    {OP_avg_pool_grad, .divisions = 1},
    {OP_adaptive_avg_pool_grad, .divisions = 1},
    {OP_max_pool, .per_tap = 2}, /* the greater; half a comparison with NaN, and what it says */
    {OP_amax, .per_tap = 2},
    {OP_max_pool_grad, .per_tap = 3}, /* equal to the best; what is left, or 0; its sum */
};

static double exponential_instructions(const struct cpu *cpu)
{
    struct op_work w = {0};
    struct ir *ir = ir_new("exponential", cpu, IR_SPEED);
    LLVMTypeRef types[] = {ir->ptr, ir->vec};
    char *error = NULL;
    ir_function(ir, "f", LLVMFunctionType(ir->void_type, types, 2, false), false);
    ir_store_vec(ir, vmath_exp(ir, LLVMGetParam(ir->fn, 1)),
                 address_of(LLVMGetParam(ir->fn, 0), FTMRT_F32));
    LLVMBuildRetVoid(ir->b);
    FTM_BUG_ON(!ir_optimize(ir, &error), "%s", error);
    LLVMBasicBlockRef block = LLVMGetEntryBasicBlock(ir->fn);
    for (LLVMValueRef v = LLVMGetFirstInstruction(block); v; v = LLVMGetNextInstruction(v))
        count_instruction(&w, ir, v);
    ir_free(ir);
    return w.fmas;
}

/* elements: of the first operand, of the result. */
static void add_anchor_work(struct op_work *w, const struct node *node, const struct cpu *cpu,
                            double elements, double results)
{
    for (size_t i = 0; i < sizeof anchor_work / sizeof *anchor_work; i++) {
        const struct anchor_work *a = &anchor_work[i];
        if (a->op != node->op)
            continue;
        if (a->per_tap)
            w->fmas *= a->per_tap;
        w->fmas += a->instructions * elements;
        if (a->exponentials)
            w->fmas += exponential_instructions(cpu) * elements;
        w->divisions += a->divisions * elements + a->result_divisions * results;
    }
}

struct op_work op_work(const struct op_case *c, const struct kernel_case *k, const struct cpu *cpu,
                       int64_t n)
{
    struct op_work w = {0};
    const struct node *node = graph_node(k->graph, k->node);
    const double elements = elements_in_memory(graph_node(k->graph, node->inputs[0]), n);
    const enum op_class cls = op_info(c->op)->cls;
    if (cls == OP_CLASS_ANCHOR)
        w.fmas = anchor_fmas(k, n);
    if (cls == OP_CLASS_ELEMWISE || cls == OP_CLASS_LOSS || optimizer_rule(c->op)) {
        w = expression_work(k, cpu, n);
        w.fmas *= elements;
        w.divisions *= elements;
        w.roots *= elements;
    }
    add_anchor_work(&w, node, cpu, elements, elements_in_memory(node, n));
    count_bytes(&w, c, k, n);
    return w;
}
