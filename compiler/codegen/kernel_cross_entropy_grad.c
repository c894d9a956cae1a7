/* The gradient of cross entropy to its logits. */
#include "kernel_loss.h"
#include "kernel_softmax.h"
#include "vmath.h"

/* The gradient of the loss in every lane; NULL: it is the constant 1, and nothing multiplies by it. */
static LLVMValueRef loss_gradient(struct kernel_build *k)
{
    const struct node *dy = graph_node(k->graph, k->node->inputs[2]);
    if (dy->op != OP_constant)
        return ir_splat(k->ir, ir_load_f32(k->ir, kernel_buffer(k, 2)));
    return dy->attrs->value == 1 ? NULL : ir_vec_const(k->ir, dy->attrs->value);
}

struct gradient {
    struct address dx; /* of the place that was taken */
    LLVMValueRef count, dy;
};

static void store_vector(struct softmax *s, LLVMValueRef c, void *user)
{
    struct ir *ir = s->k->ir;
    const struct gradient *g = user;
    double smoothing = s->k->node->attrs->label_smoothing;
    LLVMValueRef spread = ir_vec_const(ir, smoothing / (double)s->classes);
    LLVMValueRef index = softmax_index(ir, c);
    LLVMValueRef p = ir_load_vec(ir, softmax_at(s, s->noted.p ? s->noted : s->x, c));
    if (!s->noted.p)
        p = vmath_exp(ir, LLVMBuildFSub(ir->b, p, s->max, ""));
    p = LLVMBuildFDiv(ir->b, p, s->sum, "");
    if (s->weight)
        p = LLVMBuildFMul(ir->b, p, ir_splat(ir, s->weight), "");
    LLVMValueRef target = softmax_label(s, index, c, ir_vec_const(ir, 1 - smoothing));
    p = LLVMBuildFSub(ir->b, LLVMBuildFSub(ir->b, p, target, ""), spread, "");
    p = LLVMBuildFDiv(ir->b, p, g->count, "");
    if (g->dy)
        p = LLVMBuildFMul(ir->b, p, g->dy, "");
    ir_store_vec(ir, softmax_masked(s, index, p, 0), softmax_at(s, g->dx, c));
}

/* A unit is a row of an image's map. */
static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct softmax s = softmax_of(k);
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef count = ir_mul_const(ir, k->step_images, q.pixels);
    count = ir_splat(ir, geometry_float(ir, count));
    struct gradient g = {.count = count, .dy = loss_gradient(k)};
    FTM_BUG_ON(k->node->step_count, "steps behind cross_entropy_grad");
    struct unit_loop rows = unit_loop_begin(k, q.height); /* its "block" is the row */
    LLVMValueRef first = ir_mul_const(ir, rows.block, q.width);
    struct loss_places places = loss_places_begin(k, q.width);
    LLVMValueRef pixel = ir_add(ir, first, places.pixel);
    g.dx = softmax_place(&s, kernel_result(k), rows.image, pixel);
    if (g.dx.stored == FTMRT_F32) /* there the exponentials lie until they are replaced */
        s.noted = g.dx;
    softmax_take(&s, rows.image, pixel);
    softmax_each(&s, store_vector, &g);
    loss_places_end(k, &places);
    unit_loop_end(k, &rows);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = geometry_of(g, n->inputs[0]).height, .images = 1};
}

const struct kernel_family kernel_cross_entropy_grad = {
    .name = "cross_entropy_grad", .phases = one_phase, .units = units, .emit = emit};
