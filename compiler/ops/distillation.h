/* What a network learns from another one, as ordinary nodes. */
#ifndef FTM_OPS_DISTILLATION_H
#define FTM_OPS_DISTILLATION_H

#include "graph.h"

/* A teacher's term: T^2 times the Kullback-Leibler divergence of softmax(logits / T) from softmax(teacher / T), the mean over the batch (G. Hinton,
 * O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015, section 2); torch.nn.functional.kl_div(log_softmax(logits / T),
 * softmax(teacher / T), reduction = "batchmean") * T * T. Both are [N, K]. The teacher's logits have no gradient. */
value_id distillation(struct graph *g, value_id logits, value_id teacher, double temperature);

/* The loss of which `share` is the terms' sum, whose factors are in it, and the rest `loss`. */
value_id distilled_loss(struct graph *g, value_id loss, double rest, value_id terms);

/* How an image [N, C, H, W] becomes a teacher's: each channel c times factor[c] and plus summand[c], at another size (bilinear) where
 * height and width are not the image's. */
struct teacher_view {
    const double *factor, *summand; /* [C] */
    int64_t height, width;
};
value_id teacher_image(struct graph *g, value_id image, const struct teacher_view *view);

#endif
