/* Trained files of the recipe's own network: what training left, which is taken as a whole. */
#include "bind_parts.h"

#include <string.h>

#include "weights.h"

bool bind_is_trained_file(const struct weights *w)
{
    return weights_find_metadata(w, "recipe") && weights_find_metadata(w, "classes");
}

/* Whether lines are the classes' names in their order: the recipe's labels, or numbers where it has none. */
static bool same_classes(struct arena *arena, const struct recipe *r, const char *lines)
{
    const struct ftmrt_arg *labels =
        ftmrt_call_arg(&r->bound.finetune, FTMRT_PARAM_finetune_labels);
    const bool named = labels->kind == FTMRT_ARG_TEXTS;
    uint32_t count = 0;
    for (; *lines; count++) {
        const size_t length = strcspn(lines, "\n");
        const char *name = !named                  ? arena_printf(arena, "%u", (unsigned)count)
                           : count < labels->count ? labels->texts[count]
                                                   : "";
        if (strlen(name) != length || strncmp(name, lines, length) != 0)
            return false;
        lines += length + (lines[length] == '\n');
    }
    return !named || count == labels->count;
}

bool bind_is_trained_whole(struct arena *arena, const struct recipe *r, const struct weights *w,
                           const struct binding *b)
{
    if (!bind_is_trained_file(w) || !same_classes(arena, r, weights_find_metadata(w, "classes")))
        return false;
    for (uint32_t i = 0; i < b->params.len; i++) {
        const struct weight_tensor *t = weights_find(w, b->params.at[i].name);
        if (!t || t->unusable || !bind_same_shape(&b->params.at[i], t, false))
            return false;
    }
    return true;
}
