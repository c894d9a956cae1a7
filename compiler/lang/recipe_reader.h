/* The recipe while it is read: its settings, and the network that its edits and patterns change.
 *
 *     settings.c   settings
 *     data.c       data, its folders, and the names of classes
 *     transforms.c pipelines, preprocess
 *     labels.c     what labels are
 *     target_scale_insert.c  in which units numbers are learnt
 *     schedules.c  what schedules ask for
 *     groups.c     group
 *     lr_decay.c   lr_decay
 *     blocks.c     the blocks that lr_decay and depth() count
 *     phases.c     parts of the training
 *     teachers.c   networks that the recipe's own learns from
 *     search.c     what a search goes over
 *     search_compiled.c  and that is compiled into programs
 *     edit.c       replace, insert, remove, set
 *     adapt.c      adapt
 *     freezing.c   freeze and train
 *     sizes.c      one network for two sizes of image
 *     read.c       the order of all this */
#ifndef FTM_LANG_RECIPE_READER_H
#define FTM_LANG_RECIPE_READER_H

#include "builder.h"
#include "finetune.h"
#include "transform.h"

struct recipe_reader {
    struct arena *arena;
    struct diag *diag;
    const struct files *files;
    struct builder *builder;
    struct recipe *recipe;
    struct image_size eval_image, train_image; /* that the pipelines make */
    struct ftmrt_form eval_form, train_form;   /* and what they have made of a picture */
    const struct decl *model;                  /* that the recipe calls */
};

/* Every setting as its row has it: before all others. */
void read_defaults(struct recipe_reader *r);
/* Classes, labels and the model first (they are needed to build the network), then the rest. */
void read_classes(struct recipe_reader *r, struct frame *scope);
void read_transforms(struct recipe_reader *r, struct frame *scope);
void read_settings(struct recipe_reader *r, struct frame *scope);
/* The loss that is written, before settings are read; the row's where it makes no sense. */
enum ftmrt_call_id written_loss(struct recipe_reader *r);
/* The expression of the loss, or of the first term of a sum (loss_sum.c). */
const struct expr *first_loss(const struct expr *e);
/* Reads `loss`: a call, or a sum of calls with factors. */
void read_loss(struct recipe_reader *r, struct frame *scope, const struct ftmrt_param_info *p,
               const struct recipe_stmt *stmt);
/* Whether the terms of a sum go together, as losses of labels of a kind. */
void check_loss_sum(struct recipe_reader *r, enum ftmrt_label_kind kind, struct span span);
/* What labels of tables are, where it is not written: by the loss. */
void settle_label_kinds(struct recipe_reader *r, const struct recipe_stmt *data);
/* In which units numbers are learnt, where it is not written; and whether it can be. */
void settle_targets(struct recipe_reader *r, struct span span);
/* Puts the layer that brings them back to the data's units behind the output, if they are others. false after a report. */
bool add_target_scale(struct recipe_reader *r, struct frame *scope);
/* Whether sources, loss and mixing agree on what a label is. */
void check_labels(struct recipe_reader *r);
/* Whether `cache = views()` can keep anything, and that it is an approximation. */
void check_cache(struct recipe_reader *r);
/* What the schedule asks for beyond its row, and what any does. */
void check_schedule(struct recipe_reader *r);
void check_schedule_call(struct recipe_reader *r, const struct ftmrt_call *c, struct span span);
/* Whether an optimizer that the statement s gives has a rate; nothing where s is NULL. */
void check_rate(struct recipe_reader *r, const struct recipe_stmt *s, const struct ftmrt_call *c);
/* How many phases the training has; what is written in them, with the other settings; and what they leave out, when the recipe's own
 * values are known. */
void count_phases(struct recipe_reader *r);
void read_phases(struct recipe_reader *r, struct frame *scope);
void settle_phases(struct recipe_reader *r);
/* What a search goes over, when all settings are known. */
void read_search(struct recipe_reader *r, struct frame *scope);
/* The statement of a phase, from 0; NULL: there are fewer. */
const struct recipe_stmt *find_phase(const struct recipe_reader *r, uint32_t number);
/* Whether there are classes to choose from. */
void check_class_count(struct recipe_reader *r);
/* The teachers, behind the recipe's own network, of which they share classes and images. */
void read_teachers(struct recipe_reader *r, struct frame *scope);
/* The network of the model call for images of one size, edited and frozen. false: it is of no use. */
bool build_network(struct recipe_reader *r, struct frame *scope, const struct image_size *image);
/* The edits in their order; false: what comes behind them makes no sense any more. */
bool read_edits(struct recipe_reader *r, struct frame *scope);
/* Adapts the layers that a statement's patterns match. false after a report. */
bool adapt_layers(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt);
/* freeze and train, behind all edits. */
void read_freezing(struct recipe_reader *r);
/* The groups of the recipe, with the settings; and which parameters are in which, when it is known what trains. */
void read_groups(struct recipe_reader *r);
void settle_groups(struct recipe_reader *r);
/* Makes factors of the values that groups have of their own, when the optimizer's are known. */
void settle_group_values(struct recipe_reader *r);
/* `lr_decay`, behind the groups: blocks of the network have groups of their own. */
void settle_lr_decay(struct recipe_reader *r);
/* The statement of a group as the resolved recipe has it. */
const char *group_text(const struct recipe_reader *r, const struct recipe_stmt *s);

/* Whether a pattern of freeze, train, group or adapt matches a layer: its kind, its path, or one above it. */
bool pattern_matches_layer(struct recipe_reader *r, const struct pattern *p, const struct layer *l);
/* Whether a pattern of freeze, train or group matches a parameter of a layer. */
bool pattern_matches(struct recipe_reader *r, const struct pattern *p, const struct layer *l,
                     const struct layer_param *param);
/* Says that a pattern of such a statement matches nothing. */
void report_unmatched(struct recipe_reader *r, enum recipe_kind kind, const struct pattern *p);

/* The phases in which layers that draw random numbers are off; `every` has a bit for each phase. Trainable parameters are
 * known. */
void settle_draws(struct net *net, uint32_t every);

/* Whether a pattern of names says something; reports what is wrong with it. */
bool check_pattern(struct recipe_reader *r, const char *pattern, struct span span);

/* "160 x 160" */
const char *image_text(struct arena *arena, const struct image_size *image);
/* Whether the network that r->builder has made for the images of training has the layers with parameters of `eval`, and
 * their shapes; reports what differs. */
bool check_sizes(struct recipe_reader *r, const struct net *eval);

/* The expression of a setting that is given, or NULL. */
const struct expr *setting_value(struct recipe_reader *r, const char *name);
/* Reads the value of a key into its argument, which otherwise stays as it was. false after a report. */
bool read_key(struct recipe_reader *r, struct frame *scope, const struct ftmrt_param_info *p,
              const struct recipe_stmt *stmt, struct ftmrt_arg *out);
/* Unknown and repeated keys of a block. */
void check_block(struct recipe_reader *r, const struct recipe_stmts *stmts, enum recipe_kind kind,
                 enum ftmrt_call_id block);
/* `labels`: a list, or a file with a name on each line. */
void read_labels(struct recipe_reader *r, struct frame *scope);
/* `data`, and the labels that it gives where the recipe has none. */
void read_data(struct recipe_reader *r, struct frame *scope);

/* The blocks of a network in the order of its layers, and which one each layer is in. */
struct blocks {
    VEC(const char *) names;
    uint32_t *of; /* by layer */
};
struct blocks find_blocks(struct recipe_reader *r);
/* How much of a layer's path is its block's: the first part, and its number where one follows. */
size_t block_length(const char *path);

/* Whether a search can go over programs of which each has another value of what a path names, as it is compiled into them. */
bool search_is_compiled(const char *path);
/* Reads such a statement `over`: its list as texts that -D takes. false after a report. */
bool read_compiled_over(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *s,
                        struct ftmrt_arg *args);

/* The argument of a key of a block of the recipe. */
struct ftmrt_arg *block_arg(struct recipe *r, enum ftmrt_param block, enum ftmrt_param key);
/* The statement `name = ...` or `transform name = ...`, or NULL. */
const struct recipe_stmt *find_setting(const struct recipe_reader *r, enum recipe_kind kind,
                                       const char *name);

#endif
