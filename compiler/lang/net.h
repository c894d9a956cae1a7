/* The network as the recipe describes it: layers with names, between elaboration and the graph.
 *
 * Elaboration runs the model's blocks and loops and appends layers; edits (replace, insert, remove) rewrite them;
 * then shapes are inferred again, weights are bound, and lower.c builds the program's functions. */
#ifndef FTM_LANG_NET_H
#define FTM_LANG_NET_H

#include "diag.h"
#include "graph.h"
#include "recipe.h"
#include "vec.h"

typedef struct {
    uint32_t i;
} layer_id;

#define LAYER_NONE ((layer_id){UINT32_MAX})

enum layer_param_kind {
    LAYER_PARAMETER, /* follows its gradient */
    LAYER_STATISTIC, /* a buffer that training updates in its own way */
    LAYER_COUNTER    /* a buffer that counts steps, i64; files may lack it */
};

/* A parameter or buffer of a layer: how torch.nn calls it ("" if it is the layer), so that state dicts match, its type as in files, and its
 * value where no file has one. */
struct layer_param {
    const char *name;
    enum layer_param_kind kind;
    struct type type;
    enum ftmrt_init init;
    double init_arg;
    int64_t fan_in;
    uint32_t trainable; /* bit p: in phase p of the training */
    uint32_t group;     /* of the recipe, from 1; 0: in none */
    bool learnt,
        kept; /* of a network that only predicts: training would write it; it stays open (--keep) */
};

struct value;
struct layer_rules;
struct bound_call;
struct recipe_stmt;

/* How `adapt` changed a layer. */
struct layer_adapter {
    const struct recipe_stmt *stmt;
    const struct bound_call *call;
};

/* A variable of the description that a layer's value, or the list of its results, is in; the first one within a scope. */
struct layer_name {
    const char *scope, *name;
    const struct layer_name *next;
};

/* A layer: a call of a row of layers.def or of an op (ops.def), and its parameters. Its value is its only result. The
 * network's inputs are layers without a row. */
struct layer {
    const struct ftmrt_call_info *row; /* NULL: an input */
    const struct layer_rules *rules;   /* layer.h; NULL: an op without parameters, or an input */
    const struct value *args;          /* of the call, one per parameter of the row */
    const char *path;  /* dotted label ("layer1.0.conv1"), or NULL for layers without one */
    const char *scope; /* label of the innermost block around it, "" outside of any */
    const char *block; /* name of that block; NULL: outside of any, or the recipe's */
    const struct layer_name *names; /* what the description calls its value, or NULL */
    const char *input_name;         /* of an input */
    layer_id *inputs;               /* [input_count] */
    uint32_t input_count, param_count;
    struct layer_param *params;        /* [param_count] */
    bool added;                        /* by the recipe: takes nothing from the weight file */
    const struct layer_adapter *adapt; /* what adapts it or, of an added one, added it */
    uint32_t frozen;       /* bit p: all of its parameters are, in phase p; settle_draws() */
    uint32_t stats_frozen; /* bit p: stored statistics although parameters train */
    bool dead;
    struct type type;   /* of its value */
    bool channels_last; /* its value is a map [N,C,H,W] that the description sees as [N,H,W,C] */
    bool *inputs_last;  /* [input_count]: which inputs are */
    bool reads_seen;    /* it reads those as they are seen: copies */
    struct span span;
};

/* A result of the network. */
struct net_output {
    const char *name;
    layer_id layer;
};

struct net {
    struct arena *arena;
    struct diag *diag;
    const char *name;         /* of the model */
    VEC(struct layer) layers; /* in order of definition; edits append, net_sort() orders */
    VEC(struct net_output)
    outputs; /* at least one, once it is built; the first is what loss and metrics read */
    struct net *
        train; /* the same network for the images of training, if they have another size: layers of its own,
                  whose parameters are named, shaped and frozen as here; else NULL */
};

/* The network that entries of a kind run: training has images of its own size. */
static inline const struct net *net_of_entry(const struct net *net, enum ftmrt_entry_kind kind)
{
    return kind == FTMRT_ENTRY_TRAIN && net->train ? net->train : net;
}

/* "conv2d", "relu", ..., "input". */
const char *layer_kind(const struct layer *l);

/* What its value is called within a scope, or NULL. */
const char *layer_variable(const struct layer *l, const char *scope);

/* Whether it takes one result out of a layer with several. */
bool layer_is_part(const struct layer *l);

/* The name of a parameter, which is its key in a state dict: the layer's, and its own behind it where it has one. */
const char *layer_param_key(struct arena *arena, const struct layer *l,
                            const struct layer_param *p);

/* Whether training writes a parameter of the layer, in any phase. */
bool layer_param_moves(const struct layer *l, const struct layer_param *p);

/* The phases in which training updates its statistics, a bit each: it has some, and neither it nor they are frozen. */
uint32_t layer_statistics(const struct layer *l);

/* Whether it draws random numbers where it trains: its op does. */
bool layer_draws(const struct layer *l);

/* Whether the rows of its parameters are its outputs: the first dimension of each counts the channels of its value. */
bool layer_rows_are_outputs(const struct layer *l);

/* Outputs that it has parameters for, more than its value has channels: room for classes that come later. 0: it has no such room. */
int64_t layer_capacity(const struct layer *l);

/* Multiplications with an addition that one image takes forward. */
int64_t layer_work(const struct layer *l);

/* Builds the nodes of a layer that is no input, which reads `inputs` [input_count]. Its parameters are the states from
 * first_state on, or constants while types are inferred (NO_STATE). training: a training function of the phase, where
 * statistics may be updated. draws: a layer that draws random numbers does so here, by its number; elsewhere it is what it
 * reads. The result is VALUE_NONE after a report (of shapes). */
enum { NO_STATE = -1 };
struct layer_site {
    struct graph *graph;
    const struct layer *layer;
    const value_id *inputs;
    int64_t first_state;
    bool training, draws;
    bool grows; /* the layer's capacity is for classes that come while the program runs */
    uint32_t phase;
    int64_t number; /* of the layer in the program, less than 2^24 */
};
value_id layer_lower(struct layer_site *s);

#endif
