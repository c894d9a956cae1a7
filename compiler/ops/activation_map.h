/* What places of a map have to do with an answer. */
#ifndef FTM_OPS_ACTIVATION_MAP_H
#define FTM_OPS_ACTIVATION_MAP_H

#include "graph.h"

/* Of a map [N,C,H,W] and its gradient: the sum over channels of the map, each channel times the sum of its gradient over all places; [N,1,H,W].
 * Behind a mean over all places and a linear layer that is the map of a class, exactly (B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A.
 * Torralba, Learning Deep Features for Discriminative Localization, CVPR 2016): its mean is the logit without the bias. Elsewhere it is
 * H * W times that of R. R. Selvaraju et al., Grad-CAM, ICCV 2017, before what is below 0 is left out. */
value_id activation_map(struct graph *g, value_id map, value_id gradient);

#endif
