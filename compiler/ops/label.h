/* Labels of losses, for their reference evaluations: the index of a class per image, i32 [N], or a distribution over the
 * classes, f32 [N,K]. */
#ifndef FTM_OPS_LABEL_H
#define FTM_OPS_LABEL_H

#include "op.h"

/* The share of class c in the label of image i: operand 1 of the loss, whose operand 0 is [N,K,...]. */
static inline double label_share(const struct eval *e, int64_t i, int64_t c)
{
    const struct tensor *label = &e->in[1];
    if (label->shape.rank == 1)
        return label->data[i] == (double)c;
    return label->data[i * e->in[0].shape.dim[1] + c];
}

#endif
