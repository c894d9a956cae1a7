/* The order of reading a description: files, overrides, classes and model, pipelines (they give the
 * size of the images), the network, edits, freezing. Every stage reports what it finds; later ones
 * run where they still make sense, so that one run shows many errors. */
#include "recipe_reader.h"

/* The network of the model call, edited and frozen. */
static void build_network(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmt *model = find_setting(r, RECIPE_SETTING, "model");
    if (!r->model || !r->image.height ||
        !build_model(r->builder, scope, r->model, model->values->list.at[0], &r->image))
        return;
    if (!read_edits(r, scope))
        return;
    read_freezing(r);
    const struct net *net = r->builder->net;
    const struct shape *s = &net->layers.at[net->output.i].type.shape;
    if (!recipe_classes(r->recipe) && s->rank >= 2)
        *recipe_setting(r->recipe, FTMRT_PARAM_finetune_classes) =
            (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = s->dim[1]}};
}

static void builder_init(struct builder *b, const struct files *files)
{
    *b = (struct builder){.arena = files->arena, .diag = files->diag, .files = files};
    map_init(&b->broken, b->arena);
    map_init(&b->paths, b->arena);
    b->net = arena_new(b->arena, struct net);
    b->net->arena = b->arena;
    b->net->diag = b->diag;
    b->net->output = LAYER_NONE;
}

/* Everything behind the files. */
static void read_recipe(struct recipe_reader *r)
{
    struct frame scope = {.decl = r->files->finetune, .scope = ""};
    read_defaults(r);
    read_classes(r, &scope);
    read_transforms(r, &scope);
    read_settings(r, &scope);
    build_network(r, &scope);
}

bool lang_read(struct arena *arena, struct diag *diag, const struct lang_options *options,
               struct net **net, struct recipe **recipe)
{
    const uint32_t errors = diag->errors;
    struct files files = {.arena = arena, .diag = diag, .options = options};
    map_init(&files.read, arena);
    map_init(&files.decls, arena);
    map_init(&files.preprocess, arena);
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
