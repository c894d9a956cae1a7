/* What the ways of mixing the samples of a batch share. */
#ifndef FTMRT_TRANSFORM_BATCH_MIX_H
#define FTMRT_TRANSFORM_BATCH_MIX_H

#include "transform_step.h"

/* Numbers of draws that the two below take; a way of mixing has those from MIX_DRAWS on. */
enum { MIX_DRAWS = 3 };

/* Another sample of the batch, evenly among all; and the part of Beta(alpha, alpha) that stays. */
int64_t mix_partner(const struct ftmrt_batch *b, const struct ftmrt_draw *draw);
double mix_part(const struct ftmrt_draw *draw, double alpha);

/* out = part * a + (1 - part) * b, of `count` numbers. */
void mix_blend(double part, const float *a, const float *b, int64_t count, float *out);

#endif
