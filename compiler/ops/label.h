/* Labels of losses, for their reference evaluations: the index of a class per place, i32 [N] or [N,H,W], or a distribution
 * over the classes, f32 like the predictions [N,K] or [N,K,H,W], operand 0. */
#ifndef FTM_OPS_LABEL_H
#define FTM_OPS_LABEL_H

#include "eval_support.h"

/* An index has one dimension less than predictions of rank 2 or 4. */
static inline bool label_is_index(const struct eval *e) { return e->in[1].shape.rank % 2 == 1; }

/* The index at the place of element i of the predictions. */
static inline double label_index(const struct eval *e, int64_t i)
{
    struct channels ch = channels_of(&e->in[0].shape);
    return e->in[1].data[i / (ch.c * ch.inner) * ch.inner + i % ch.inner];
}

/* What the label says of element i of the predictions: the share of its class. */
static inline double label_share(const struct eval *e, int64_t i)
{
    struct channels ch = channels_of(&e->in[0].shape);
    if (!label_is_index(e))
        return e->in[1].data[i];
    return label_index(e, i) == (double)(i / ch.inner % ch.c);
}

#endif
