/* `ftmc check` looks whether the data that a recipe names is there. A warning each: programs may be given it later. */
#include <unistd.h>

#include "compilation.h"
#include "file.h"
#include "finetune.h"
#include "npz_file.h"

static void check_path(struct compilation *c, const char *base, const char *key, const char *path)
{
    const char *at = file_join(&c->arena, base, path);
    if (access(at, R_OK) == 0)
        return;
    diag_report(&c->diag, SPAN_NONE, DIAG_DATA_MISSING, key, at);
    diag_note(&c->diag, "the program looks there, or for its name in the folder that --data names");
}

/* Whether a file that is there has an array of that name. */
static void check_member(struct compilation *c, const char *base, const char *key, const char *path,
                         const char *name)
{
    const char *at = file_join(&c->arena, base, path);
    struct npz_file f;
    char error[1024];
    if (access(at, R_OK) != 0)
        return;
    if (npz_open(&f, at, error, sizeof error) != FTMRT_OK ||
        !npz_find(&f, name, error, sizeof error))
        diag_report(&c->diag, SPAN_NONE, DIAG_DATA_MISSING, key,
                    arena_printf(&c->arena, "%s:%s: %s", at, name, error));
    npz_close(&f);
}

/* Every file and folder among a call's arguments, those of the calls in it included. */
static void check_call(struct compilation *c, const char *base, const char *key,
                       const struct ftmrt_call *call)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(call->id);
    const char *file = NULL;
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_arg *arg = &call->args[i];
        if (info->params[i].type == FTMRT_TYPE_FILE)
            file = arg->text;
        if (info->params[i].type == FTMRT_TYPE_MEMBER)
            check_member(c, base, key, file, arg->text);
        if (arg->kind == FTMRT_ARG_CALLS)
            for (uint32_t k = 0; k < arg->count; k++)
                check_call(c, base, key, &arg->calls[k]);
        else if (arg->kind == FTMRT_ARG_TEXT && ftmrt_type_is_path(info->params[i].type))
            check_path(c, base, key, arg->text);
    }
}

void check_data(struct compilation *c)
{
    const struct ftmrt_call *data = recipe_call(c->recipe, FTMRT_PARAM_finetune_data);
    const char *base = file_dir(&c->arena, c->options->file);
    const struct ftmrt_call_info *info = data ? ftmrt_call_info(data->id) : NULL;
    for (uint32_t i = 0; info && i < info->param_count; i++) {
        const struct ftmrt_arg *arg = &data->args[i];
        for (uint32_t k = 0; arg->kind == FTMRT_ARG_CALLS && k < arg->count; k++)
            check_call(c, base, info->params[i].name, &arg->calls[k]);
    }
}
