/* Where a path leads in a recipe. */
#include "recipe.h"

#include <string.h>

/* The parameter with the name that `text` begins with, up to a dot or the end; param_count: there is none. */
static uint32_t find_param(const struct ftmrt_call_info *info, const char *text)
{
    const size_t length = strcspn(text, ".");
    uint32_t i = 0;
    while (i < info->param_count && (strlen(info->params[i].name) != length ||
                                     strncmp(info->params[i].name, text, length) != 0))
        i++;
    return i;
}

static bool is_name(const char *name, const char *text)
{
    const size_t length = strcspn(text, ".");
    return strlen(name) == length && strncmp(name, text, length) == 0;
}

/* The block of the phase that a path begins with, or NULL. */
static const struct ftmrt_call *find_block(const struct ftmrt_recipe *r, const char *path,
                                           uint32_t *number)
{
    const struct ftmrt_arg *phases = ftmrt_call_arg(&r->finetune, FTMRT_PARAM_finetune_phases);
    for (uint32_t i = 0; i < phases->count; i++)
        if (is_name(ftmrt_call_text(&phases->calls[i], FTMRT_PARAM_phase_name), path)) {
            *number = i;
            return &phases->calls[i];
        }
    return NULL;
}

/* The argument behind the first dot of `path`, of the call that the setting is. */
static bool find_argument(const char *path, struct ftmrt_place *out)
{
    const char *name = strchr(path, '.') + 1;
    const struct ftmrt_call *call =
        out->arg->kind == FTMRT_ARG_CALLS && out->arg->count == 1 ? out->arg->calls : NULL;
    if (!call || strchr(name, '.'))
        return false;
    const struct ftmrt_call_info *info = ftmrt_call_info(call->id);
    out->inner = true;
    out->argument = find_param(info, name);
    if (out->argument == info->param_count)
        return false;
    out->info = &info->params[out->argument];
    out->arg = &call->args[out->argument];
    return true;
}

bool ftmrt_recipe_find(const struct ftmrt_recipe *r, const char *path, struct ftmrt_place *out)
{
    *out = (struct ftmrt_place){0};
    const struct ftmrt_call *block = strchr(path, '.') ? find_block(r, path, &out->phase) : NULL;
    out->of_phase = block != NULL;
    if (block)
        path = strchr(path, '.') + 1;
    else
        block = &r->finetune;
    const struct ftmrt_call_info *info = ftmrt_call_info(block->id);
    out->setting = find_param(info, path);
    if (out->setting == info->param_count)
        return false;
    out->setting_info = out->info = &info->params[out->setting];
    out->arg = &block->args[out->setting];
    return !strchr(path, '.') || find_argument(path, out);
}
