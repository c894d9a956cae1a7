/* The front's services for the driver, in the order in which it calls them:
 *
 *     front_read (recipe.h)    .ftm text -> net + recipe
 *     front_open_weights       the recipe's weight file, or none
 *     front_bind               parameters of the net <-> tensors of the file
 *     front_lower              net + recipe + binding -> program ("predict", "eval", "train")
 *     front_recipe_json, front_resolved        texts that travel with the program
 *     front_explain, front_map, front_inspect  reports for the user
 *
 * Functions that return bool or a pointer have reported why when they return false or NULL. */
#ifndef FTM_FRONT_SERVICES_H
#define FTM_FRONT_SERVICES_H

#include <stdio.h>

#include "net.h"
#include "recipe.h"
#include "weights.h"

/* ---- parameters and where their values come from ---- */

enum param_role {
    PARAM_WEIGHT,
    PARAM_BIAS,
    PARAM_RUNNING_MEAN,
    PARAM_RUNNING_VAR,
    PARAM_NUM_BATCHES_TRACKED,
    PARAM_ROLE_COUNT
};

/* A parameter or buffer of a layer: one state of the program, in this order. */
struct net_param {
    layer_id layer;
    enum param_role role;
    const char *name; /* state dict key: layer path and role */
    struct type type; /* as in files */
    bool trainable;
    bool mutable;         /* trainable, or statistics that training updates */
    int32_t source;       /* index in binding.tensors, or -1: initialised */
    enum ftmrt_init init; /* used if source is -1 */
    double init_arg;
    int64_t fan_in;
};

/* What became of a tensor of the weight file. */
enum tensor_fate {
    TENSOR_USED,
    TENSOR_SKIPPED,
    TENSOR_REPLACED,
    TENSOR_NO_LAYER,
    TENSOR_NO_PARAMETER,
    TENSOR_MISFIT
};

struct tensor_use {
    const char *name; /* key after strip and rename */
    enum tensor_fate fate;
    uint32_t param; /* index in binding.params (USED, REPLACED, MISFIT) */
};

struct binding {
    const struct weights *weights; /* NULL: random */
    VEC(struct net_param) params;
    /* The used ones, in order of params: state.source indexes it. Verbatim, in the file's type; named
     * and shaped like the state. ftmrt_load_double and ftmrt_convert read them. */
    VEC(struct weight_tensor) tensors;
    VEC(struct tensor_use) uses; /* of weights->tensors, by its index */
};

/* Opens the recipe's weight file; a relative path starts at dir, the .ftm's folder. *out is NULL
 * for random weights. */
bool front_open_weights(struct arena *arena, struct diag *diag, const struct recipe *r,
                        const char *dir, struct weights **out);

/* Matches parameters with tensors. weights may be NULL: everything is initialised. On errors
 * (E04xx, all of them reported) the result is false, but *out is still there for front_map. */
bool front_bind(struct arena *arena, struct diag *diag, const struct net *net,
                const struct recipe *r, const struct weights *weights, struct binding **out);

/* Builds the program: a state per parameter, a momentum slot per trainable one (added by the
 * backward pass), the functions predict, eval and train. */
bool front_lower(struct arena *arena, struct diag *diag, const struct net *net,
                 const struct recipe *r, const struct binding *binding, struct program **out);

/* ---- texts ---- */

/* Parses one file (imports are not followed) and prints its syntax tree, a statement a line, as
 * S-expressions: --emit=ast. */
bool front_print_ast(struct arena *arena, struct diag *diag, const char *path, FILE *out);

/* The recipe with every default filled in, as .ftm text that parses to the same recipe. */
char *front_resolved(struct arena *arena, const struct net *net, const struct recipe *r);

/* The recipe as JSON for the application; base: the .ftm's folder, absolute. NULL is out of memory.
 */
char *front_recipe_json(struct arena *arena, const struct net *net, const struct recipe *r,
                        const char *base);

/* Facts of later stages for front_explain; zero where unknown. */
struct explain_plan {
    uint64_t states_bytes, arena_bytes, workspace_bytes, constants_bytes;
    uint32_t kernels, calls_predict, calls_train;
};

/* A row per layer: shape, parameters, frozen or trained, multiplications, memory; then totals. plan
 * may be NULL. */
void front_explain(const struct net *net, const struct recipe *r, const struct binding *binding,
                   const struct explain_plan *plan, FILE *out);

/* Which tensor goes to which parameter, and what is left over on both sides and why. */
void front_map(const struct net *net, const struct recipe *r, const struct binding *binding,
               FILE *out);

/* What is in a weight file: format, tensors with statistics, totals, metadata, entries passed over.
 */
void front_inspect(const struct weights *w, FILE *out);

#endif
