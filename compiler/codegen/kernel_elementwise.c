/* Element-wise nodes that no anchor took as a step: the node's own expression, then its steps, in
 * one sweep.
 *
 * BLOCKED results: a unit is an (image, channel block). A scalar, as a sum of losses is one, is the first lane of its
 * expression. Everything else (per-channel vectors, packed weights) is a flat array of groups of 16 elements, cut into units
 * of CHUNK groups. */
#include "geometry.h"
#include "rounding.h"

enum { CHUNK = 256 };

static int64_t groups_of(const struct node *n)
{
    int64_t elements = form_elements(n->form, &n->type.shape);
    FTM_BUG_ON(n->form.layout == FTMRT_LAYOUT_PLAIN || elements % FTMRT_CB != 0,
               "element-wise on a plain value");
    return elements / FTMRT_CB;
}

static void emit_at(struct kernel_build *k, LLVMValueRef image, LLVMValueRef block,
                    LLVMValueRef pixel)
{
    for (uint32_t part = 0; part < geometry_parts(k->ir); part++) {
        const struct position at = {.image = image, .block = block, .pixel = pixel, .part = part};
        epilogue_store(k, epilogue_value(k, &at), &at);
    }
}

static void emit_blocked(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct unit_loop u = unit_loop_begin_any(k, k->size[SIZE_BLOCKS]);
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), k->size[SIZE_PIXELS], 1);
    emit_at(k, u.image, u.block, pixels.i);
    ir_loop_end(ir, &pixels);
    unit_loop_end(k, &u);
}

static void emit_flat(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    LLVMValueRef zero = ir_i64(ir, 0), end = k->size[SIZE_GROUPS];
    LLVMValueRef lo = ir_mul_const(ir, k->begin, CHUNK),
                 hi = ir_min(ir, ir_mul_const(ir, k->end, CHUNK), end);
    struct ir_loop groups = ir_loop_begin(ir, lo, hi, 1);
    emit_at(k, zero, groups.i, zero);
    ir_loop_end(ir, &groups);
}

static bool is_scalar(const struct node *n) { return n->type.shape.rank == 0; }

static void emit_scalar(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    LLVMValueRef zero = ir_i64(ir, 0);
    const struct position at = {.image = zero, .block = zero, .pixel = zero};
    LLVMValueRef first =
        LLVMBuildExtractElement(ir->b, epilogue_value(k, &at), LLVMConstInt(ir->i32, 0, false), "");
    ir_store_f32(ir, first, kernel_result(k));
}

static void emit(struct kernel_build *k)
{
    if (is_scalar(k->node))
        emit_scalar(k);
    else if (k->node->form.layout == FTMRT_LAYOUT_BLOCKED)
        emit_blocked(k);
    else
        emit_flat(k);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    if (n->form.layout == FTMRT_LAYOUT_BLOCKED)
        return units_of_result(g, n, cpu, phase);
    if (is_scalar(n))
        return (struct kernel_units){.fixed = 1, .images = 1};
    return (struct kernel_units){.fixed = ceil_div(groups_of(n), CHUNK), .images = 1};
}

const struct kernel_family kernel_elementwise = {
    .name = "elementwise", .phases = one_phase, .units = units, .emit = emit};
