/* Layer normalisation over the channels of each place, and its gradient to x. A unit is a tile of places of an image, which
 * stays in the cache while its channels are visited three or four times. */
#include "place_moments.h"

static bool is_gradient(const struct places *p) { return p->k->node->op == OP_layer_norm_grad; }

static void store_normalised(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    (void)user;
    LLVMValueRef weight = places_channel(p, 1, at), bias = places_channel(p, 2, at);
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef xhat = LLVMBuildFMul(ir->b, places_centred(p, at, i), p->inv[i], "");
        places_store(p, at, i, ir_fma(ir, xhat, weight, bias));
    }
}

/* ---- the gradient ---- */

/* g = dy * weight. */
static LLVMValueRef weighted(struct places *p, const struct channel_lanes *at, uint32_t place)
{
    return LLVMBuildFMul(p->k->ir->b, places_load(p, 0, at, place), places_channel(p, 2, at), "");
}

/* Of g, and of g (x - mean). */
static LLVMValueRef gradient_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                                  uint32_t row)
{
    LLVMValueRef g = weighted(p, at, place);
    return row == 0 ? g : LLVMBuildFMul(p->k->ir->b, g, places_centred(p, at, place), "");
}

struct gradient {
    LLVMValueRef mean[2][PLACES_MAX]; /* of g; of g (x - mean) over the variance */
};

static void store_gradient(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const struct gradient *s = user;
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef g = LLVMBuildFSub(ir->b, weighted(p, at, i), s->mean[0][i], "");
        LLVMValueRef along = LLVMBuildFMul(ir->b, places_centred(p, at, i), s->mean[1][i], "");
        places_store(p, at, i,
                     LLVMBuildFMul(ir->b, LLVMBuildFSub(ir->b, g, along, ""), p->inv[i], ""));
    }
}

static void normalise(struct places *p, void *user)
{
    struct ir *ir = p->k->ir;
    (void)user;
    places_moments(p);
    if (!is_gradient(p)) {
        places_channels(p, store_normalised, NULL);
        return;
    }
    struct gradient s;
    places_mean(p, gradient_term, 2, s.mean);
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef squared = LLVMBuildFMul(ir->b, p->inv[i], p->inv[i], "");
        s.mean[1][i] = LLVMBuildFMul(ir->b, s.mean[1][i], squared, "");
    }
    places_channels(p, store_gradient, &s);
}

static void emit(struct kernel_build *k)
{
    struct places p = {.k = k, .q = geometry_of_shape(&k->node->type.shape), .one_a_sum = true};
    p.x = is_gradient(&p) ? 1 : 0;
    places_emit(&p, normalise);
}

const struct kernel_family kernel_layer_norm = {
    .name = "layer_norm", .phases = one_phase, .units = places_units, .emit = emit};
