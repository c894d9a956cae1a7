/* What the losses have in common: a sum over the places of the batch, a chain over those of a shard and then the fixed tree
 * over the shards (scratch: one line each), which passes the hook before it is divided. */
#ifndef FTM_CODEGEN_KERNEL_LOSS_H
#define FTM_CODEGEN_KERNEL_LOSS_H

#include "geometry.h"

/* What a place adds, an f32; pixel counts the places of the map. */
typedef LLVMValueRef loss_term(void *state, LLVMValueRef image, LLVMValueRef pixel);

/* Both phases of a kernel whose places are those of operand 0. */
void loss_emit(struct kernel_build *k, loss_term *term, void *state);

struct kernel_units loss_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                               uint32_t phase);

/* Behind the hook: divides by the places of the whole step, of which each counts `per_place` times. */
void loss_divide(struct kernel_build *k, int64_t per_place);

/* Opens the loop over the places of an image and closes it; a map of one place needs none. */
struct loss_places {
    struct ir_loop loop;
    LLVMValueRef pixel;
    bool many;
};
struct loss_places loss_places_begin(struct kernel_build *k, int64_t pixels);
void loss_places_end(struct kernel_build *k, struct loss_places *p);

/* The label of a place that is an index, in every i32 lane. */
LLVMValueRef loss_label(struct kernel_build *k, LLVMValueRef image, LLVMValueRef pixel);

#endif
