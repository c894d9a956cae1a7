/* The order of reading a description: files, overrides, classes and model, pipelines (they give the
 * size of the images), the network, edits, freezing. Every stage reports what it finds; later ones
 * run where they still make sense, so that one run shows many errors. */
#include "recipe_reader.h"

#include <string.h>

#include "advice.h"

bool build_network(struct recipe_reader *r, struct frame *scope, const struct image_size *image)
{
    const struct recipe_stmt *model = find_setting(r, RECIPE_SETTING, "model");
    if (!r->model || (!image->height && model_image(r->model)) ||
        !build_model(r->builder, scope, r->model, model->values->list.at[0], image) ||
        !read_edits(r, scope) || !add_target_scale(r, scope))
        return false;
    read_freezing(r);
    return true;
}

static void set_classes(struct recipe_reader *r, const struct net *net)
{
    const struct shape *s = &net->layers.at[net->outputs.at[0].layer.i].type.shape;
    if (!recipe_classes(r->recipe) && s->rank >= 2)
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_classes) =
            (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = s->dim[1]}};
}

/* The network for the images of training, where they have another size. Model and edits run anew, as what they compute
 * may depend on the size. */
static void build_for_training(struct recipe_reader *r, struct frame *scope)
{
    struct builder *const eval = r->builder;
    struct builder train;
    const struct image_size *a = &r->eval_image, *b = &r->train_image;
    const uint32_t errors = r->diag->errors;
    if (!b->height || (a->height == b->height && a->width == b->width))
        return;
    builder_init(&train, r->files);
    r->builder = &train;
    if (build_network(r, scope, b) && check_sizes(r, eval->net))
        eval->net->train = train.net;
    if (r->diag->errors > errors)
        diag_note(r->diag, "`transform train` makes images of %s, `transform eval` of %s",
                  image_text(r->arena, b), image_text(r->arena, a));
    r->builder = eval;
}

/* The data sources that a recipe names can feed the image alone; without them the entries are a library's. */
static void check_sources(struct recipe_reader *r, const struct net *net)
{
    const struct recipe_stmt *data = find_setting(r, RECIPE_DATA, "data");
    const struct param *image = model_image(r->model);
    for (uint32_t i = 0; data && i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->row || (image && !strcmp(l->input_name, image->name)))
            continue;
        diag_report(r->diag, data->span, DIAG_INPUT_SOURCE, l->input_name, net->name);
        diag_note(r->diag, "without `data` the program's entries can be used as a library");
    }
}

/* Everything behind the files. */
static void read_recipe(struct recipe_reader *r)
{
    struct frame scope = {.decl = r->files->finetune, .scope = ""};
    read_defaults(r);
    read_classes(r, &scope);
    read_transforms(r, &scope);
    read_settings(r, &scope);
    check_labels(r);
    check_cache(r);
    if (!build_network(r, &scope, &r->eval_image))
        return;
    set_classes(r, r->builder->net);
    check_class_count(r);
    read_advice(r, &scope);
    settle_phases(r);
    read_search(r, &scope);
    check_sources(r, r->builder->net);
    build_for_training(r, &scope);
    settle_group_values(r);
    read_teachers(r, &scope);
}

bool lang_read(struct arena *arena, struct diag *diag, const struct lang_options *options,
               struct net **net, struct recipe **recipe)
{
    const uint32_t errors = diag->errors;
    struct files files = {.arena = arena, .diag = diag, .options = options};
    if (!files_load(&files))
        return false;
    files_define(&files);
    struct builder builder;
    builder_init(&builder, &files);
    struct recipe_reader r = {.arena = arena, .diag = diag, .files = &files, .builder = &builder};
    *recipe = r.recipe = arena_new(arena, struct recipe);
    r.recipe->imports.at = files.imports.at;
    r.recipe->imports.len = r.recipe->imports.cap = files.imports.len;
    read_recipe(&r);
    *net = builder.net;
    return diag->errors == errors;
}
