/* The recipe's weight file: paths start at the .ftm's folder. */
#include "bind.h"

#include "file.h"

bool bind_open_weights(struct arena *arena, struct diag *diag, const struct recipe *r,
                       const char *dir, struct weights **out)
{
    *out = NULL;
    const char *path = recipe_text(r, FTMRT_PARAM_finetune_weights);
    if (!path)
        return true;
    *out = weights_open(arena, diag, file_join(arena, dir, path), r->from, r->weights_span);
    return *out != NULL;
}
