/* The recipe as the application needs it: JSON to struct config. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Reads the JSON; the first key that is absent or of another type is remembered, so that callers need not ask
 * each time. */
struct reader {
    const char *missing; /* NULL: everything was there */
};

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

static enum step_kind step_kind_of(struct reader *r, const json_t *j)
{
    static const char *const names[] = {[STEP_RESIZE] = "resize",
                                        [STEP_CENTER_CROP] = "center_crop",
                                        [STEP_TO_GREY] = "to_grey",
                                        [STEP_TO_RGB] = "to_rgb",
                                        [STEP_NORMALIZE] = "normalize"};
    const char *name = json_string_value(json_object_get(j, "op"));
    for (unsigned i = 0; name && i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], name))
            return (enum step_kind)i;
    note_missing(r, "op", false);
    return STEP_RESIZE;
}

static int read_channels(struct reader *r, const json_t *j, const char *key, double *out)
{
    const json_t *list = list_of(r, j, key, 1, CONFIG_MAX_CHANNELS);
    int n = 0;
    for (; n < (int)json_array_size(list) && n < CONFIG_MAX_CHANNELS; n++)
        out[n] = json_number_value(json_array_get(list, (size_t)n));
    return n;
}

static void read_step(struct reader *r, struct transform_step *s, const json_t *j)
{
    s->kind = step_kind_of(r, j);
    if (s->kind == STEP_RESIZE || s->kind == STEP_CENTER_CROP) {
        const json_t *size = list_of(r, j, "size", 2, 2);
        s->height = (int64_t)json_integer_value(json_array_get(size, 0));
        s->width = (int64_t)json_integer_value(json_array_get(size, 1));
    }
    if (s->kind == STEP_NORMALIZE) {
        s->scale = number_of(r, j, "scale");
        s->channels = read_channels(r, j, "mean", s->mean);
        note_missing(r, "std", read_channels(r, j, "std", s->std) == s->channels);
    }
}

static void read_pipeline(struct reader *r, struct transform_pipeline *p, const json_t *root,
                          const char *key)
{
    const json_t *list = list_of(r, root, key, 0, CONFIG_MAX_TRANSFORMS);
    for (; p->count < (int)json_array_size(list) && p->count < CONFIG_MAX_TRANSFORMS; p->count++)
        read_step(r, &p->steps[p->count], json_array_get(list, (size_t)p->count));
    p->json = json_dumps(list, JSON_COMPACT);
    note_missing(r, key, p->json != NULL);
}

static void read_data(struct reader *r, struct data_config *d, const json_t *data, const char *key)
{
    const json_t *j = json_object_get(data, key);
    if (json_is_null(j))
        return;
    note_missing(r, key, json_is_object(j));
    d->kind = text_of(r, j, "kind");
    d->images = text_of(r, j, "images");
    d->labels = text_of(r, j, "labels");
}

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
    const json_t *optimizer = object_of(r, root, "optimizer");
    c->lr = number_of(r, optimizer, "lr");
    c->momentum = number_of(r, optimizer, "momentum");
    c->weight_decay = number_of(r, optimizer, "weight_decay");
    const json_t *schedule = object_of(r, root, "schedule");
    c->schedule = text_of(r, schedule, "kind");
    c->warmup_epochs = number_of(r, schedule, "warmup_epochs");
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
    read_data(r, &c->train, data, "train");
    read_data(r, &c->test, data, "test");
    read_data(r, &c->validation, data, "validation");
    c->validation_percent = number_of(r, data, "validation_percent");
    read_training(r, c, root);
    read_pipeline(r, &c->transform_train, root, "transform_train");
    read_pipeline(r, &c->transform_eval, root, "transform_eval");
}

bool config_read(struct config *c, const struct ftmrt_program *p)
{
    struct reader r = {NULL};
    *c = (struct config){0};
    json_t *root = json_loads(p->recipe, 0, NULL);
    if (root)
        read_root(&r, c, root);
    note_missing(&r, "{ }", root != NULL);
    json_decref(root);
    if (!r.missing)
        return true;
    config_free(c);
    return report_error("this program's recipe has no usable '%s': it was made by another version "
                        "of ftmc",
                        r.missing);
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
    free(c->schedule);
    free(c->input_name);
    free_data(&c->train);
    free_data(&c->test);
    free_data(&c->validation);
    free(c->transform_train.json);
    free(c->transform_eval.json);
    *c = (struct config){0};
}
