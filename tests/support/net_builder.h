/* Short ways for tests to build networks as graphs: states are added at their first use and shared
 * by name, so the same calls build predict, eval and train. */
#ifndef FTM_SUPPORT_NET_BUILDER_H
#define FTM_SUPPORT_NET_BUILDER_H

#include "graph.h"
#include "op.h"

/* The state of that name; added if the program has none. */
value_id net_state(struct graph *g, const char *name, enum ftmrt_state_kind kind,
                   struct shape shape, bool trainable);
/* A trainable or frozen parameter. */
value_id net_parameter(struct graph *g, const char *name, struct shape shape, bool trainable);

struct net_conv {
    int64_t out, kernel[2], stride[2], padding[4], dilation[2],
        groups; /* 0 counts as 1 (kernel, stride, dilation, groups) */
};

/* Weight "<name>.weight". x: [N,C,H,W]. */
value_id net_conv2d(struct graph *g, const char *name, value_id x, const struct net_conv *c,
                    bool trainable);
/* Weight "<name>.weight". x: [N,K]. */
value_id net_linear(struct graph *g, const char *name, value_id x, int64_t out, bool trainable);
/* Bias "<name>.bias". */
value_id net_bias(struct graph *g, const char *name, value_id x, bool trainable);
/* Normalises by the batch's statistics if `training` and in a training function, and counts its
 * batches there; otherwise by the running ones. */
value_id net_batch_norm(struct graph *g, const char *name, value_id x, double eps, bool trainable,
                        bool training);

/* Input "image" [N,channels,height,width]. */
value_id net_image(struct graph *g, int64_t channels, int64_t height, int64_t width);
/* Input "label", output "loss"; for a training function the inputs of the optimizer's
 * scalars (sgd's, if the program has no optimizer). */
void net_loss(struct graph *g, value_id logits, double label_smoothing);
/* The same with another loss. */
void net_loss_of(struct graph *g, enum op loss, value_id logits, double label_smoothing);
/* Cross entropy with class weights, input "class_weight", and output "weight"; of a map with a label per place. */
void net_weighted_loss(struct graph *g, value_id logits, const struct attrs *a);

#endif
