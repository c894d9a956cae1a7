/* The recipe as the application needs it: JSON to struct config. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? app_strdup(s) : NULL;
}

static double number_of(const json_t *object, const char *key, double otherwise)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

static int64_t integer_of(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *v = json_object_get(object, key);
    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

static bool step_kind_of(const char *name, enum step_kind *kind)
{
    static const char *const names[] = {[STEP_RESIZE] = "resize",
                                        [STEP_CENTER_CROP] = "center_crop",
                                        [STEP_TO_GREY] = "to_grey",
                                        [STEP_TO_RGB] = "to_rgb",
                                        [STEP_NORMALIZE] = "normalize"};
    for (unsigned i = 0; name && i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], name)) {
            *kind = (enum step_kind)i;
            return true;
        }
    return false;
}

static int read_channels(const json_t *list, double *out)
{
    int n = (int)json_array_size(list);
    if (n > CONFIG_MAX_CHANNELS)
        n = CONFIG_MAX_CHANNELS;
    for (int i = 0; i < n; i++)
        out[i] = json_number_value(json_array_get(list, (size_t)i));
    return n;
}

static bool read_step(struct transform_step *s, const json_t *j)
{
    if (!step_kind_of(json_string_value(json_object_get(j, "op")), &s->kind))
        return false;
    const json_t *size = json_object_get(j, "size");
    s->height = (int64_t)json_integer_value(json_array_get(size, 0));
    s->width = (int64_t)json_integer_value(json_array_get(size, 1));
    s->scale = number_of(j, "scale", 255);
    s->channels = read_channels(json_object_get(j, "mean"), s->mean);
    int stds = read_channels(json_object_get(j, "std"), s->std);
    return s->kind != STEP_NORMALIZE || (s->channels >= 1 && stds == s->channels);
}

static bool read_pipeline(struct transform_pipeline *p, const json_t *list)
{
    size_t n = json_array_size(list);
    if (n > CONFIG_MAX_TRANSFORMS)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!read_step(&p->steps[i], json_array_get(list, i)))
            return false;
    p->count = (int)n;
    p->json = json_dumps(list, JSON_COMPACT);
    return p->json != NULL;
}

static void read_data(struct data_config *d, const json_t *j)
{
    d->kind = text_of(j, "kind");
    d->images = text_of(j, "images");
    d->labels = text_of(j, "labels");
}

static bool read_labels(struct config *c, const json_t *list)
{
    c->labels = app_alloc((size_t)c->classes, sizeof(char *));
    for (int64_t i = 0; i < c->classes; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        c->labels[i] = name ? app_strdup(name) : app_format("%lld", (long long)i);
    }
    return true;
}

static void read_scalars(struct config *c, const json_t *root)
{
    const json_t *optimizer = json_object_get(root, "optimizer");
    const json_t *schedule = json_object_get(root, "schedule");
    const char *kind = json_string_value(json_object_get(schedule, "kind"));
    c->lr = number_of(optimizer, "lr", 0.01);
    c->momentum = number_of(optimizer, "momentum", 0);
    c->weight_decay = number_of(optimizer, "weight_decay", 0);
    c->cosine = kind && !strcmp(kind, "cosine");
    c->warmup_epochs = number_of(schedule, "warmup_epochs", 0);
    c->epochs = integer_of(root, "epochs", 1);
    c->batch = integer_of(root, "batch", 32);
    c->seed = (uint64_t)integer_of(root, "seed", 0);
    const json_t *shuffle = json_object_get(root, "shuffle");
    c->shuffle = !shuffle || json_is_true(shuffle);
    c->validation_percent = number_of(json_object_get(root, "data"), "validation_percent", 0);
}

static bool read_root(struct config *c, const json_t *root)
{
    const json_t *input = json_object_get(root, "input");
    const json_t *data = json_object_get(root, "data");
    c->name = text_of(root, "name");
    c->model = text_of(root, "model");
    c->weights = text_of(root, "weights");
    c->base = text_of(data, "base");
    c->input_name = text_of(input, "name");
    c->channels = integer_of(input, "channels", 0);
    c->height = integer_of(input, "height", 0);
    c->width = integer_of(input, "width", 0);
    c->classes = integer_of(root, "classes", 0);
    if (!c->name || c->channels < 1 || c->height < 1 || c->width < 1 || c->classes < 1)
        return false;
    read_data(&c->train, json_object_get(data, "train"));
    read_data(&c->test, json_object_get(data, "test"));
    read_data(&c->validation, json_object_get(data, "validation"));
    read_scalars(c, root);
    return read_labels(c, json_object_get(root, "labels")) &&
           read_pipeline(&c->transform_train, json_object_get(root, "transform_train")) &&
           read_pipeline(&c->transform_eval, json_object_get(root, "transform_eval"));
}

bool config_read(struct config *c, const struct ftmrt_program *p)
{
    *c = (struct config){0};
    json_t *root = json_loads(p->recipe, 0, NULL);
    bool ok = root && read_root(c, root);
    json_decref(root);
    if (!ok) {
        config_free(c);
        return report_error(
            "this program's recipe cannot be read: it was made by another version of ftmc");
    }
    return true;
}

static void free_data(struct data_config *d)
{
    free(d->kind);
    free(d->images);
    free(d->labels);
}

void config_free(struct config *c)
{
    for (int64_t i = 0; c->labels && i < c->classes; i++)
        free(c->labels[i]);
    free(c->labels);
    free(c->name);
    free(c->model);
    free(c->weights);
    free(c->base);
    free(c->input_name);
    free_data(&c->train);
    free_data(&c->test);
    free_data(&c->validation);
    free(c->transform_train.json);
    free(c->transform_eval.json);
    *c = (struct config){0};
}
