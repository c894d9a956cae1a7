/* Sums, maxima, mean and deviation over the channels of each place of a BLOCKED value: what the kernels of layer
 * normalisation and softmax share.
 *
 * The channels of a place lie one block apart, those of its neighbours side by side; so a few neighbouring places go
 * together, an accumulator each, and the lanes are added up once per place. The mean comes first, then the squared
 * deviations from it, while the places are in the cache: nothing cancels. Lanes past the last channel are left out. */
#ifndef FTM_CODEGEN_PLACE_MOMENTS_H
#define FTM_CODEGEN_PLACE_MOMENTS_H

#include "geometry.h"
#include "place_tiles.h"

enum { PLACES_MAX = 8, PLACES_MAX_ROWS = 2 };

/* A few neighbouring places of an image. */
struct places {
    struct kernel_build *k;
    struct geometry q;
    uint32_t x;                /* the operand whose moments are meant */
    LLVMValueRef image, first; /* the image, and the place that they begin with */
    uint32_t count;
    /* Whether sums ask for what comes some places on: the first one in all maps or, where sums are short, each in another one. */
    bool fetches, one_a_sum;
    uint32_t fetched,
        fetched_end; /* buffers that were asked for, and that the sum at hand asks for */
    LLVMValueRef mean[PLACES_MAX],
        inv[PLACES_MAX]; /* of each, in every lane; inv = 1 / sqrt(variance + eps) */
};

/* A vector of channels. */
struct channel_lanes {
    LLVMValueRef block;
    uint32_t part;
    bool last; /* of the last block, which has fewer channels than lanes */
};

/* What is done with a few places; with a vector of channels at all of them; and what that adds to one of a place's sums. */
typedef void places_body(struct places *p, void *user);
typedef void places_visit(struct places *p, const struct channel_lanes *at, void *user);
typedef LLVMValueRef places_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                                 uint32_t row);

/* Runs `body` for the places lo <= i < hi of the image, as many at a time as the level's registers hold, then one by one. */
void places_each(struct places *p, LLVMValueRef lo, LLVMValueRef hi, places_body *body, void *user);

/* Builds `visit` for all channels. */
void places_channels(struct places *p, places_visit *visit, void *user);

/* What is made of the sums of all places at once (vmath_lanes_sums), NULL: themselves. */
typedef LLVMValueRef places_result(struct ir *ir, LLVMValueRef sums);
LLVMValueRef places_reciprocal(struct ir *ir, LLVMValueRef sums);

/* The sums of a term over the channels, or what is made of them, in every lane: out[place]. */
void places_sum(struct places *p, places_term *term, places_result *result,
                LLVMValueRef out[PLACES_MAX]);

/* The means over the channels of `rows` terms, in every lane: out[row][place]. */
void places_mean(struct places *p, places_term *term, uint32_t rows,
                 LLVMValueRef out[][PLACES_MAX]);

/* The greatest value of operand x at each place, in every lane; where one is NaN, any. */
void places_max(struct places *p, LLVMValueRef out[PLACES_MAX]);

/* Fills mean and inv; eps is an attribute of the node. */
void places_moments(struct places *p);

/* A vector of an operand at a place; x - mean there; and a value with 0, or another number, in the lanes that are no channel. */
LLVMValueRef places_load(struct places *p, uint32_t operand, const struct channel_lanes *at,
                         uint32_t place);
LLVMValueRef places_centred(struct places *p, const struct channel_lanes *at, uint32_t place);
LLVMValueRef places_kept(struct places *p, const struct channel_lanes *at, LLVMValueRef value);
LLVMValueRef places_kept_or(struct places *p, const struct channel_lanes *at, LLVMValueRef value,
                            double otherwise);
/* Stores a vector of the result at a place, behind the node's steps; lanes that are no channel are 0. */
void places_store(struct places *p, const struct channel_lanes *at, uint32_t place, LLVMValueRef v);

/* Keeps a vector where the result's will be stored, to be read again by a later visit: where f32 are stored there. */
bool places_can_note(struct places *p);
void places_note(struct places *p, const struct channel_lanes *at, uint32_t place, LLVMValueRef v);
LLVMValueRef places_noted(struct places *p, const struct channel_lanes *at, uint32_t place);

/* A vector of a [C] operand, which may be a constant. */
LLVMValueRef places_channel(struct places *p, uint32_t operand, const struct channel_lanes *at);

/* A kernel whose units are tiles of an image, PLACES_OF_TILE places each but for the last: runs `body` for all places of its
 * units, and how many units there are. */
void places_emit(struct places *p, places_body *body);
struct kernel_units places_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase);

#endif
