/* What clips gradients before an update. */
#ifndef FTM_OPS_CLIP_H
#define FTM_OPS_CLIP_H

#include "op.h"

/* Of a gradient the sum of its squares; of the sum of them all the factor that brings all gradients to a length of at most max_norm; and a
 * gradient times it. */
value_id clip_squares(struct graph *g, value_id grad);
value_id clip_factor(struct graph *g, value_id squares, double max_norm);
value_id clip_times(struct graph *g, value_id grad, value_id factor);

/* A gradient whose elements are at most `most` on either side of 0. */
value_id clip_range(struct graph *g, value_id grad, double most);

#endif
