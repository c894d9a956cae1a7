/* The recipe as the application needs it: what was bound, and the sizes of the program's interface. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "call_json.h"
#include "report.h"

/* The first value of a role among the inputs or outputs of the program's own entries, or NULL. */
static const struct ftmrt_value *value_of(const struct ftmrt_program *p, enum ftmrt_role role)
{
    const struct ftmrt_value *v = NULL;
    for (uint32_t i = 0; i < p->entry_count && !v; i++) {
        const struct ftmrt_entry *e = &p->entries[i];
        v = ftmrt_find_value(e->inputs, e->input_count, role, NULL);
        if (!v)
            v = ftmrt_find_value(e->outputs, e->output_count, role, NULL);
    }
    return v;
}

/* What the network takes and makes; false if that is no image and no class. */
static bool read_interface(struct config *c, const struct ftmrt_program *p)
{
    const struct ftmrt_value *input = value_of(p, FTMRT_ROLE_INPUT),
                             *logits = value_of(p, FTMRT_ROLE_LOGITS);
    if (!input || input->rank != 4 || !logits || logits->rank != 2)
        return false;
    c->input_name = input->name;
    c->channels = input->dim[1];
    c->height = input->dim[2];
    c->width = input->dim[3];
    c->classes = logits->dim[1];
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

static struct ftmrt_pipeline pipeline_of(const struct ftmrt_call *transform, enum ftmrt_param param)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(transform, param);
    if (a->kind != FTMRT_ARG_CALLS)
        return (struct ftmrt_pipeline){NULL, 0};
    return (struct ftmrt_pipeline){a->calls, a->count};
}

static void read_data(struct config *c, const struct ftmrt_call *data)
{
    const struct ftmrt_arg *validation = ftmrt_call_arg(data, FTMRT_PARAM_data_validation);
    c->train = ftmrt_call_inner(data, FTMRT_PARAM_data_train);
    c->test = ftmrt_call_inner(data, FTMRT_PARAM_data_test);
    if (validation->kind == FTMRT_ARG_NUMBER)
        c->validation_percent = validation->number;
    else
        c->validation = ftmrt_call_inner(data, FTMRT_PARAM_data_validation);
}

static void read_recipe(struct config *c, const struct ftmrt_recipe *r)
{
    const struct ftmrt_call *f = &r->finetune;
    const char *weights = ftmrt_call_text(f, FTMRT_PARAM_finetune_weights);
    const char *slash = weights ? strrchr(weights, '/') : NULL;
    c->name = r->name;
    c->base = r->base;
    c->model = ftmrt_call_text(f, FTMRT_PARAM_finetune_model);
    c->weights = slash ? slash + 1 : weights;
    c->optimizer = ftmrt_call_inner(f, FTMRT_PARAM_finetune_optimizer);
    c->schedule = ftmrt_call_inner(f, FTMRT_PARAM_finetune_schedule);
    c->epochs = ftmrt_call_integer(f, FTMRT_PARAM_finetune_epochs);
    c->batch = ftmrt_call_integer(f, FTMRT_PARAM_finetune_batch);
    c->seed = (uint64_t)ftmrt_call_integer(f, FTMRT_PARAM_finetune_seed);
    c->shuffle = ftmrt_call_integer(f, FTMRT_PARAM_finetune_shuffle) != 0;
    read_labels(c, ftmrt_call_arg(f, FTMRT_PARAM_finetune_labels));
    read_data(c, ftmrt_call_inner(f, FTMRT_PARAM_finetune_data));
    const struct ftmrt_call *transform = ftmrt_call_inner(f, FTMRT_PARAM_finetune_transform);
    c->transform_train = pipeline_of(transform, FTMRT_PARAM_transform_train);
    c->transform_eval = pipeline_of(transform, FTMRT_PARAM_transform_eval);
    c->preprocess = pipeline_json(&c->transform_eval);
}

bool config_read(struct config *c, const struct ftmrt_program *p)
{
    *c = (struct config){0};
    if (!p->recipe)
        return report_error(
            "this program was made without a recipe: its entries are for a library");
    if (!read_interface(c, p))
        return report_error("this program does not compute classes from an image");
    read_recipe(c, p->recipe);
    return true;
}

void config_free(struct config *c)
{
    for (int64_t i = 0; c->labels && i < c->classes; i++)
        free(c->labels[i]);
    free(c->labels);
    free(c->preprocess);
    *c = (struct config){0};
}

struct source_want config_want(const struct config *c, const char *data_dir)
{
    return (struct source_want){.base = c->base,
                                .data_dir = data_dir,
                                .channels = c->channels,
                                .height = c->height,
                                .width = c->width,
                                .classes = c->classes,
                                .labels = c->labels};
}

bool config_scalar(const struct config *c, const char *name, double *value)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->optimizer->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!strcmp(info->params[i].name, name) && c->optimizer->args[i].kind == FTMRT_ARG_NUMBER) {
            *value = c->optimizer->args[i].number;
            return true;
        }
    return false;
}
