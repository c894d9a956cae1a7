/* Updates of states, in place: sgd, sgd_plain, bn_update, count_update.
 *
 * sgd is torch.optim.SGD (no dampening) over the packed parameter, one sweep: g += weight_decay *
 * p; m = momentum * m + g; g = nesterov ? g + momentum * m : m; p -= lr * g. Padding lanes hold
 * zeros and stay zero. lr, momentum and weight_decay are f32 scalars in memory. */
#include "geometry.h"
#include "vmath.h"

enum { CHUNK = 4096 }; /* floats of a unit of sgd */

static int64_t elements_of(const struct graph *g, const struct node *n)
{
    const struct node *param = graph_node(g, n->inputs[1]);
    int64_t elements =
        ftmrt_layout_elements(param->layout, param->type.shape.rank, param->type.shape.dim);
    FTM_BUG_ON(elements % FTMRT_CB != 0, "a parameter that is not packed is trained");
    return elements;
}

static LLVMValueRef scalar(struct kernel_build *k, uint32_t operand)
{
    const struct node *v = graph_node(k->graph, k->node->inputs[operand]);
    if (v->op == OP_constant)
        return ir_vec_const(k->ir, v->attrs->value);
    return ir_splat(k->ir, ir_load_f32(k->ir, kernel_buffer(k, operand)));
}

static void emit_sgd(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    bool plain = k->node->op == OP_sgd_plain;
    LLVMValueRef grad = kernel_buffer(k, 0), param = kernel_buffer(k, 1),
                 slot = plain ? NULL : kernel_buffer(k, 2);
    LLVMValueRef lr = scalar(k, plain ? 2 : 3), decay = scalar(k, plain ? 3 : 5);
    LLVMValueRef momentum = plain ? NULL : scalar(k, 4), minus_lr = LLVMBuildFNeg(ir->b, lr, "");
    LLVMValueRef end = ir_i64(ir, elements_of(k->graph, k->node));
    LLVMValueRef lo = ir_mul_const(ir, k->begin, CHUNK),
                 hi = ir_min(ir, ir_mul_const(ir, k->end, CHUNK), end);
    struct ir_loop i = ir_loop_begin(ir, lo, hi, ir->cpu->lanes);
    LLVMValueRef p = ir_load_vec(ir, ir_at(ir, param, i.i));
    LLVMValueRef g = ir_fma(ir, decay, p, ir_load_vec(ir, ir_at(ir, grad, i.i)));
    if (!plain) {
        LLVMValueRef m = ir_fma(ir, momentum, ir_load_vec(ir, ir_at(ir, slot, i.i)), g);
        ir_store_vec(ir, m, ir_at(ir, slot, i.i));
        g = k->node->attrs->nesterov ? ir_fma(ir, momentum, m, g) : m;
    }
    ir_store_vec(ir, ir_fma(ir, minus_lr, g, p), ir_at(ir, param, i.i));
    ir_loop_end(ir, &i);
}

static struct kernel_units sgd_units(const struct graph *g, const struct node *n,
                                     const struct cpu *cpu, uint32_t phase)
{
    (void)cpu, (void)phase;
    return (struct kernel_units){.fixed = (elements_of(g, n) + CHUNK - 1) / CHUNK, .images = 1};
}

/* ---- running statistics ---- */

/* count / (count - 1) in every lane, count = n * H * W: from the biased to the unbiased variance.
 */
static LLVMValueRef unbiased(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    LLVMValueRef count =
        ir_mul_const(ir, k->n, k->node->attrs->in_size[0] * k->node->attrs->in_size[1]);
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

const struct kernel_family kernel_sgd = {"sgd", one_phase, sgd_units, emit_sgd};
const struct kernel_family kernel_bn_update = {"bn_update", one_phase, units_of_operand,
                                               emit_bn_update};
const struct kernel_family kernel_count_update = {"count_update", one_phase, one_unit,
                                                  emit_count_update};
