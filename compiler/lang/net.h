/* The network as the recipe describes it: layers with names, between elaboration and the graph.
 *
 * Elaboration runs the model's blocks and loops and appends layers; edits (replace, insert, remove) rewrite them;
 * then shapes are inferred again, weights are bound, and lower.c builds the program's functions. */
#ifndef FTM_LANG_NET_H
#define FTM_LANG_NET_H

#include "diag.h"
#include "graph.h"
#include "op.h"

typedef struct {
    uint32_t i;
} layer_id;

#define LAYER_NONE ((layer_id){UINT32_MAX})

enum { LAYER_MAX_INPUTS = 2 };

/* A layer: one forward operation and its parameters. Its value is its only result. */
struct layer {
    enum op op;        /* OP_input, OP_conv2d, OP_batch_norm, OP_relu, OP_add, ... */
    const char *path;  /* dotted label ("layer1.0.conv1"), or NULL for layers without one */
    const char *scope; /* label of the innermost block around it, "" outside of any */
    layer_id inputs[LAYER_MAX_INPUTS];
    uint32_t input_count;
    struct attrs attrs;
    int64_t out_channels; /* conv2d, linear */
    int64_t kernel[2];    /* conv2d */
    bool bias;            /* conv2d, linear: has a bias parameter */
    bool same_padding;    /* TensorFlow's SAME: padding follows from the input size */
    enum ftmrt_init init;
    double init_arg;
    bool added;        /* by the recipe: takes nothing from the weight file */
    bool frozen;       /* all of its parameters are */
    bool stats_frozen; /* batch norm: stored statistics although weight and bias train */
    bool trainable_weight, trainable_bias;
    struct type type; /* of its value */
    struct span span;
    bool dead;
};

struct net {
    struct arena *arena;
    struct diag *diag;
    const char *name;         /* of the model */
    VEC(struct layer) layers; /* in order of definition; edits append, net_sort() orders */
    layer_id output;          /* logits */
    const char *output_name;
};

#endif
