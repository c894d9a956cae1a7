/* Values for tests: states as a trained network might have them, inputs, and how far two results
 * are apart.
 *
 * Every value is representable in f32, and depends on the seed and its owner's name alone: two
 * programs made from one network by different passes get the same values. */
#ifndef FTM_SUPPORT_RANDOM_VALUES_H
#define FTM_SUPPORT_RANDOM_VALUES_H

#include "interp.h"

/* A number below `count` that depends on the seed and what it is for. */
uint64_t random_pick(uint64_t seed, uint64_t what, uint64_t count);

/* Fills every state: weights scaled by their fan-in, variances positive, momentum slots zero. */
void random_states(struct interp *in, uint64_t seed);

/* One tensor per input of g, in node order: images about N(0,1), labels below the number of classes
 * of output "logits", lr 0.05, momentum 0.9, weight_decay 0.01. */
struct tensor *random_inputs(struct arena *arena, const struct graph *g, int64_t n, uint64_t seed);

/* max|a - b| / max(max|b|, floor); infinite where one is NaN and the other not, or the sizes
 * differ. */
double tensor_distance(const struct tensor *a, const struct tensor *b, double floor);

#endif
