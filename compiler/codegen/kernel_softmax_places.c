/* Softmax over the channels of each place, its logarithm, and their gradients. A unit is a tile of places of an image, which
 * stays in the cache while its channels are visited two or three times. */
#include "place_moments.h"
#include "vmath.h"

enum { DY, Y };

/* What a place's result is made of: */
struct shares {
    LLVMValueRef of[PLACES_MAX]; /* a sum over the channels, or its reciprocal or logarithm */
};

static bool is(const struct places *p, enum op op) { return p->k->node->op == op; }

/* e^x as the square of e^(x/2): 0 far below 0, where vmath_exp stays within the normal numbers. */
static LLVMValueRef whole_exp(struct ir *ir, LLVMValueRef x)
{
    LLVMValueRef root = vmath_exp(ir, LLVMBuildFMul(ir->b, x, ir_vec_const(ir, 0.5), ""));
    return LLVMBuildFMul(ir->b, root, root, "");
}

/* ---- forward: mean is the greatest value ---- */

/* What is added up is the result but for a factor: it is kept for later. */
static bool notes(struct places *p) { return is(p, OP_softmax) && places_can_note(p); }

static LLVMValueRef exp_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                             uint32_t row)
{
    (void)row;
    LLVMValueRef e = places_kept(p, at, whole_exp(p->k->ir, places_centred(p, at, place)));
    if (notes(p))
        places_note(p, at, place, e);
    return e;
}

static LLVMValueRef share_at(struct places *p, const struct channel_lanes *at, uint32_t place,
                             LLVMValueRef share)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef e =
        notes(p) ? places_noted(p, at, place) : whole_exp(ir, places_centred(p, at, place));
    return LLVMBuildFMul(ir->b, e, share, "");
}

static void store_shares(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const struct shares *s = user;
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef y = is(p, OP_softmax)
                             ? share_at(p, at, i, s->of[i])
                             : LLVMBuildFSub(ir->b, places_centred(p, at, i), s->of[i], "");
        places_store(p, at, i, y);
    }
}

/* The logarithms of sums, which are at least 1, or NaN. */
static LLVMValueRef log_of_sums(struct ir *ir, LLVMValueRef sums)
{
    const bool one = LLVMTypeOf(sums) == ir->f32;
    LLVMValueRef v = one ? ir_splat(ir, sums) : sums;
    v = LLVMBuildFAdd(ir->b, vmath_log(ir, v), LLVMBuildFSub(ir->b, v, v, ""), "");
    return one ? LLVMBuildExtractElement(ir->b, v, LLVMConstInt(ir->i32, 0, false), "") : v;
}

static void forward(struct places *p, void *user)
{
    struct shares s;
    (void)user;
    places_max(p, p->mean);
    places_sum(p, exp_term, is(p, OP_softmax) ? places_reciprocal : log_of_sums, s.of);
    places_channels(p, store_shares, &s);
}

/* ---- gradients ---- */

static LLVMValueRef gradient_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                                  uint32_t row)
{
    (void)row;
    LLVMValueRef dy = places_load(p, DY, at, place);
    if (is(p, OP_log_softmax_grad))
        return dy;
    return LLVMBuildFMul(p->k->ir->b, dy, places_load(p, Y, at, place), "");
}

static void store_gradient(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const struct shares *s = user;
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef dy = places_load(p, DY, at, i), y = places_load(p, Y, at, i);
        LLVMValueRef dx;
        if (is(p, OP_softmax_grad)) {
            dx = LLVMBuildFMul(ir->b, y, LLVMBuildFSub(ir->b, dy, s->of[i], ""), "");
        } else {
            LLVMValueRef along = LLVMBuildFMul(ir->b, whole_exp(ir, y), s->of[i], "");
            dx = LLVMBuildFSub(ir->b, dy, along, "");
        }
        places_store(p, at, i, dx);
    }
}

static void backward(struct places *p, void *user)
{
    struct shares s;
    (void)user;
    places_sum(p, gradient_term, NULL, s.of);
    places_channels(p, store_gradient, &s);
}

/* ---- the kernels ---- */

static void emit(struct kernel_build *k)
{
    const bool gradient = k->node->input_count > 1 && node_anchor_inputs(k->node) > 1;
    struct places p = {.k = k, .q = geometry_of_shape(&k->node->type.shape), .one_a_sum = gradient};
    places_emit(&p, gradient ? backward : forward);
}

const struct kernel_family kernel_softmax = {
    .name = "softmax", .phases = one_phase, .units = places_units, .emit = emit};
