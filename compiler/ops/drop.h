/* What the ops that drop share: y = x m / (1 - p), m = 0 with probability p and 1 otherwise. As in PyTorch x is multiplied, so
 * that what is not finite gives NaN where it is dropped, and p = 1 drops everything. A gradient is the same op of dy: it draws
 * the same numbers, and no mask is kept. */
#ifndef FTM_OPS_DROP_H
#define FTM_OPS_DROP_H

#include "emit.h"
#include "op.h"

/* The rules of an op that draws m for each element, for each channel of an image, or for each image. */
void drop_eval(struct eval *e, enum draw_for draw_for);
void drop_grad(struct grad *g);
emit_value drop_emit(struct emit *e, const struct attrs *a, enum draw_for draw_for);

#endif
