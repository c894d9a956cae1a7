/* The recipe as the application needs it, read from the JSON that the compiler put into the
 * program. */
#ifndef FTMRT_APP_CONFIG_H
#define FTMRT_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "ftmrt.h"

enum { CONFIG_MAX_TRANSFORMS = 16, CONFIG_MAX_CHANNELS = 4 };

enum step_kind { STEP_RESIZE, STEP_CENTER_CROP, STEP_TO_GREY, STEP_TO_RGB, STEP_NORMALIZE };

/* One step of a transform pipeline (the language's transforms). */
struct transform_step {
    enum step_kind kind;
    int64_t height, width; /* resize: width 0 means that height is the size of the shorter side */
    int channels;          /* of mean and std; 1: the same for all */
    double scale, mean[CONFIG_MAX_CHANNELS], std[CONFIG_MAX_CHANNELS];
};

struct transform_pipeline {
    int count;
    struct transform_step steps[CONFIG_MAX_TRANSFORMS];
    char *json; /* as it stands in the recipe, for the trained file */
};

struct data_config {
    char *kind; /* "idx", "npy"; NULL: none */
    char *images, *labels;
};

struct config {
    char *name, *model, *weights, *base;
    int64_t classes;
    char **labels; /* `classes` names */
    char *input_name;
    int64_t channels, height, width;
    struct data_config train, test, validation;
    double validation_percent;
    struct transform_pipeline transform_train, transform_eval;
    double lr, momentum, weight_decay;
    char *schedule; /* of the learning rate, by the name of its row in lr_schedule.c */
    double warmup_epochs;
    int64_t epochs, batch;
    uint64_t seed;
    bool shuffle;
};

/* Reads the program's recipe. Nothing has a default here: an absent key is an error, as the compiler writes them all.
 * false after a message that names it; c is empty then. */
bool config_read(struct config *c, const struct ftmrt_program *p);
void config_free(struct config *c);

#endif
