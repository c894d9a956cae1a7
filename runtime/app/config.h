/* The recipe as the application needs it, taken from what the compiler put into the program (runtime/recipe/recipe.h) and
 * from the sizes of its interface; nothing is parsed. Texts and calls are the program's. */
#ifndef FTMRT_APP_CONFIG_H
#define FTMRT_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "cache_choice.h"
#include "data_split.h"
#include "ftmrt.h"
#include "network.h"
#include "recipe.h"
#include "source.h"
#include "transform.h"

/* An input of the network, the pipeline that makes it of a picture, and what goes with it. */
struct config_input {
    const char *name;
    int64_t channels, height, width;
    struct ftmrt_pipeline transform;
    enum ftmrt_label_kind labels; /* that the entry takes */
    int64_t classes;              /* or other outputs: the length of a vector */
    const struct ftmrt_call
        *mix; /* what makes one sample of several of a batch; NULL: nothing does */
};

/* The words of the recipe's `best`, in their order. */
enum best_by {
    BEST_BY_AUTO,
    BEST_BY_ACCURACY,
    BEST_BY_LOSS,
    BEST_BY_MACRO_F1,
    BEST_BY_BALANCED_ACCURACY
};

/* The words of the recipe's `thresholds`, in their order. */
enum thresholds_by { THRESHOLDS_HALF, THRESHOLDS_F1 };

/* The words of the recipe's `save`, in their order. */
enum save { SAVE_WHOLE, SAVE_CHANGED, SAVE_AS_SOURCE, SAVE_CHANGED_AS_SOURCE };

struct config {
    const char *name, *model;
    char *base;          /* folder that names of files start from, absolute; owned */
    const char *weights; /* name of the file; NULL: random */
    enum task task;
    int64_t classes; /* or other outputs */
    char **labels;   /* `classes` names */
    int64_t
        output_count; /* values that the network makes of an image: classes, times the pixels of a map */
    struct config_input input_train, input_eval;        /* of training, and of all else */
    const struct ftmrt_call *train, *test, *validation; /* data sources, or NULL */
    struct ftmrt_picture_options pictures;
    bool fast_jpeg;                /* pictures.least is set, where the transforms let it */
    struct cache_choice cache;     /* what is kept between epochs */
    const struct ftmrt_call *data; /* the block */
    const struct ftmrt_call
        *unlabelled; /* a source of pictures of which only teachers say something, or NULL */
    double validation_percent;     /* of train, if there is no validation source */
    enum split_kind split;         /* how */
    int64_t fold, folds;           /* of SPLIT_FOLD, --fold; 0 of so many: nothing validates */
    char *split_file;              /* of SPLIT_FILE: its path; owned */
    char *preprocess;              /* input_eval's transform as JSON, for trained files */
    const struct ftmrt_call *loss; /* or the first of a sum, */
    bool sum_of_losses;            /* with factors */
    const int64_t *ignored;        /* the label that does not count in the loss; NULL: all do */
    const struct ftmrt_call
        *optimizer;                   /* of the phase that is running, at first of the first one */
    struct ftmrt_call *own_optimizer; /* where `optimizer` is not the program's; owned, */
    struct ftmrt_arg *own_arguments;  /* as they are */
    int64_t epochs, batch;            /* of all phases; of a step */
    enum best_by best;                /* what the best epoch is chosen by */
    enum thresholds_by thresholds_by;
    float *thresholds; /* [classes]: probabilities above which a label is given; NULL: 1/2; owned */
    int64_t
        patience; /* epochs without a gain of more than min_delta that end the training; 0: none do */
    double min_delta;
    double ema; /* share of the mean of the weights that a step keeps; 0: there is none */
    uint64_t seed;
    double temperature; /* of the weights at hand: by which logits are divided before softmax */
    double
        threshold; /* likewise: of the greatest probability, below which the class is unknown; 0: there is none */
    enum save save; /* how trained files are written */
    bool shuffle;
    int threads; /* that look at data */
};

/* Takes the program's recipe: the compiler has filled in every default. false after a message if it has none that the
 * application can run. */
bool config_read(struct config *c, const struct ftmrt_program *p);
void config_free(struct config *c);

/* Takes what training reads alone, and may change from one to the next, of a recipe that has the program's all else: optimizer, epochs,
 * batch, seed, ema, patience. */
void config_take_settings(struct config *c, const struct ftmrt_recipe *r);

/* How pictures become an input of the network; draws nothing. */
struct ftmrt_transform_task config_task(const struct config_input *input);

/* What a source needs to know of the network: the input that its samples become. data_dir: --data, or NULL. */
struct source_want config_want(const struct config *c, const struct config_input *input,
                               const char *data_dir);

/* How a part of the training data is taken for validation, where it has no source of its own. */
struct split_rule config_split(const struct config *c);

/* Which variant of its samples an epoch of training (from 1) has, from 1, where it goes through some (`cache = views(8)`): it draws as that
 * epoch does. 0: it draws as itself, or nothing. */
uint64_t config_view(const struct config *c, uint64_t epoch);

/* Says what is not as exact as it could be: `jpeg = fast`, `cache = views(8)`. */
void config_say_pictures(const struct config *c);

/* Whether numbers are learnt in units of their own (target_scale.h). */
bool config_standardizes(const struct config *c);

/* Whether training has images of another size than evaluation. */
bool config_two_sizes(const struct config *c);

/* The logit above which a label is given, where a sample has any number of them. */
double config_threshold(const struct config *c, int64_t k);

/* The share of a label that the loss spreads over all classes; 0 where it has no such parameter. */
double config_label_smoothing(const struct config *c);

#endif
