/* From a network, a recipe and a weight file to the program before any pass, in the order of the calls:
 *
 *     bind_open_weights   the recipe's weight file, or none
 *     bind_weights        parameters of the net <-> tensors of the file
 *     lower_program       nets + recipe + bindings -> program ("predict", "eval", "train")
 *
 * Functions that return bool have reported why when they return false. */
#ifndef FTM_BIND_BIND_H
#define FTM_BIND_BIND_H

#include "finetune.h"
#include "net.h"
#include "weights.h"

/* ---- parameters and where their values come from ---- */

/* A parameter or buffer of a layer: one state of the program, in this order. */
struct net_param {
    layer_id layer;
    const struct layer_param *param; /* of the layer */
    const char *name;                /* state dict key: layer path and the parameter's name */
    bool mutable;                    /* trainable, or statistics that training updates */
    int32_t source;                  /* index in binding.tensors, or -1: initialised */
    bool fresh;                      /* of an added layer, which takes nothing from the file */
    const char *note;                /* what a trained file has to do with that, or NULL */
};

/* What became of a tensor of the weight file. */
enum tensor_fate {
    TENSOR_USED,
    TENSOR_SKIPPED,
    TENSOR_REPLACED,
    TENSOR_NO_LAYER,
    TENSOR_NO_PARAMETER,
    TENSOR_MISFIT,
    TENSOR_UNUSABLE
};

struct tensor_use {
    const char *name; /* key after strip, rename and known renames */
    enum tensor_fate fate;
    uint32_t param; /* index in binding.params of what is called like it, or UINT32_MAX */
};

struct naming_way;
struct class_rows;

struct binding {
    const struct weights *weights; /* NULL: random */
    const struct naming_way *way;  /* by which known renames made the file's names fit, or NULL */
    const char *renamed;           /* that in words, or NULL */
    bool
        whole; /* the command line's file is what training left of this network, and all is taken */
    struct class_rows *rows; /* of a trained file; else NULL */
    VEC(const char *) notes; /* what of a trained file is taken, what is new, and why */
    VEC(struct net_param) params;
    /* The used ones, in order of params: state.source indexes it. Verbatim, in the file's type and shape; named
     * like the parameter. ftmrt_load_double and ftmrt_convert read them. */
    VEC(struct weight_tensor) tensors;
    VEC(struct tensor_use) uses; /* of weights->tensors, by its index */
};

/* Opens the recipe's weight file; a relative path starts at dir, the .ftm's folder. *out is NULL
 * for random weights. */
bool bind_open_weights(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const char *dir, struct weights **out);

/* Whether a trained file's classes are those of the recipe, in their order. */
bool bind_same_classes(const struct binding *b);

/* Whether a file is one that training left, of whatever network. */
bool bind_is_trained_file(const struct weights *w);

/* Matches parameters with tensors. weights may be NULL: everything is initialised. On errors
 * (E04xx, all of them reported) the result is false, but *out is still there for report_map. */
bool bind_weights(struct arena *arena, struct diag *diag, const struct net *net,
                  const struct recipe *r, const struct weights *weights, struct binding **out);

/* Of a network that only predicts: whether training has written a parameter, as its file says, or else its recipe. */
bool bind_was_learnt(struct arena *arena, const struct binding *b, const struct net_param *p);

/* What a parameter is called in the files of whoever wrote the weights: the trained file is theirs, too. Its own name, unless
 * a known rename was needed and leads back. */
const char *bind_file_name(struct arena *arena, const struct binding *b, const char *param);

/* How the states of a binding are called in their source, a file of w's tensors, where it is otherwise, and which of the source's tensors are none:
 * struct ftmrt_source.names. */
const char *bind_source_names(struct arena *arena, const struct binding *b,
                              const struct weights *w);

/* A model of a program, with its weights. */
struct program_model {
    const char *
        scope; /* "": the program's own; else its states are called SCOPE/NAME, its functions SCOPE.NAME */
    const struct net *net;
    const struct binding *binding;
    bool
        trained; /* or not: then its states are constants, and it only predicts; the program's own is evaluated, too */
    const struct recipe_teacher *teacher; /* NULL: it is none */
    bool
        explains; /* has a function that says what each place of its last map has to do with an answer */
    bool
        grows; /* whoever runs the program may give it classes, as far as its last layer's capacity reaches */
};

/* Builds the program of some models: a state per parameter, a momentum slot per trainable one (added by the backward pass);
 * for each of the recipe's phases and each model that trains the functions predict, eval and train; that for training has images of its
 * own size (net.h); one phase where none trains. The source of a state counts the tensors of all bindings, one behind the other. */
bool lower_program(struct arena *arena, struct diag *diag, const struct recipe *r,
                   const struct program_model *models, uint32_t count, struct program **out);

#endif
