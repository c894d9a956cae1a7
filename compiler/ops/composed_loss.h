/* Losses of a recipe that are no single op. */
#ifndef FTM_OPS_COMPOSED_LOSS_H
#define FTM_OPS_COMPOSED_LOSS_H

#include "graph.h"

/* Builds a loss of predictions [N,K] or [N,K,H,W] and of a label of their shape, as ordinary nodes. VALUE_NONE after a report. */
typedef value_id compose_fn(struct graph *g, value_id x, value_id label);

#define FTM_COMPOSED_LOSS(name) compose_fn compose_##name;
#include "composed_loss.def"
#undef FTM_COMPOSED_LOSS

/* What builds the loss of a name; NULL: it is the op of that name. */
compose_fn *composed_loss(const char *name);

/* The sum of the terms of a loss; sum: VALUE_NONE, where there is none yet. */
value_id loss_plus(struct graph *g, value_id sum, value_id term);

#endif
