/* The recipe as JSON: what the application part of a compiled program must know (runtime/app reads
 * it), printed from the rows of runtime/recipe/calls.def.
 *
 * A call is an object of its arguments, with its name under "kind", or under "op" in a pipeline. Keys are
 * sorted and numbers are printed in full, so that equal recipes give equal bytes. */
#include "lang.h"

#include <jansson.h>
#include <stdlib.h>

#include "file.h"

static json_t *calls_json(const struct ftmrt_arg *a);

static json_t *numbers_json(const struct ftmrt_arg *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->count; i++)
        json_array_append_new(list, json_real(a->numbers[i]));
    return list;
}

static json_t *texts_json(const struct ftmrt_arg *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->count; i++)
        json_array_append_new(list, json_string(a->texts[i]));
    return list;
}

static json_t *call_json(const struct ftmrt_call *c, const char *head);

static json_t *arg_json(enum ftmrt_type type, const struct ftmrt_arg *a)
{
    switch (a->kind) {
    case FTMRT_ARG_NONE: break;
    case FTMRT_ARG_INTEGER:
        return type == FTMRT_TYPE_BOOL ? json_boolean(a->integer) : json_integer(a->integer);
    case FTMRT_ARG_NUMBER: return json_real(a->number);
    case FTMRT_ARG_TEXT: return json_string(a->text);
    case FTMRT_ARG_NUMBERS: return numbers_json(a);
    case FTMRT_ARG_TEXTS: return texts_json(a);
    case FTMRT_ARG_CALLS:
        return type == FTMRT_TYPE_TRANSFORMS ? calls_json(a) : call_json(a->calls, "kind");
    }
    return json_null();
}

/* The arguments that there are; what may be left out and was is absent. */
static json_t *call_json(const struct ftmrt_call *c, const char *head)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    json_t *j = json_pack("{s:s}", head, info->name);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (c->args[i].kind != FTMRT_ARG_NONE)
            json_object_set_new(j, info->params[i].name,
                                arg_json(info->params[i].type, &c->args[i]));
    return j;
}

static json_t *calls_json(const struct ftmrt_arg *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->count; i++)
        json_array_append_new(list, call_json(&a->calls[i], "op"));
    return list;
}

/* ---- settings ---- */

/* A share has a key of its own, so that a source is always a call. */
static void add_share(json_t *block, const char *name, const struct ftmrt_arg *a, char *percent)
{
    const bool share = a->kind == FTMRT_ARG_NUMBER;
    json_object_set_new(block, name, share ? json_null() : arg_json(FTMRT_TYPE_DATA, a));
    json_object_set_new(block, percent, json_real(share ? a->number : 0));
}

static json_t *data_json(struct arena *arena, const struct ftmrt_call *c, const char *base)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    json_t *block = json_pack("{s:s}", "base", base);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const char *name = info->params[i].name;
        if (info->params[i].type == FTMRT_TYPE_SHARE)
            add_share(block, name, &c->args[i], arena_printf(arena, "%s_percent", name));
        else
            json_object_set_new(block, name, arg_json(info->params[i].type, &c->args[i]));
    }
    return block;
}

/* transform_train, transform_eval. */
static void add_transforms(struct arena *arena, json_t *root, const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        json_object_set_new(root, arena_printf(arena, "%s_%s", info->name, info->params[i].name),
                            arg_json(info->params[i].type, &c->args[i]));
}

static json_t *input_json(const struct net *net)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->row || l->dead)
            continue;
        return json_pack("{s:s, s:I, s:I, s:I}", "name", l->input_name, "channels",
                         (json_int_t)l->type.shape.dim[1], "height",
                         (json_int_t)l->type.shape.dim[2], "width",
                         (json_int_t)l->type.shape.dim[3]);
    }
    FTM_BUG("a network without an input");
}

/* A name for each class: its number, where the recipe has none. */
static json_t *labels_json(struct arena *arena, const struct recipe *r, const struct ftmrt_arg *a)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < recipe_classes(r); i++)
        json_array_append_new(list, json_string(a->kind == FTMRT_ARG_TEXTS && i < a->count
                                                    ? a->texts[i]
                                                    : arena_printf(arena, "%d", (int)i)));
    return list;
}

/* A setting whose JSON is its argument's, or is the file's name only; else NULL. */
static json_t *setting_json(struct arena *arena, const struct recipe *r, uint32_t i)
{
    const struct ftmrt_param_info *p = &ftmrt_call_info(FTMRT_CALL_finetune)->params[i];
    const struct ftmrt_arg *a = &r->settings[i];
    if (p->type == FTMRT_TYPE_STRINGS)
        return labels_json(arena, r, a);
    if (p->type == FTMRT_TYPE_WEIGHTS && a->kind == FTMRT_ARG_TEXT)
        return json_string(file_base(a->text));
    return arg_json(p->type, a);
}

char *lang_recipe_json(struct arena *arena, const struct net *net, const struct recipe *r)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(FTMRT_CALL_finetune);
    json_t *root = json_pack("{s:s, s:o}", "name", r->bound.name, "input", input_json(net));
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_call *inner = r->settings[i].calls;
        if (info->params[i].type != FTMRT_TYPE_BLOCK)
            json_object_set_new(root, info->params[i].name, setting_json(arena, r, i));
        else if (inner->id == FTMRT_CALL_transform)
            add_transforms(arena, root, inner);
        else
            json_object_set_new(root, info->params[i].name, data_json(arena, inner, r->bound.base));
    }
    char *text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(root);
    if (!text)
        return NULL;
    char *copy = arena_strdup(arena, text);
    free(text);
    return copy;
}
