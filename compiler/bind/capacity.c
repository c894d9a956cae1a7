/* Where a layer may have a capacity: it gives the classes, and a library in which classes can come is trained with labels and a loss
 * that mean the same of any number of them. */
#include "bind_parts.h"

#include <string.h>

/* Bytes of a class's name in a library's context, with its end (CLASS_NAME in runtime/embed/embed.h). */
enum { NAME_BYTES = 128 };

static bool is_set(const struct ftmrt_arg *a)
{
    return a && a->kind != FTMRT_ARG_NONE && (a->kind != FTMRT_ARG_NUMBER || a->number != 0);
}

static const char *loss_obstacle(struct arena *arena, const struct recipe *r)
{
    static const char *const options[] = {"weight", "label_smoothing"};
    const struct ftmrt_call *loss = recipe_call(r, FTMRT_PARAM_finetune_loss);
    const char *name = ftmrt_call_info(loss->id)->name;
    if (recipe_losses(r)->count > 1)
        return "its loss is a sum";
    if (ftmrt_data_labels(recipe_call(r, FTMRT_PARAM_finetune_data)) != FTMRT_LABEL_INDEX)
        return "its labels are not the number of a class";
    if (ftmrt_loss_info(loss->id)->vector != FTMRT_VECTOR_DISTRIBUTION)
        return arena_printf(arena, "`%s` is a loss of all outputs, with and without a class", name);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (is_set(ftmrt_call_named(loss, options[i])))
            return arena_printf(arena, "`%s` of the loss is for the classes that there are",
                                options[i]);
    return NULL;
}

static const char *name_obstacle(struct arena *arena, const struct recipe *r)
{
    const struct ftmrt_arg *labels =
        ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_labels);
    if (labels->kind != FTMRT_ARG_TEXTS)
        return "its classes have no names: write `labels = [\"...\", ...]`";
    for (uint32_t i = 0; i < labels->count; i++)
        if (strlen(labels->texts[i]) >= NAME_BYTES)
            return arena_printf(arena, "the name of class %u is longer than %d bytes", (unsigned)i,
                                NAME_BYTES - 1);
    return NULL;
}

/* grows: whether it is a library's. */
static bool check_head(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const struct layer *l, bool grows)
{
    const char *loss = loss_obstacle(arena, r), *why = loss ? loss : name_obstacle(arena, r);
    if (!grows || !why)
        return true;
    diag_report(diag, l->span, DIAG_CAPACITY_LIBRARY, why);
    return false;
}

bool bind_check_capacity(struct arena *arena, struct diag *diag, const struct recipe *r,
                         const struct program_model *m)
{
    bool ok = true;
    for (uint32_t i = 0; i < m->net->layers.len; i++) {
        const struct layer *l = &m->net->layers.at[i];
        if (l->dead || !layer_capacity(l))
            continue;
        if (i == m->net->outputs.at[0].layer.i) {
            ok = check_head(arena, diag, r, l, m->grows) && ok;
            continue;
        }
        diag_report(diag, l->span, DIAG_CAPACITY_PLACE);
        ok = false;
    }
    return ok;
}
