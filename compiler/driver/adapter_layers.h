/* What `adapt` added to a network, for whoever writes it. */
#ifndef FTM_DRIVER_ADAPTER_LAYERS_H
#define FTM_DRIVER_ADAPTER_LAYERS_H

#include "bind.h"
#include "compilation.h"

static inline bool layer_is_adapter(const struct layer *l) { return l->adapt && l->added; }

/* The tensor that a parameter has of the weight file; NULL after a report: it has its initial value only. */
const struct weight_tensor *trained_tensor(struct compilation *c, const struct net_param *p);

/* The tensor of a file, under a name. */
struct st_tensor tensor_to_write(const struct weight_tensor *t, const char *name);

/* Whether the recipe adapts a layer; else that is reported. */
bool adapters_there(struct compilation *c);

#endif
