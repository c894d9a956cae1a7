/* The recipe as JSON: what the application part of a compiled program must know (runtime/app reads
 * it).
 *
 * Keys are sorted and numbers are printed in full, so that equal recipes give equal bytes. */
#include "lang.h"

#include <jansson.h>
#include <stdlib.h>

#include "file.h"

static json_t *floats(const double *values, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *sized_json(const char *op, const int64_t size[2])
{
    json_t *j = json_pack("{s:s, s:I}", "op", op, "height", (json_int_t)size[0]);
    if (size[1])
        json_object_set_new(j, "width", json_integer((json_int_t)size[1]));
    return j;
}

static json_t *transform_json(const struct transform *t)
{
    switch (t->kind) {
    case TRANSFORM_RESIZE: return sized_json("resize", t->size);
    case TRANSFORM_CENTER_CROP: return sized_json("center_crop", t->size);
    case TRANSFORM_TO_GREY: return json_pack("{s:s}", "op", "to_grey");
    case TRANSFORM_TO_RGB: return json_pack("{s:s}", "op", "to_rgb");
    case TRANSFORM_NORMALIZE:
        return json_pack("{s:s, s:f, s:o, s:o}", "op", "normalize", "scale", t->scale, "mean",
                         floats(t->mean, t->channels), "std", floats(t->std, t->channels));
    }
    FTM_BUG("transform of unknown kind");
}

static json_t *source_json(const struct data_source *s)
{
    if (s->kind == DATA_NONE)
        return json_null();
    return json_pack("{s:s, s:s, s:s}", "kind", s->kind == DATA_IDX ? "idx" : "npy", "images",
                     s->images, "labels", s->labels);
}

static json_t *data_json(const struct recipe *r, const char *base)
{
    return json_pack("{s:o, s:o, s:o, s:f, s:s}", "train", source_json(&r->train), "test",
                     source_json(&r->test), "validation", source_json(&r->validation),
                     "validation_percent", r->validation_percent, "base", base);
}

static json_t *input_json(const struct net *net)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->op != OP_input || l->dead)
            continue;
        return json_pack("{s:s, s:I, s:I, s:I}", "name", l->attrs.label ? l->attrs.label : "image",
                         "channels", (json_int_t)l->type.shape.dim[1], "height",
                         (json_int_t)l->type.shape.dim[2], "width",
                         (json_int_t)l->type.shape.dim[3]);
    }
    FTM_BUG("a network without an input");
}

static json_t *labels_json(struct arena *arena, const struct recipe *r)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < r->classes; i++) {
        const bool named = i < (int64_t)r->labels.len;
        json_array_append_new(
            list, json_string(named ? r->labels.at[i].name : arena_printf(arena, "%d", (int)i)));
    }
    return list;
}

static json_t *transforms_json(const struct transform *at, uint32_t len)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < len; i++)
        json_array_append_new(list, transform_json(&at[i]));
    return list;
}

static json_t *training_json(const struct recipe *r)
{
    const struct optimizer *o = &r->optimizer;
    json_t *optimizer =
        json_pack("{s:s, s:f, s:f, s:f, s:b}", "kind", "sgd", "lr", o->lr, "momentum", o->momentum,
                  "weight_decay", o->weight_decay, "nesterov", (int)o->nesterov);
    json_t *schedule = json_pack("{s:s, s:f}", "kind", r->schedule_cosine ? "cosine" : "constant",
                                 "warmup", r->warmup_epochs);
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:b, s:f}", "optimizer", optimizer, "schedule",
                     schedule, "epochs", (json_int_t)r->epochs, "batch", (json_int_t)r->batch,
                     "seed", (json_int_t)r->seed, "shuffle", (int)r->shuffle, "label_smoothing",
                     r->label_smoothing);
}

/* The text between the last slash of a path and its end; JSON has null for random weights. */
static json_t *weights_json(const struct recipe *r)
{
    return r->weights ? json_string(file_base(r->weights)) : json_null();
}

char *lang_recipe_json(struct arena *arena, const struct net *net, const struct recipe *r,
                       const char *base)
{
    json_t *root = training_json(r);
    json_object_set_new(root, "name", json_string(r->name));
    json_object_set_new(root, "model", json_string(r->model ? r->model : net->name));
    json_object_set_new(root, "weights", weights_json(r));
    json_object_set_new(root, "labels", labels_json(arena, r));
    json_object_set_new(root, "classes", json_integer((json_int_t)r->classes));
    json_object_set_new(root, "input", input_json(net));
    json_object_set_new(root, "data", data_json(r, base));
    json_object_set_new(root, "transform_train",
                        transforms_json(r->transform_train.at, r->transform_train.len));
    json_object_set_new(root, "transform_eval",
                        transforms_json(r->transform_eval.at, r->transform_eval.len));
    char *text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(root);
    if (!text)
        return NULL;
    char *copy = arena_strdup(arena, text);
    free(text);
    return copy;
}
