/* What an adapter is: the rules that its file adapter_<name>.c has beside the row of its call in layers.def.
 *
 * An adapter is layers beside one that is there, which read what it reads and change its value. Their labels are below its own, and
 * what adapts a layer is, for the edits behind it, part of that layer as of a block. */
#ifndef FTM_LANG_ADAPT_H
#define FTM_LANG_ADAPT_H

#include "builder.h"

/* A layer while it is adapted. */
struct adapting {
    struct builder *builder;
    const struct bound_call *call; /* of the adapter */
    layer_id base;
};

struct adapter_rules {
    /* Why it cannot adapt a layer, which has a label and parameters, in words; NULL: it can. */
    const char *(*defect)(const struct net *net, const struct layer *l);
    /* Builds the layers; what the readers of the base read from now on. LAYER_NONE after a report. */
    layer_id (*build)(const struct adapting *a);
};

#define ADAPTER_ROW_LAYER(name)
#define ADAPTER_ROW_INIT(name)
#define ADAPTER_ROW_ADAPTER(name) extern const struct adapter_rules adapter_##name;
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) ADAPTER_ROW_##category(name)
#include "layers.def"
#undef ADAPTER_ROW_ADAPTER

/* A call of a layer's row, or one as `like` has it; arguments without a value are to be set. */
struct bound_call *adapter_call(const struct adapting *a, const struct ftmrt_call_info *row);
struct bound_call *adapter_call_like(const struct adapting *a, const struct layer *like);

/* An argument by its name; NULL: the row has none of it. */
struct value *adapter_argument(const struct bound_call *c, const char *name);

/* The layer of a call, with a label below the base's, or NULL for none. LAYER_NONE after a report. */
layer_id adapter_layer(const struct adapting *a, struct bound_call *c, const char *label);

#endif
