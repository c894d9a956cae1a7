/* The mean over places and channels of what the op's emission rule says of one element. */
#include "kernel_loss.h"
#include "kernel_softmax.h"
#include "vmath.h"

struct mean_loss {
    LLVMValueRef sum; /* a local vector */
    LLVMValueRef image, pixel;
};

static void add_vector(struct softmax *s, LLVMValueRef c, void *user)
{
    struct ir *ir = s->k->ir;
    const struct mean_loss *m = user;
    softmax_fetch_ahead(s, c);
    const struct position at = {.image = m->image,
                                .block = ir_div_const(ir, c, FTMRT_CB),
                                .pixel = m->pixel,
                                .lane = ir_rem_const(ir, c, FTMRT_CB)};
    LLVMValueRef v = softmax_masked(s, softmax_index(ir, c), epilogue_value(s->k, &at), 0);
    ir_set(ir, m->sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, m->sum), v, ""));
}

/* What the channels of a place add up to: a vector for all of them, then its lanes. */
static LLVMValueRef place_sum(void *state, LLVMValueRef image, LLVMValueRef pixel)
{
    struct softmax *s = state;
    struct ir *ir = s->k->ir;
    struct mean_loss m = {ir_local(ir, ir->vec), image, pixel};
    s->x = softmax_place(s, kernel_buffer(s->k, 0), image, pixel);
    if (graph_node(s->k->graph, s->k->node->inputs[1])->type.dtype == FTMRT_F32)
        s->shares = softmax_place(s, kernel_buffer(s->k, 1), image, pixel);
    ir_set(ir, m.sum, ir_vec_const(ir, 0));
    softmax_each(s, add_vector, &m);
    return vmath_lanes_sum(ir, ir_get(ir, ir->vec, m.sum));
}

static void emit(struct kernel_build *k)
{
    struct softmax s = softmax_of(k);
    loss_emit(k, place_sum, &s);
}

static void finish(struct kernel_build *k)
{
    loss_divide(k, geometry_of(k->graph, k->node->inputs[0]).channels);
}

const struct kernel_family kernel_mean_loss = {
    .name = "mean_loss", .phases = two_phases, .units = loss_units, .emit = emit, .finish = finish};
