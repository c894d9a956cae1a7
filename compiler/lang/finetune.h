/* The recipe after checking: what `finetune { ... }` says, with every default filled in.
 *
 * settings.c and transforms.c make it, beside the net; lower.c turns both into the program; recipe_text.c
 * prints it as text, codegen/tables_recipe.c as C. What runs is kept as it was bound (struct ftmrt_recipe); only what the compiler alone
 * needs has fields of its own. */
#ifndef FTM_LANG_FINETUNE_H
#define FTM_LANG_FINETUNE_H

#include "diag.h"
#include "recipe.h"
#include "vec.h"

struct weight_rename {
    const char *from, *to;
    struct span span;
};

struct weight_skip {
    const char *pattern;
    struct span span;
};

/* Parameters whose update goes by other values: factors of the optimizer's. */
struct recipe_group {
    const char *name; /* its patterns */
    struct span span;
    double lr, weight_decay;
    bool own_lr,
        own_weight_decay; /* values of its own, until settle_group_values makes factors of them */
};

struct published;

struct net;
struct recipe;

enum { TEACHER_CHANNELS = 4 };

/* A network that the recipe's own learns from: a recipe of its own that only predicts, on the images of training. */
struct recipe_teacher {
    const char *name;
    struct span span;
    struct net *net;
    struct recipe *recipe;
    double temperature, share;
    int64_t height, width; /* of the images that it wants: those of training, */
    double factor[TEACHER_CHANNELS],
        summand[TEACHER_CHANNELS]; /* each channel times and plus this */
};

struct recipe {
    struct ftmrt_recipe bound;  /* its base is the driver's to set */
    struct ftmrt_arg *settings; /* the arguments of bound.finetune */
    uint32_t
        phases; /* of the training, one after the other; what trains in each is a bit (net.h) */
    VEC(const char *) imports; /* paths of the file's import statements as written, in order */
    const char *from;          /* weights { from "dictionary" }, or NULL */
    const char *strip;         /* weights { strip "prefix" }, or NULL */
    VEC(struct weight_rename) renames;
    VEC(struct weight_skip) skips;
    VEC(struct recipe_group) groups; /* net.h: parameters have their number */
    VEC(struct recipe_teacher) teachers;
    VEC(const char *) edits;           /* the statements, as text in order, for the resolved form */
    const struct published *published; /* weights of the model, or NULL */
    bool given_weights;                /* the command line names the weight file, not the recipe */
    const char *own_weights;           /* the recipe's then, or NULL */
    struct span weights_span, span;
    const char *
        classes_from; /* "`labels` in line 7 has 3": how many classes there are; NULL: the network does */
};

/* Whether numbers are learnt in other units than the data has; and the label of the layer that then ends the network. */
bool recipe_standardizes(const struct recipe *r);
#define TARGET_SCALE "targets"

/* A bit for each phase of the training. */
static inline uint32_t recipe_every_phase(const struct recipe *r)
{
    return r->phases < 32 ? ((uint32_t)1 << r->phases) - 1 : UINT32_MAX;
}

/* The blocks `phase`, from 0, and how many there are: 0, where the training is one. */
static inline const struct ftmrt_arg *recipe_phases(const struct recipe *r)
{
    return ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_phases);
}

static inline const struct ftmrt_call *recipe_phase_optimizer(const struct recipe *r, uint32_t i)
{
    const struct ftmrt_arg *a =
        ftmrt_call_arg(&recipe_phases(r)->calls[i], FTMRT_PARAM_phase_optimizer);
    return a->kind == FTMRT_ARG_CALLS ? a->calls : NULL;
}

static inline const char *recipe_phase_name(const struct recipe *r, uint32_t i)
{
    return ftmrt_call_text(&recipe_phases(r)->calls[i], FTMRT_PARAM_phase_name);
}

/* Whether every phase has this setting of a finetune itself, where there are phases. */
bool recipe_is_of_phases(enum ftmrt_param param);

/* A setting, to be set. */
static inline struct ftmrt_arg *recipe_setting(struct recipe *r, enum ftmrt_param param)
{
    return &r->settings[(unsigned)param % FTMRT_PARAM_LIMIT];
}

/* A setting's value (recipe.h). */
static inline int64_t recipe_integer(const struct recipe *r, enum ftmrt_param param)
{
    return ftmrt_call_integer(&r->bound.finetune, param);
}

static inline const char *recipe_text(const struct recipe *r, enum ftmrt_param param)
{
    return ftmrt_call_text(&r->bound.finetune, param);
}

/* The terms of the loss. */
static inline const struct ftmrt_arg *recipe_losses(const struct recipe *r)
{
    return ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_loss);
}

/* The factor of a term of the loss. */
static inline double recipe_loss_factor(const struct recipe *r, uint32_t term)
{
    const struct ftmrt_arg *a =
        ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_loss_factors);
    return a->kind == FTMRT_ARG_NUMBERS ? a->numbers[term] : 1;
}

static inline const struct ftmrt_call *recipe_call(const struct recipe *r, enum ftmrt_param param)
{
    return ftmrt_call_inner(&r->bound.finetune, param);
}

/* How many classes; 0 while only the network will tell. */
static inline int64_t recipe_classes(const struct recipe *r)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_classes);
    return a->kind == FTMRT_ARG_NONE ? 0 : a->integer;
}

#endif
