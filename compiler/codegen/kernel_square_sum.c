/* The sum of the squares of a value that no batch is in, as it lies: padding is 0 and adds nothing.
 *
 * Phase 0, a unit per fixed piece: its sum in one vector, then over the lanes, to scratch. Phase 1: the pieces in their order, in double
 * precision. Neither depends on how units are spread over threads. */
#include "geometry.h"
#include "rounding.h"
#include "square_sum.h"
#include "vmath.h"

static LLVMValueRef square(struct ir *ir, LLVMValueRef v) { return LLVMBuildFMul(ir->b, v, v, ""); }

/* What is not packed is no whole vectors, and may lie anywhere. */
static bool is_packed(const struct kernel_build *k)
{
    return graph_node(k->graph, k->node->inputs[0])->form.layout != FTMRT_LAYOUT_PLAIN;
}

static LLVMValueRef add_rest(struct kernel_build *k, LLVMValueRef sum, LLVMValueRef lo,
                             LLVMValueRef hi)
{
    struct ir *ir = k->ir;
    LLVMValueRef rest = ir_local(ir, ir->f32);
    ir_set(ir, rest, sum);
    struct ir_loop i = ir_loop_begin(ir, lo, hi, 1);
    LLVMValueRef x = ir_load_f32(ir, ir_at(ir, kernel_buffer(k, 0), i.i));
    ir_set(ir, rest, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f32, rest), square(ir, x), ""));
    ir_loop_end(ir, &i);
    return ir_get(ir, ir->f32, rest);
}

static void emit_pieces(struct kernel_build *k, LLVMValueRef count)
{
    struct ir *ir = k->ir;
    LLVMValueRef sum = ir_local(ir, ir->vec);
    struct ir_loop pieces = ir_loop_begin(ir, k->begin, k->end, 1);
    LLVMValueRef lo = ir_mul_const(ir, pieces.i, SQUARE_SUM_PIECE),
                 hi = ir_min(ir, ir_add_const(ir, lo, SQUARE_SUM_PIECE), count),
                 whole = is_packed(k) ? hi : lo;
    ir_set(ir, sum, ir_vec_const(ir, 0));
    struct ir_loop i = ir_loop_begin(ir, lo, whole, ir->cpu->lanes);
    LLVMValueRef x = ir_load_vec(ir, ir_at(ir, kernel_buffer(k, 0), i.i));
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, sum), square(ir, x), ""));
    ir_loop_end(ir, &i);
    LLVMValueRef all = vmath_lanes_sum(ir, ir_get(ir, ir->vec, sum));
    ir_store_f32(ir, add_rest(k, all, whole, hi), ir_at(ir, kernel_scratch(k), pieces.i));
    ir_loop_end(ir, &pieces);
}

static void emit_sum(struct kernel_build *k, LLVMValueRef pieces)
{
    struct ir *ir = k->ir;
    LLVMValueRef sum = ir_local(ir, ir->f64);
    ir_set(ir, sum, LLVMConstReal(ir->f64, 0));
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), pieces, 1);
    LLVMValueRef x = ir_load_f32(ir, ir_at(ir, kernel_scratch(k), i.i));
    x = LLVMBuildFPExt(ir->b, x, ir->f64, "");
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f64, sum), x, ""));
    ir_loop_end(ir, &i);
    ir_store_f32(ir, LLVMBuildFPTrunc(ir->b, ir_get(ir, ir->f64, sum), ir->f32, ""),
                 kernel_result(k));
}

static void emit(struct kernel_build *k)
{
    LLVMValueRef count = kernel_number(k, square_sum_elements(k->graph, k->node)),
                 pieces = kernel_number(k, square_sum_pieces(k->graph, k->node));
    if (k->phase == 0)
        emit_pieces(k, count);
    else
        emit_sum(k, pieces);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu;
    return (struct kernel_units){.fixed = phase == 0 ? square_sum_pieces(g, n) : 1, .images = 1};
}

const struct kernel_family kernel_square_sum = {
    .name = "square_sum", .phases = two_phases, .units = units, .emit = emit};
