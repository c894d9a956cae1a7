/* What the files of the front share while one description is read: declarations, the network under
 * construction, and the recipe. One struct front lives as long as lang_read().
 *
 *     import.c     text -> declarations of all files
 *     define.c     -D overrides
 *     expressions.c  expressions
 *     elaborate.c  blocks and models: statements
 *     calls.c      arguments of built-in calls
 *     layer.c      layer calls -> struct layer
 *     network.c    shapes, order and names of layers
 *     edit.c       replace, insert, remove, set
 *     freezing.c   freeze and train
 *     transforms.c pipelines, preprocess
 *     settings.c   everything else in `finetune`
 *     read.c       the order of all this */
#ifndef FTM_LANG_FRONT_H
#define FTM_LANG_FRONT_H

#include "ast.h"
#include "calls.h"
#include "finetune.h"
#include "lang.h"
#include "map.h"
#include "net.h"
#include "value.h"

enum {
    FRONT_MAX_CALL_DEPTH = 64,
    FRONT_MAX_STEPS = 1000000,
    FRONT_MAX_LAYERS = 10000,
    FRONT_MAX_IMPORTS = 256,
    FRONT_MAX_LABEL = 200
};

struct front {
    struct arena *arena;
    struct diag *diag;
    const struct lang_options *options;
    struct map files;      /* canonical path -> struct front_file */
    struct map decls;      /* name -> struct decl (block or model) */
    struct map preprocess; /* model's name -> struct decl */
    struct map broken;     /* blocks and models that reported errors: not run again */
    const struct decl *finetune;
    struct net *net;
    struct recipe *recipe;
    struct map paths;      /* label of a live layer -> not NULL */
    struct graph *scratch; /* infers types: one value per layer */
    VEC(value_id) values;
    uint32_t steps, depth;     /* bounded: see above */
    bool stopped;              /* a limit was reported */
    bool import_missing;       /* what is not declared may stand in a file that was not found */
    bool adding;               /* layers come from the recipe, not from the model */
    int64_t channels, size[2]; /* of the images that `transform eval` makes; 0: not known */
    const struct decl *model;  /* the recipe's */
};

struct binding {
    const char *name;
    struct value value;
};

/* One activation of a block or model, or the recipe's own scope. */
struct frame {
    const struct decl *decl;
    const char *scope; /* labels are below it; "" outside */
    VEC(struct binding) names;
    struct map index; /* name -> its number in names, from 1 */
    bool returned;
    struct value result;
    const char *output_name; /* of a model */
};

/* ---- import.c */
bool front_load(struct front *f);

/* ---- define.c: applies the -D texts to the finetune's statements. */
void front_define(struct front *f);

/* ---- expressions.c */
struct value eval(struct front *f, struct frame *frame, const struct expr *e);
/* A call; implicit, if not NULL, becomes its first argument. */
struct value eval_call(struct front *f, struct frame *frame, const struct expr *e,
                       const struct value *implicit);
/* The path of a label below the frame's scope; NULL after a report. label may be NULL: NULL. */
const char *eval_label(struct front *f, struct frame *frame, const struct label *label);
void frame_set(struct front *f, struct frame *frame, const char *name, struct value v);
const struct value *frame_get(const struct frame *frame, const char *name);

/* ---- elaborate.c */
struct value run_decl(struct front *f, struct frame *caller, const struct decl *decl,
                      const struct expr *e, const struct value *implicit);
/* Builds the network of the recipe's model call. false after reports. */
bool front_elaborate(struct front *f, struct frame *scope, const struct expr *call);

/* ---- layer.c */
struct value layer_call(struct front *f, struct frame *frame, const struct expr *e,
                        struct bound_call *c);
/* Sets one attribute of a layer from a `set` statement. false after a report. */
bool layer_set(struct front *f, struct frame *frame, struct layer *l, const char *attr,
               const struct recipe_stmt *stmt);

/* ---- network.c */
static inline struct layer *net_layer(struct net *net, layer_id id)
{
    return &net->layers.at[id.i];
}
/* Infers the type and appends; LAYER_NONE after a report. */
layer_id net_add(struct front *f, struct layer l);
/* Infers all types anew, in order. false after a report (of the layer that does not fit). */
bool net_infer(struct front *f);
/* Brings layers into execution order, dropping dead and unreachable ones (with a warning each if
 * warn). */
void net_sort(struct front *f, bool warn);
/* Whether a layer is the named one, or belongs to the named block. */
bool layer_within(const struct layer *l, const char *name);
/* Reports that no layer has this name, with the nearest one. */
void report_unknown_layer(struct front *f, const char *name, struct span span);

/* ---- edit.c, freezing.c, transforms.c, settings.c */
bool front_edit(struct front *f, struct frame *scope);
void front_freeze(struct front *f);
void front_transforms(struct front *f, struct frame *scope);
/* classes, labels and the model first (they are needed to build the network), then the rest. */
void front_classes(struct front *f, struct frame *scope);
void front_settings(struct front *f, struct frame *scope);
/* Every setting as its row has it: before all others. */
void settings_default(struct front *f);
/* The argument of a key of a block of the recipe. */
struct ftmrt_arg *block_arg(struct recipe *r, enum ftmrt_param block, enum ftmrt_param key);
/* The statement `name = ...` or `transform name = ...`, or NULL. */
const struct recipe_stmt *find_setting(const struct front *f, enum recipe_kind kind,
                                       const char *name);

#endif
