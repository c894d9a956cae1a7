/* The recipe as the application needs it: JSON to struct config. */
#include "config.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Memory of the calls, freed with the config. */
struct config_block {
    struct config_block *next;
    max_align_t bytes[];
};

/* Reads the JSON; the first key that is absent or of another type is remembered, so that callers need not ask
 * each time. */
struct reader {
    const char *missing; /* NULL: everything was there */
    struct config_block *blocks;
};

static void *take(struct reader *r, size_t count, size_t size)
{
    struct config_block *b = app_alloc(1, sizeof *b + count * size);
    b->next = r->blocks;
    r->blocks = b;
    return b->bytes;
}

static void note_missing(struct reader *r, const char *key, bool there)
{
    if (!there && !r->missing)
        r->missing = key;
}

static char *text_of(struct reader *r, const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    note_missing(r, key, s != NULL);
    return s ? app_strdup(s) : NULL;
}

/* NULL where the recipe says that there is none. */
static char *text_or_none(struct reader *r, const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key)) ? NULL : text_of(r, object, key);
}

static double number_of(struct reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    note_missing(r, key, json_is_number(v));
    return json_number_value(v);
}

static int64_t integer_of(struct reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    note_missing(r, key, json_is_integer(v));
    return (int64_t)json_integer_value(v);
}

static bool flag_of(struct reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    note_missing(r, key, json_is_boolean(v));
    return json_is_true(v);
}

/* A list of at least `least` and at most `most` items. */
static const json_t *list_of(struct reader *r, const json_t *object, const char *key, size_t least,
                             size_t most)
{
    const json_t *v = json_object_get(object, key);
    note_missing(r, key,
                 json_is_array(v) && json_array_size(v) >= least && json_array_size(v) <= most);
    return v;
}

static const json_t *object_of(struct reader *r, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    note_missing(r, key, json_is_object(v));
    return v;
}

/* ---- calls ---- */

static struct ftmrt_arg numbers_arg(struct reader *r, const json_t *list)
{
    const size_t n = json_array_size(list);
    double *at = take(r, n, sizeof *at);
    for (size_t i = 0; i < n; i++)
        at[i] = json_number_value(json_array_get(list, i));
    return (struct ftmrt_arg){.kind = FTMRT_ARG_NUMBERS, .count = (uint32_t)n, .numbers = at};
}

static struct ftmrt_arg text_arg(struct reader *r, const char *text)
{
    char *copy = take(r, strlen(text) + 1, 1);
    strcpy(copy, text);
    return (struct ftmrt_arg){.kind = FTMRT_ARG_TEXT, .text = copy};
}

static struct ftmrt_arg integer_arg(int64_t v)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_INTEGER, .integer = v};
}

/* The argument of a parameter; one of another type is missing. */
static struct ftmrt_arg read_arg(struct reader *r, const struct ftmrt_param_info *p,
                                 const json_t *v)
{
    const bool number = p->type == FTMRT_TYPE_FLOAT || p->type == FTMRT_TYPE_EPOCHS;
    if (!v && p->value && !p->value[0])
        return (struct ftmrt_arg){.kind = FTMRT_ARG_NONE};
    if (p->type == FTMRT_TYPE_INT && json_is_integer(v))
        return integer_arg((int64_t)json_integer_value(v));
    if (p->type == FTMRT_TYPE_BOOL && json_is_boolean(v))
        return integer_arg(json_is_true(v));
    if (number && json_is_number(v))
        return (struct ftmrt_arg){.kind = FTMRT_ARG_NUMBER, .number = json_number_value(v)};
    if ((p->type == FTMRT_TYPE_STRING || p->type == FTMRT_TYPE_CLASSES) && json_is_string(v))
        return text_arg(r, json_string_value(v));
    if (p->type == FTMRT_TYPE_NUMBERS && json_is_array(v) && json_array_size(v) > 0)
        return numbers_arg(r, v);
    note_missing(r, p->name, false);
    return (struct ftmrt_arg){.kind = FTMRT_ARG_NONE};
}

/* A call of a category: its name under `key`, its arguments under theirs. */
static void read_call(struct reader *r, struct ftmrt_call *c, const json_t *j, const char *key,
                      enum ftmrt_category category)
{
    const char *name = json_string_value(json_object_get(j, key));
    const struct ftmrt_call_info *info = name ? ftmrt_call_find(name) : NULL;
    note_missing(r, key, info && info->category == category);
    if (r->missing)
        return;
    struct ftmrt_arg *args = take(r, info->param_count, sizeof *args);
    for (uint32_t i = 0; i < info->param_count; i++)
        args[i] = read_arg(r, &info->params[i], json_object_get(j, info->params[i].name));
    *c = (struct ftmrt_call){ftmrt_call_id(info), args};
}

static const struct ftmrt_call *call_of(struct reader *r, const json_t *object, const char *key,
                                        enum ftmrt_category category)
{
    struct ftmrt_call *c = take(r, 1, sizeof *c);
    read_call(r, c, object_of(r, object, key), "kind", category);
    return c;
}

/* NULL where the recipe says that there is none. */
static const struct ftmrt_call *call_or_none(struct reader *r, const json_t *object,
                                             const char *key, enum ftmrt_category category)
{
    return json_is_null(json_object_get(object, key)) ? NULL : call_of(r, object, key, category);
}

static struct ftmrt_pipeline pipeline_of(struct reader *r, const json_t *root, const char *key)
{
    const json_t *list = list_of(r, root, key, 0, INT32_MAX);
    const size_t n = json_array_size(list);
    struct ftmrt_call *steps = take(r, n, sizeof *steps);
    for (size_t i = 0; i < n; i++)
        read_call(r, &steps[i], json_array_get(list, i), "op", FTMRT_CATEGORY_TRANSFORM);
    return (struct ftmrt_pipeline){steps, (uint32_t)n};
}

/* ---- the recipe ---- */

static void read_labels(struct reader *r, struct config *c, const json_t *root)
{
    c->classes = integer_of(r, root, "classes");
    const json_t *list = list_of(r, root, "labels", 1, INT32_MAX);
    note_missing(r, "labels", (int64_t)json_array_size(list) == c->classes);
    if (r->missing)
        return;
    c->labels = app_alloc((size_t)c->classes, sizeof(char *));
    for (int64_t i = 0; i < c->classes; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        note_missing(r, "labels", name != NULL);
        c->labels[i] = name ? app_strdup(name) : NULL;
    }
}

static void read_training(struct reader *r, struct config *c, const json_t *root)
{
    c->optimizer = call_of(r, root, "optimizer", FTMRT_CATEGORY_OPTIMIZER);
    c->schedule = call_of(r, root, "schedule", FTMRT_CATEGORY_SCHEDULE);
    c->epochs = integer_of(r, root, "epochs");
    c->batch = integer_of(r, root, "batch");
    c->seed = (uint64_t)integer_of(r, root, "seed");
    c->shuffle = flag_of(r, root, "shuffle");
}

static void read_root(struct reader *r, struct config *c, const json_t *root)
{
    const json_t *input = object_of(r, root, "input"), *data = object_of(r, root, "data");
    c->name = text_of(r, root, "name");
    c->model = text_of(r, root, "model");
    c->weights = text_or_none(r, root, "weights");
    c->base = text_of(r, data, "base");
    c->input_name = text_of(r, input, "name");
    c->channels = integer_of(r, input, "channels");
    c->height = integer_of(r, input, "height");
    c->width = integer_of(r, input, "width");
    note_missing(r, "input", c->channels > 0 && c->height > 0 && c->width > 0);
    read_labels(r, c, root);
    c->train = call_or_none(r, data, "train", FTMRT_CATEGORY_DATA);
    c->test = call_or_none(r, data, "test", FTMRT_CATEGORY_DATA);
    c->validation = call_or_none(r, data, "validation", FTMRT_CATEGORY_DATA);
    c->validation_percent = number_of(r, data, "validation_percent");
    read_training(r, c, root);
    c->transform_train = pipeline_of(r, root, "transform_train");
    c->transform_eval = pipeline_of(r, root, "transform_eval");
    c->preprocess = json_dumps(json_object_get(root, "transform_eval"), JSON_COMPACT);
}

bool config_read(struct config *c, const struct ftmrt_program *p)
{
    struct reader r = {NULL, NULL};
    *c = (struct config){0};
    json_t *root = json_loads(p->recipe, 0, NULL);
    if (root)
        read_root(&r, c, root);
    c->blocks = r.blocks;
    note_missing(&r, "{ }", root != NULL);
    json_decref(root);
    if (!r.missing)
        return true;
    config_free(c);
    return report_error("this program's recipe has no usable '%s': it was made by another version "
                        "of ftmc",
                        r.missing);
}

void config_free(struct config *c)
{
    for (int64_t i = 0; c->labels && i < c->classes; i++)
        free(c->labels[i]);
    for (struct config_block *b = c->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(c->labels);
    free(c->name);
    free(c->model);
    free(c->weights);
    free(c->base);
    free(c->input_name);
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
