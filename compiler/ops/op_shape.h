/* The shape rules that ops.def names, and what they share. A rule reads the types of the operands,
 * checks them, and sets the type of the result; what it finds wrong it reports at the node's place.
 */
#ifndef FTM_OPS_OP_SHAPE_H
#define FTM_OPS_OP_SHAPE_H

#include "op.h"

#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning) op_shape_fn shape_##shape;
#include "ops.def"
#undef FTM_OP

/* Type of operand i. An operand VALUE_NONE is the value so far of a step: its type is the node's
 * own. */
struct type shape_in(const struct graph *g, const struct node *n, uint32_t i);

/* Checks; each reports and returns false if it does not hold. */
bool shape_want_rank4(struct graph *g, const struct node *n, uint32_t i); /* f32 [N, C, H, W] */
bool shape_want_activation(struct graph *g, const struct node *n, uint32_t i); /* or [N, C] */
bool shape_want_matrix(struct graph *g, const struct node *n, uint32_t i);     /* f32 [R, C] */
bool shape_want_type(struct graph *g, const struct node *n, uint32_t i, struct type type);
bool shape_want_f32(struct graph *g, const struct node *n, uint32_t i);
/* All operands are what their letters in ops.def say, the sizes being those of the first one; for ops
 * whose operands are given by it: x, t, c, s, o. */
bool shape_want_operands(struct graph *g, const struct node *n);
/* Predictions [N, K] or [N, K, H, W], their labels (label.h), and the other operands by their letters. */
bool shape_want_labelled(struct graph *g, const struct node *n);
/* The attribute must lie in [least, most]. */
bool shape_want_attr(struct graph *g, const struct node *n, const char *name, int64_t value,
                     int64_t least, int64_t most);

/* Height and width of the result of pooling an input [N,C,H,W] by the node's kernel, stride, dilation and padding, which is
 * less than the window's reach. */
bool shape_pool_out(struct graph *g, const struct node *n, const struct shape *x, int64_t out[2]);
/* Reports that a gradient of a result of shape `dy` cannot be that of the operation on an `x`; false. */
bool shape_mismatched_gradient(struct graph *g, const struct node *n, struct shape dy,
                               struct shape x);
/* The result of a gradient of maxima, operands dy, x, y of the shape given: as x. */
bool shape_of_maxima_grad(struct graph *g, struct node *n, const struct shape *y);

struct type shape_f32(struct shape shape);

/* The largest size of a window, stride or padding: sums and products of a few stay far inside 64
 * bits. */
enum { SHAPE_ATTR_MAX = 1 << 20 };

#endif
