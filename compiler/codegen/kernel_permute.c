/* permute: a copy. A unit is an image and a block of the result's channels, or, where the result lies plain, an index of its
 * dimension 1. Lanes that are channels of both sides are loaded together, others one by one. */
#include "geometry.h"
#include "mask.h"
#include "rounding.h"

/* One side of the copy. */
struct side {
    const struct shape *s;
    enum ftmrt_layout layout;
};

static struct side side_of(const struct node *n)
{
    return (struct side){&n->type.shape, n->form.layout};
}

/* The element of an image at indices i of the dimensions behind the batch. */
static LLVMValueRef element_of(struct ir *ir, const struct side *side, LLVMValueRef image,
                               LLVMValueRef const *i)
{
    const struct shape *s = side->s;
    const bool blocked = side->layout == FTMRT_LAYOUT_BLOCKED;
    const int64_t blocks = ceil_div(s->dim[1], FTMRT_CB);
    LLVMValueRef at =
        blocked ? ir_add(ir, ir_mul_const(ir, image, blocks), ir_div_const(ir, i[1], FTMRT_CB))
                : ir_add(ir, ir_mul_const(ir, image, s->dim[1]), i[1]);
    for (uint32_t k = 2; k < s->rank; k++)
        at = ir_add(ir, ir_mul_const(ir, at, s->dim[k]), i[k]);
    if (blocked)
        at = ir_add(ir, ir_mul_const(ir, at, FTMRT_CB), ir_rem_const(ir, i[1], FTMRT_CB));
    return at;
}

/* The address of the operand's element that the result has at indices i. */
static struct address source_of(struct kernel_build *k, LLVMValueRef image, LLVMValueRef const *i)
{
    const struct side in = side_of(graph_node(k->graph, k->node->inputs[0]));
    LLVMValueRef from[SHAPE_MAX_RANK] = {0};
    for (uint32_t d = 1; d < in.s->rank; d++)
        from[k->node->attrs->dims.at[d]] = i[d];
    return ir_at(k->ir, kernel_buffer(k, 0), element_of(k->ir, &in, image, from));
}

/* ---- BLOCKED results ---- */

static bool keeps_channels(const struct kernel_build *k)
{
    return k->node->attrs->dims.at[1] == 1 &&
           graph_node(k->graph, k->node->inputs[0])->form.layout == FTMRT_LAYOUT_BLOCKED;
}

/* Lanes past the last channel read that one. */
static LLVMValueRef load_lanes(struct kernel_build *k, LLVMValueRef image, LLVMValueRef *i,
                               LLVMValueRef first)
{
    struct ir *ir = k->ir;
    i[1] = first;
    if (keeps_channels(k))
        return ir_load_vec(ir, source_of(k, image, i));
    LLVMValueRef v = ir_vec_const(ir, 0), last = ir_i64(ir, k->node->type.shape.dim[1] - 1);
    for (uint32_t lane = 0; lane < ir->cpu->lanes; lane++) {
        i[1] = ir_min(ir, ir_add_const(ir, first, lane), last);
        LLVMValueRef x = ir_load_f32(ir, source_of(k, image, i));
        v = LLVMBuildInsertElement(ir->b, v, x, LLVMConstInt(ir->i32, lane, false), "");
    }
    return v;
}

static void store_pixel(struct kernel_build *k, const struct unit_loop *u, LLVMValueRef *i)
{
    struct ir *ir = k->ir;
    const struct shape *s = &k->node->type.shape;
    LLVMValueRef pixel =
        s->rank == 4 ? ir_add(ir, ir_mul_const(ir, i[2], s->dim[3]), i[3]) : ir_i64(ir, 0);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u->image, .block = u->block, .pixel = pixel, .part = part};
        LLVMValueRef first =
            ir_add_const(ir, ir_mul_const(ir, u->block, FTMRT_CB), (int64_t)part * ir->cpu->lanes);
        LLVMValueRef v = mask_padding(k, load_lanes(k, u->image, i, first), &at);
        ir_store_vec(ir, v, epilogue_address(k, k->node->input_count, &at, 0));
    }
}

/* ---- plain results ---- */

static void copy_element(struct kernel_build *k, const struct unit_loop *u, LLVMValueRef const *i)
{
    const struct side out = side_of(k->node);
    LLVMValueRef to = element_of(k->ir, &out, u->image, i);
    ir_store_f32(k->ir, ir_load_f32(k->ir, source_of(k, u->image, i)),
                 ir_at(k->ir, kernel_result(k), to));
}

/* ---- the kernel ---- */

static bool is_blocked(const struct node *n) { return n->form.layout == FTMRT_LAYOUT_BLOCKED; }

/* Loops over the dimensions from `d` on. */
static void emit_dimensions(struct kernel_build *k, const struct unit_loop *u, LLVMValueRef *i,
                            uint32_t d)
{
    const struct shape *s = &k->node->type.shape;
    const bool inside = d == s->rank || d == SHAPE_MAX_RANK;
    if (inside && is_blocked(k->node)) {
        store_pixel(k, u, i);
    } else if (inside) {
        copy_element(k, u, i);
    } else {
        struct ir_loop loop = ir_loop_begin(k->ir, ir_i64(k->ir, 0), ir_i64(k->ir, s->dim[d]), 1);
        i[d] = loop.i;
        emit_dimensions(k, u, i, d + 1);
        ir_loop_end(k->ir, &loop);
    }
}

/* Units of an image. */
static int64_t units_of_image(const struct node *n)
{
    return is_blocked(n) ? ceil_div(n->type.shape.dim[1], FTMRT_CB) : n->type.shape.dim[1];
}

static void emit(struct kernel_build *k)
{
    LLVMValueRef i[SHAPE_MAX_RANK] = {0};
    struct unit_loop u = unit_loop_begin(k, units_of_image(k->node));
    i[1] = u.block;
    emit_dimensions(k, &u, i, 2);
    unit_loop_end(k, &u);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = units_of_image(n), .images = 1};
}

const struct kernel_family kernel_permute = {
    .name = "permute", .phases = one_phase, .units = units, .emit = emit};
