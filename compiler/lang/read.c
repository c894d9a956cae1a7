/* The order of reading a description: files, overrides, classes and model, pipelines (they give the
 * size of the images), the network, edits, freezing. Every stage reports what it finds; later ones
 * run where they still make sense, so that one run shows many errors. */
#include "front.h"

static void front_init(struct front *f, struct arena *arena, struct diag *diag,
                       const struct lang_options *options)
{
    *f = (struct front){.arena = arena, .diag = diag, .options = options};
    map_init(&f->files, arena);
    map_init(&f->decls, arena);
    map_init(&f->preprocess, arena);
    map_init(&f->broken, arena);
    map_init(&f->paths, arena);
    f->recipe = arena_new(arena, struct recipe);
    f->net = arena_new(arena, struct net);
    f->net->arena = arena;
    f->net->diag = diag;
    f->net->output = LAYER_NONE;
}

/* The network of the model call, edited and frozen. */
static void build_network(struct front *f, struct frame *scope)
{
    const struct recipe_stmt *model = find_setting(f, RECIPE_SETTING, "model");
    if (!f->model || !f->size[0] || !front_elaborate(f, scope, model->values->list.at[0]))
        return;
    if (!front_edit(f, scope))
        return;
    front_freeze(f);
    const struct shape *s = &net_layer(f->net, f->net->output)->type.shape;
    if (!recipe_classes(f->recipe) && s->rank >= 2)
        *recipe_setting(f->recipe, FTMRT_PARAM_finetune_classes) =
            (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = s->dim[1]}};
}

bool lang_read(struct arena *arena, struct diag *diag, const struct lang_options *options,
               struct net **net, struct recipe **recipe)
{
    struct front f;
    uint32_t errors = diag->errors;
    front_init(&f, arena, diag, options);
    if (!front_load(&f))
        return false;
    struct frame scope = {.decl = f.finetune, .scope = ""};
    settings_default(&f);
    front_define(&f);
    front_classes(&f, &scope);
    front_transforms(&f, &scope);
    front_settings(&f, &scope);
    build_network(&f, &scope);
    *net = f.net;
    *recipe = f.recipe;
    return diag->errors == errors;
}
