/* The recipe as the application needs it: what was bound, and the sizes of the program's interface. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call_json.h"
#include "phase_plan.h"
#include "program_folder.h"
#include "report.h"

/* kind: of the entry that takes the labels. */
static struct config_input input_from(const struct ftmrt_program *p, const struct ftmrt_value *v,
                                      enum ftmrt_entry_kind kind, int64_t classes)
{
    return (struct config_input){.name = v->name,
                                 .channels = v->dim[1],
                                 .height = v->dim[2],
                                 .width = v->dim[3],
                                 .labels = network_labels(p, kind),
                                 .classes = classes};
}

/* Whether the image is all that the program takes of a sample, itself or for its features: sources give nothing else. */
static bool check_inputs(const struct ftmrt_program *p)
{
    for (int kind = 0; kind < FTMRT_ENTRY_KIND_COUNT; kind++) {
        const struct ftmrt_value *other = network_input_at(p, (enum ftmrt_entry_kind)kind, 1);
        if (other)
            return report_error("this program takes '%s' beside the image, which no data source "
                                "gives; a library does: `ftmc RECIPE.ftm --emit=lib`",
                                other->name);
    }
    return true;
}

/* What the network takes and makes; false if that is no image and no class. */
static bool read_interface(struct config *c, const struct ftmrt_program *p)
{
    const struct ftmrt_value *logits = network_logits(p),
                             *eval = network_input(p, FTMRT_ENTRY_PREDICT),
                             *train = network_input(p, FTMRT_ENTRY_TRAIN);
    const enum ftmrt_entry_kind labelled = train ? FTMRT_ENTRY_TRAIN : FTMRT_ENTRY_EVAL;
    train = train ? train : eval; /* of a program that only predicts */
    if (!eval || eval->rank != 4 || train->rank != 4 || !logits ||
        (logits->rank != 2 && logits->rank != 4))
        return false;
    c->classes = logits->dim[1];
    c->input_eval = input_from(p, eval, FTMRT_ENTRY_EVAL, c->classes);
    c->input_train = input_from(p, train, labelled, c->classes);
    c->output_count = ftmrt_elements(logits->rank - 1, logits->dim + 1);
    return true;
}

/* A name for each class: its number, where the recipe has none. */
static void read_labels(struct config *c, const struct ftmrt_arg *labels)
{
    c->labels = app_alloc((size_t)c->classes, sizeof *c->labels);
    for (int64_t i = 0; i < c->classes; i++)
        c->labels[i] = labels->kind == FTMRT_ARG_TEXTS && i < labels->count
                           ? app_strdup(labels->texts[i])
                           : app_format("%lld", (long long)i);
}

/* A word of the row, or a file, whose name starts where the recipe is. */
static void read_split(struct config *c, const struct ftmrt_call *data)
{
    const int word = ftmrt_call_word(data, FTMRT_PARAM_data_split);
    c->split = word < 0 ? SPLIT_FILE : (enum split_kind)word;
    if (word < 0)
        c->split_file = source_locate(ftmrt_call_text(data, FTMRT_PARAM_data_split),
                                      &(struct source_want){.base = c->base});
}

static void read_data(struct config *c, const struct ftmrt_call *data)
{
    const struct ftmrt_arg *validation = ftmrt_call_arg(data, FTMRT_PARAM_data_validation);
    c->train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    c->test = ftmrt_call_inner(data, FTMRT_PARAM_data_test);
    c->data = data;
    c->unlabelled = ftmrt_call_inner(data, FTMRT_PARAM_data_unlabelled);
    c->pictures = ftmrt_picture_options_of(data);
    c->fast_jpeg = ftmrt_call_word(data, FTMRT_PARAM_data_jpeg) > 0;
    c->cache = cache_choice_of(data);
    read_split(c, data);
    if (validation->kind == FTMRT_ARG_NUMBER)
        c->validation_percent = validation->number;
    else
        c->validation = ftmrt_call_inner(data, FTMRT_PARAM_data_validation);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* What training and evaluation both need of a picture: they may read the same source. */
static void read_least(struct config *c)
{
    struct ftmrt_least train, eval;
    if (!ftmrt_pipeline_least(&c->input_train.transform, &train.height, &train.width,
                              &train.shorter) ||
        !ftmrt_pipeline_least(&c->input_eval.transform, &eval.height, &eval.width, &eval.shorter))
        return;
    c->pictures.least = (struct ftmrt_least){.height = larger(train.height, eval.height),
                                             .width = larger(train.width, eval.width),
                                             .shorter = larger(train.shorter, eval.shorter)};
}

uint64_t config_view(const struct config *c, uint64_t epoch)
{
    const uint64_t views = (uint64_t)c->cache.views;
    return views && epoch && ftmrt_pipeline_random(&c->input_train.transform)
               ? (epoch - 1) % views + 1
               : 0;
}

void config_say_pictures(const struct config *c)
{
    const struct ftmrt_least *l = &c->pictures.least;
    if (config_view(c, 1))
        report_note(
            "cache = views(%lld): training goes through %lld variants of each sample instead "
            "of new ones in each epoch, which is an approximation",
            (long long)c->cache.views, (long long)c->cache.views);
    if (!c->fast_jpeg)
        return;
    if (l->height || l->shorter)
        report_note(
            "jpeg = fast: JPEG files are decoded at 1/2, 1/4 or 1/8 of their size where %lld "
            "pixels%s are left; exact is the default",
            (long long)(l->shorter ? l->shorter : l->height), l->shorter ? " a side" : "");
    else
        report_note("jpeg = fast does nothing: the first step that looks at sizes is no resize in "
                    "both pipelines");
}

/* Whatever is there of a number that may be left out. */
static double number_of(const struct ftmrt_call *c, enum ftmrt_param param)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(c, param);
    return a->kind == FTMRT_ARG_NUMBER ? a->number : 0;
}

void config_take_settings(struct config *c, const struct ftmrt_recipe *r)
{
    const struct ftmrt_call *f = &r->finetune;
    const struct ftmrt_arg *patience = ftmrt_call_arg(f, FTMRT_PARAM_finetune_patience);
    c->optimizer = phases_optimizer(r);
    c->epochs = phases_epochs(r);
    c->batch = ftmrt_call_integer(f, FTMRT_PARAM_finetune_batch);
    c->seed = (uint64_t)ftmrt_call_integer(f, FTMRT_PARAM_finetune_seed);
    c->ema = number_of(f, FTMRT_PARAM_finetune_ema);
    c->patience = patience->kind == FTMRT_ARG_INTEGER ? patience->integer : 0;
    c->min_delta = number_of(f, FTMRT_PARAM_finetune_min_delta);
}

static void read_recipe(struct config *c, const struct ftmrt_recipe *r)
{
    const struct ftmrt_call *f = &r->finetune;
    const char *weights = ftmrt_call_text(f, FTMRT_PARAM_finetune_weights);
    const char *slash = weights ? strrchr(weights, '/') : NULL;
    c->name = r->name;
    c->base = program_path(r->base);
    c->model = ftmrt_call_text(f, FTMRT_PARAM_finetune_model);
    c->weights = slash ? slash + 1 : weights;
    config_take_settings(c, r);
    c->loss = ftmrt_call_inner(f, FTMRT_PARAM_finetune_loss);
    c->sum_of_losses = ftmrt_call_arg(f, FTMRT_PARAM_finetune_loss_factors)->kind != FTMRT_ARG_NONE;
    c->ignored = network_ignored(c->loss);
    c->shuffle = ftmrt_call_integer(f, FTMRT_PARAM_finetune_shuffle) != 0;
    c->best = (enum best_by)ftmrt_call_word(f, FTMRT_PARAM_finetune_best);
    c->thresholds_by = (enum thresholds_by)ftmrt_call_word(f, FTMRT_PARAM_finetune_thresholds);
    c->save = (enum save)ftmrt_call_word(f, FTMRT_PARAM_finetune_save);
    read_labels(c, ftmrt_call_arg(f, FTMRT_PARAM_finetune_labels));
    const struct ftmrt_call *data = ftmrt_call_inner(f, FTMRT_PARAM_finetune_data);
    read_data(c, data);
    c->input_train.mix = ftmrt_call_inner(f, FTMRT_PARAM_finetune_mix);
    c->task = network_task(r);
    const struct ftmrt_call *transform = ftmrt_call_inner(f, FTMRT_PARAM_finetune_transform);
    c->input_train.transform = ftmrt_pipeline_of(transform, FTMRT_PARAM_transform_train);
    c->input_eval.transform = ftmrt_pipeline_of(transform, FTMRT_PARAM_transform_eval);
    if (c->fast_jpeg)
        read_least(c);
    c->preprocess = pipeline_json(&c->input_eval.transform);
}

bool config_read(struct config *c, const struct ftmrt_program *p)
{
    *c = (struct config){.temperature = 1};
    if (!p->recipe)
        return report_error(
            "this program was made without a recipe: its entries are for a library");
    if (!read_interface(c, p))
        return report_error("this program does not compute classes from an image");
    if (!check_inputs(p))
        return false;
    read_recipe(c, p->recipe);
    return true;
}

void config_free(struct config *c)
{
    for (int64_t i = 0; c->labels && i < c->classes; i++)
        free(c->labels[i]);
    free(c->labels);
    free(c->base);
    free(c->preprocess);
    free(c->split_file);
    free(c->thresholds);
    free(c->own_optimizer);
    free(c->own_arguments);
    *c = (struct config){0};
}

struct ftmrt_transform_task config_task(const struct config_input *input)
{
    return (struct ftmrt_transform_task){.pipeline = input->transform,
                                         .channels = (int)input->channels,
                                         .height = input->height,
                                         .width = input->width};
}

struct source_want config_want(const struct config *c, const struct config_input *input,
                               const char *data_dir)
{
    return (struct source_want){.base = c->base,
                                .data_dir = data_dir,
                                .classes = c->classes,
                                .labels = c->labels,
                                .task = config_task(input),
                                .vector = ftmrt_loss_info(c->loss->id)->vector,
                                .pictures = c->pictures,
                                .data = c->data,
                                .skips = ftmrt_call_word(c->data, FTMRT_PARAM_data_on_error) == 1,
                                .threads = c->threads,
                                .ignored = c->ignored};
}

struct split_rule config_split(const struct config *c)
{
    return (struct split_rule){.kind = c->split,
                               .file = c->split_file,
                               .fold = c->fold,
                               .folds = c->folds,
                               .percent = c->validation_percent,
                               .group = ftmrt_call_text(c->data, FTMRT_PARAM_data_group),
                               .seed = c->seed,
                               .labels = c->labels,
                               .classes = c->classes,
                               .threads = c->threads};
}

bool config_standardizes(const struct config *c)
{
    const char *targets = ftmrt_call_text(c->data, FTMRT_PARAM_data_targets);
    return targets && !strcmp(targets, "standardize");
}

bool config_two_sizes(const struct config *c)
{
    const struct config_input *train = &c->input_train, *eval = &c->input_eval;
    return train->height != eval->height || train->width != eval->width;
}

double config_threshold(const struct config *c, int64_t k)
{
    const double p = c->thresholds ? (double)c->thresholds[k] : 0.5;
    return log(p / (1 - p));
}

double config_label_smoothing(const struct config *c)
{
    const struct ftmrt_arg *given = ftmrt_call_named(c->loss, "label_smoothing");
    return given ? given->number : 0;
}
