/* A loss whose labels have weights, as ordinary nodes. */
#ifndef FTM_OPS_WEIGHTED_LOSS_H
#define FTM_OPS_WEIGHTED_LOSS_H

#include "graph.h"

struct weighted_loss {
    value_id loss;   /* divided by the weight */
    value_id weight; /* the mean weight of the labels; known before any gradient is made */
};

/* Builds loss(logits, label_shares(...)) / label_weight(...): torch.nn.functional.cross_entropy with `weight`,
 * `ignore_index` and `label_smoothing` (attributes) where `loss` is cross entropy. Labels that are distributions have no
 * weight of their own (VALUE_NONE), as there, and none is ignored. class_weight: f32 [K],
 * may be a constant. least: what is added to the weight, so small that it is lost in any but 0: the loss of a batch of ignored labels is then 0,
 * and not NaN as in PyTorch (0 adds nothing). VALUE_NONE for the loss after a report. */
struct weighted_loss weighted_loss(struct graph *g, enum op loss, value_id logits, value_id label,
                                   value_id class_weight, const struct attrs *attrs, double least);

#endif
