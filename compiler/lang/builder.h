/* The network under construction, and the evaluation of blocks, models and expressions that constructs it.
 *
 *     expressions.c  expressions
 *     elaborate.c    blocks and models: statements
 *     model.c        the recipe's model: inputs and outputs
 *     calls.c        arguments of built-in calls
 *     layer.c        layer calls -> struct layer (layer.h)
 *     network.c      shapes, order and names of layers */
#ifndef FTM_LANG_BUILDER_H
#define FTM_LANG_BUILDER_H

#include "calls.h"
#include "import.h"
#include "net.h"
#include "value.h"

enum {
    BUILD_MAX_CALL_DEPTH = 64,
    BUILD_MAX_STEPS = 1000000,
    BUILD_MAX_LAYERS = 10000,
    BUILD_MAX_LABEL = 200
};

struct builder {
    struct arena *arena;
    struct diag *diag;
    const struct files *files;
    struct net *net;
    VEC(const struct decl *) broken; /* blocks and models that reported errors: not run again */
    struct map paths;                /* label of a live layer -> not NULL */
    struct graph *scratch;           /* infers types: one value per layer */
    VEC(value_id) values;
    uint32_t steps, depth; /* bounded: see above */
    const char *
        *output_names; /* [output_count]: of the model that ran last, by its own statements */
    uint32_t output_count;
    bool stopped; /* a limit was reported */
    bool adding;  /* layers come from the recipe, not from the model */
};

struct variable {
    const char *name;
    struct value value;
};

/* One activation of a block or model, or the recipe's own scope. */
struct frame {
    const struct decl *decl;
    const char *scope; /* labels are below it; "" outside */
    const char *block; /* whose call has that label, or NULL */
    VEC(struct variable) names;
    struct map index; /* name -> its number in names, from 1 */
    bool returned;
    struct value result;          /* of a model with several outputs: a list of them */
    VEC(struct variable) outputs; /* of a model */
};

/* Of the images that a network reads; 0: not known. */
struct image_size {
    int64_t channels, height, width;
    const char *transform; /* whose pipeline makes them: "eval", "train" */
    struct span
        counted; /* the step whose numbers alone say how many channels there are; else none */
    const char *counted_advice; /* then: what to write instead */
};

/* An empty network. */
void builder_init(struct builder *b, const struct files *files);

/* ---- expressions.c */
struct value eval(struct builder *b, struct frame *frame, const struct expr *e);

/* Whether an expression is a name of nothing: no variable, block, model, call or word. */
bool name_is_unknown(const struct builder *b, const struct frame *frame, const struct expr *e);
/* A call; implicit, if not NULL, becomes its first argument. */
struct value eval_call(struct builder *b, struct frame *frame, const struct expr *e,
                       const struct value *implicit);
/* The path of a label below the frame's scope; NULL after a report. label may be NULL: NULL. */
const char *eval_label(struct builder *b, struct frame *frame, const struct label *label);
void frame_set(struct builder *b, struct frame *frame, const char *name, struct value v);
const struct value *frame_get(const struct frame *frame, const char *name);

/* ---- elaborate.c: runs a block or model; the first `count` parameters are not written but have these values */
struct value run_decl(struct builder *b, struct frame *caller, const struct decl *decl,
                      const struct expr *e, const struct value *implicit, uint32_t count);

/* ---- model.c */
/* The image that a model computes from: its first input, if that is f32[channels, height, width]; else NULL. */
const struct param *model_image(const struct decl *model);
/* Builds the network of a model's call for images of this size, if it has an image. false after reports. */
bool build_model(struct builder *b, struct frame *scope, const struct decl *model,
                 const struct expr *call, const struct image_size *image);

/* ---- layer.c */
struct value layer_call(struct builder *b, struct frame *frame, const struct expr *e,
                        struct bound_call *c);
/* Whether `set` can change an attribute of that name. */
bool layer_settable(const struct layer *l, const char *attr);
/* Sets one attribute of a layer from a `set` statement. false after a report. */
bool layer_set(struct builder *b, struct frame *frame, struct layer *l, const char *attr,
               const struct recipe_stmt *stmt);

/* ---- network.c */
static inline struct layer *net_layer(struct net *net, layer_id id)
{
    return &net->layers.at[id.i];
}
/* The shape of what a layer reads first; NULL: it reads nothing. */
const struct shape *net_first_shape(const struct net *net, const struct layer *l);
/* Infers the type and appends; LAYER_NONE after a report. */
layer_id net_add(struct builder *b, struct layer l);
/* Infers all types anew, in order. false after a report (of the layer that does not fit). */
bool net_infer(struct builder *b);
/* Brings layers into execution order, dropping dead and unreachable ones (with a warning each if
 * warn). */
void net_sort(struct builder *b, bool warn);
/* Whether a layer is the named one, or belongs to the named block. */
bool layer_within(const struct layer *l, const char *name);
/* Reports that no layer has this name, with the nearest one. */
void report_unknown_layer(struct builder *b, const char *name, struct span span);

#endif
